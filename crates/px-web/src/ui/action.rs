//! Buttons that change something: what will happen is said before, a reason is asked where due.

use super::icon;
use crate::html::Html;
use crate::i18n::T;
use askama::Template;

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// One per page: the thing to do.
    Primary,
    /// The rest.
    #[default]
    Plain,
    /// Destructive or risky.
    Danger,
}

impl Look {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn btn-primary",
            Self::Plain => "btn btn-plain",
            Self::Danger => "btn btn-danger",
        }
    }
}

/// What the person has to give before the action starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reason {
    /// Nothing.
    #[default]
    None,
    /// A reason, if they like (field `reason`).
    Optional,
    /// A reason (field `reason`).
    Required,
    /// A tick beside a sentence (field `acknowledged`).
    Tick(String),
}

/// A form with one button. With a sentence or a reason it opens first, also without a script.
#[derive(Debug, Clone, Template)]
#[template(path = "ui/action.html")]
pub struct Action<'a> {
    t: &'a T,
    csrf: &'a str,
    url: String,
    label: String,
    look: Look,
    icon: Html,
    what: String,
    who: String,
    reason: Reason,
    key: Option<char>,
    fields: Vec<(String, String)>,
    confirm: String,
    small: bool,
}

impl<'a> Action<'a> {
    /// Posts to `url`; the token is [`crate::Ui::csrf`].
    #[must_use]
    pub fn new(t: &'a T, csrf: &'a str, url: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            t,
            csrf,
            url: url.into(),
            label: label.into(),
            look: Look::Plain,
            icon: Html::default(),
            what: String::new(),
            who: String::new(),
            reason: Reason::None,
            key: None,
            fields: Vec::new(),
            confirm: String::new(),
            small: false,
        }
    }

    /// How the button looks.
    #[must_use]
    pub const fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// An icon on the button.
    #[must_use]
    pub fn icon(mut self, name: &str) -> Self {
        self.icon = icon(name);
        self
    }

    /// One sentence: what will happen.
    #[must_use]
    pub fn what(mut self, what: impl Into<String>) -> Self {
        self.what = what.into();
        self
    }

    /// Who may do it.
    #[must_use]
    pub fn who(mut self, who: impl Into<String>) -> Self {
        self.who = who.into();
        self
    }

    /// What must be given first.
    #[must_use]
    pub fn reason(mut self, reason: Reason) -> Self {
        self.reason = reason;
        self
    }

    /// Key that presses it.
    #[must_use]
    pub const fn key(mut self, key: char) -> Self {
        self.key = Some(key);
        self
    }

    /// A hidden field.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Asks this in a dialog where scripts run; without them the form is simply sent.
    #[must_use]
    pub fn confirm(mut self, question: impl Into<String>) -> Self {
        self.confirm = question.into();
        self
    }

    /// A smaller button, for rows of tables.
    #[must_use]
    pub const fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// The markup.
    #[must_use]
    pub fn html(&self) -> Html {
        Html::render(self)
    }

    fn class(&self) -> String {
        let small = if self.small { " btn-sm" } else { "" };
        format!("{}{small}", self.look.class())
    }

    fn opens(&self) -> bool {
        !self.what.is_empty() || self.reason != Reason::None
    }
}
