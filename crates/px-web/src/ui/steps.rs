//! Timelines and step lists: where something is, what happened, what happens next.

use super::icon;
use crate::html::Html;
use crate::i18n::T;
use askama::Template;

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Behind us.
    Done,
    /// Under way.
    Now,
    /// Still to come.
    Todo,
    /// Went wrong.
    Failed,
    /// Done with a reservation, or taken back.
    Warn,
}

impl StepState {
    const fn attr(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Now => "now",
            Self::Todo => "todo",
            Self::Failed => "failed",
            Self::Warn => "warn",
        }
    }

    fn mark(self) -> Html {
        icon(match self {
            Self::Done => "check",
            Self::Now => "player-play",
            Self::Todo => "point-filled",
            Self::Failed => "x",
            Self::Warn => "arrow-back-up",
        })
    }
}

/// One step of a [`steps`] list.
#[derive(Debug, Clone)]
pub struct Step {
    state: StepState,
    title: String,
    when: Html,
    note: Html,
}

impl Step {
    /// A step.
    #[must_use]
    pub fn new(state: StepState, title: impl Into<String>) -> Self {
        Self {
            state,
            title: title.into(),
            when: Html::default(),
            note: Html::default(),
        }
    }

    /// When it happened or is expected, such as [`super::time`], or how long it took.
    #[must_use]
    pub fn when(mut self, when: Html) -> Self {
        self.when = when;
        self
    }

    /// A line below.
    #[must_use]
    pub fn note(mut self, note: impl Into<Html>) -> Self {
        self.note = note.into();
        self
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<ol class="px-steps">{% for step in list %}<li data-state="{{ step.state.attr() }}"{% if step.state.attr() == "now" %} aria-current="step"{% endif %}><span class="px-step-mark">{{ step.state.mark() }}</span><div class="px-step-head"><strong>{{ step.title }}<span class="px-sr"> — {{ self.word(step.state.attr()) }}</span></strong><span>{{ step.when }}</span></div>{% if !step.note.is_empty() %}<div class="px-step-note">{{ step.note }}</div>{% endif %}</li>{% endfor %}</ol>"#
)]
struct Steps<'a> {
    t: &'a T,
    list: &'a [Step],
}

impl Steps<'_> {
    fn word(&self, state: &str) -> String {
        self.t.t(&format!("step-{state}"))
    }
}

/// A vertical list of steps with their marks.
#[must_use]
pub fn steps(t: &T, list: &[Step]) -> Html {
    Html::render(&Steps { t, list })
}

/// The head of a wizard: titles of its steps and the index of the current one.
#[must_use]
pub fn wizard(titles: &[String], current: usize) -> Html {
    let items: String = titles
        .iter()
        .enumerate()
        .map(|(i, title)| {
            let state = if i < current { "done" } else { "todo" };
            let now = if i == current {
                r#" aria-current="step""#
            } else {
                ""
            };
            let title = Html::text(title);
            format!(
                r#"<li data-state="{state}"{now}>{}. <span>{title}</span></li>"#,
                i + 1
            )
        })
        .collect();
    Html::trusted(format!(r#"<ol class="px-wizard">{items}</ol>"#))
}
