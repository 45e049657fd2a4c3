//! Fields of forms: label, input, hint, error.

use crate::html::Html;
use askama::Template;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Input(&'static str),
    Area(u8),
    Select(Vec<(String, String)>),
    Radio(Vec<(String, String)>),
    Check,
}

/// One field. What was typed before comes back as its value, and what is wrong stands below it.
#[derive(Debug, Clone, Template)]
#[template(path = "ui/field.html")]
pub struct Field {
    name: String,
    label: String,
    kind: Kind,
    value: String,
    hint: String,
    error: String,
    required: bool,
}

impl Field {
    fn of(name: impl Into<String>, label: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            kind,
            value: String::new(),
            hint: String::new(),
            error: String::new(),
            required: false,
        }
    }

    /// A line of text.
    #[must_use]
    pub fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::of(name, label, Kind::Input("text"))
    }

    /// An input of an HTML type: `url`, `email`, `number`, `datetime-local`, `time`, `password`.
    #[must_use]
    pub fn input(kind: &'static str, name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::of(name, label, Kind::Input(kind))
    }

    /// Several lines of text.
    #[must_use]
    pub fn area(name: impl Into<String>, label: impl Into<String>, rows: u8) -> Self {
        Self::of(name, label, Kind::Area(rows))
    }

    /// A choice among `(value, word)` in a list that opens.
    #[must_use]
    pub fn select(
        name: impl Into<String>,
        label: impl Into<String>,
        options: Vec<(String, String)>,
    ) -> Self {
        Self::of(name, label, Kind::Select(options))
    }

    /// A choice among `(value, word)`, all visible.
    #[must_use]
    pub fn radio(
        name: impl Into<String>,
        label: impl Into<String>,
        options: Vec<(String, String)>,
    ) -> Self {
        Self::of(name, label, Kind::Radio(options))
    }

    /// A tick; its value when ticked is `yes`.
    #[must_use]
    pub fn check(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::of(name, label, Kind::Check)
    }

    /// Present value.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// What to give, in a few words.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// What is wrong with what was given; nothing when empty.
    #[must_use]
    pub fn error(mut self, error: impl Into<String>) -> Self {
        self.error = error.into();
        self
    }

    /// Must be given.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The markup; put several into a form of class `px-form`.
    #[must_use]
    pub fn html(&self) -> Html {
        Html::render(self)
    }

    fn below(&self) -> String {
        let error = (!self.error.is_empty()).then(|| format!("{}-error", self.name));
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        [error, hint]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    }
}
