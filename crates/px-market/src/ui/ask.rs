//! A button that first says what will happen and asks for what is needed, and keeps what was
//! typed when the answer is no.

use askama::Template;
use px_web::i18n::T;
use px_web::ui::{Look, icon};
use px_web::{Html, Ui};

/// One thing that is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Field {
    pub name: &'static str,
    pub label: String,
    pub hint: String,
    pub value: String,
    pub required: bool,
    /// With options it is a choice, else a text.
    pub options: Vec<(String, String)>,
}

/// A form behind a button; opens without a script too.
#[derive(Template)]
#[template(path = "ui/ask.html")]
pub(super) struct Ask<'a> {
    t: &'a T,
    csrf: Html,
    url: String,
    label: String,
    class: &'static str,
    icon: Html,
    what: String,
    confirm: String,
    key: Option<char>,
    open: bool,
    hidden: Vec<(&'static str, String)>,
    fields: Vec<Field>,
    small: bool,
    quiet: bool,
    submit: String,
    group: &'static str,
}

impl<'a> Ask<'a> {
    /// Posts to `url`; `what` says in one sentence what will happen.
    pub(super) fn new(ui: &'a Ui, url: String, label: String, what: String) -> Self {
        Self {
            t: &ui.t,
            csrf: ui.csrf_field(),
            url,
            label,
            class: "btn btn-plain",
            icon: Html::empty(),
            what,
            confirm: String::new(),
            key: None,
            open: false,
            hidden: Vec::new(),
            fields: Vec::new(),
            small: false,
            quiet: false,
            submit: String::new(),
            group: "",
        }
    }

    /// Words on the button that sends it; the label unless told.
    pub(super) fn submit(mut self, words: String) -> Self {
        self.submit = words;
        self
    }

    /// Looks plain until it is opened.
    pub(super) const fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Of the forms of one group only one is open.
    pub(super) const fn group(mut self, name: &'static str) -> Self {
        self.group = name;
        self
    }

    pub(super) const fn look(mut self, look: Look) -> Self {
        self.class = match look {
            Look::Primary => "btn btn-primary",
            Look::Plain => "btn btn-plain",
            Look::Danger => "btn btn-danger",
        };
        self
    }

    /// A small button, for rows of a table.
    pub(super) const fn small(mut self) -> Self {
        self.small = true;
        self
    }

    pub(super) fn icon(mut self, name: &str) -> Self {
        self.icon = icon(name);
        self
    }

    pub(super) const fn key(mut self, key: char) -> Self {
        self.key = Some(key);
        self
    }

    pub(super) fn confirm(mut self, question: String) -> Self {
        self.confirm = question;
        self
    }

    /// Shown open, because it was refused.
    pub(super) const fn open(mut self, open: bool) -> Self {
        self.open = open;
        self
    }

    pub(super) fn hidden(mut self, name: &'static str, value: impl ToString) -> Self {
        self.hidden.push((name, value.to_string()));
        self
    }

    pub(super) fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// A reason that must be given.
    pub(super) fn reason(self, name: &'static str, hint: String, value: &str) -> Self {
        let field = Field {
            name,
            label: self.t.t("reason-required"),
            hint,
            value: value.to_owned(),
            required: true,
            options: Vec::new(),
        };
        self.field(field)
    }

    pub(super) fn html(&self) -> Html {
        Html::render(self)
    }
}
