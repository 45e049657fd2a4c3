//! Cards, figures, notes, empty states, facts, ids, code, tabs.

use super::{Tone, icon, icon_sm};
use crate::html::Html;
use crate::i18n::T;
use askama::Template;

/// A titled box: `Card::new("Versions", body).action(button).html()`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "ui/card.html")]
pub struct Card {
    title: String,
    body: Html,
    action: Html,
    foot: Html,
    flush: bool,
    id: String,
}

impl Card {
    /// A box; without a title there is no head.
    #[must_use]
    pub fn new(title: impl Into<String>, body: Html) -> Self {
        Self {
            title: title.into(),
            body,
            ..Self::default()
        }
    }

    /// What stands at the end of the head.
    #[must_use]
    pub fn action(mut self, action: Html) -> Self {
        self.action = action;
        self
    }

    /// What stands below the body.
    #[must_use]
    pub fn foot(mut self, foot: Html) -> Self {
        self.foot = foot;
        self
    }

    /// No padding around the body, for tables.
    #[must_use]
    pub const fn flush(mut self) -> Self {
        self.flush = true;
        self
    }

    /// Id of the element, as a target for htmx and links.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// The markup.
    #[must_use]
    pub fn html(&self) -> Html {
        Html::render(self)
    }
}

/// One figure with a label, optionally a note, a link and a sparkline.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "ui/stat.html")]
pub struct Stat {
    label: String,
    value: String,
    icon: Html,
    note: String,
    tone: Tone,
    href: String,
    chart: Html,
}

impl Stat {
    /// A figure: the value is already formatted for the reader.
    #[must_use]
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            value: value.into(),
            ..Self::default()
        }
    }

    /// An icon before the label.
    #[must_use]
    pub fn icon(mut self, name: &str) -> Self {
        self.icon = icon_sm(name);
        self
    }

    /// What the figure means, coloured by its tone.
    #[must_use]
    pub fn note(mut self, tone: Tone, note: impl Into<String>) -> Self {
        self.tone = tone;
        self.note = note.into();
        self
    }

    /// Where a click leads.
    #[must_use]
    pub fn href(mut self, href: impl Into<String>) -> Self {
        self.href = href.into();
        self
    }

    /// A small chart below, such as [`super::sparkline`].
    #[must_use]
    pub fn chart(mut self, chart: Html) -> Self {
        self.chart = chart;
        self
    }

    /// The markup; put several into an element of class `px-stats`.
    #[must_use]
    pub fn html(&self) -> Html {
        Html::render(self)
    }

    /// Several figures side by side.
    #[must_use]
    pub fn row(stats: &[Self]) -> Html {
        let inner = Html::join(stats.iter().map(Self::html));
        Html::trusted(format!(r#"<div class="px-stats">{inner}</div>"#))
    }
}

/// What a list says when it is empty: what is missing and what to do first.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "ui/empty.html")]
pub struct Empty {
    icon: Html,
    title: String,
    text: String,
    label: String,
    href: String,
}

impl Empty {
    /// An empty state.
    #[must_use]
    pub fn new(icon_name: &str, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            icon: icon(icon_name),
            title: title.into(),
            text: text.into(),
            ..Self::default()
        }
    }

    /// The first step, as a button.
    #[must_use]
    pub fn action(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.label = label.into();
        self.href = href.into();
        self
    }

    /// The markup.
    #[must_use]
    pub fn html(&self) -> Html {
        Html::render(self)
    }
}

/// A message in the page.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "ui/note.html")]
pub struct Note {
    tone: Tone,
    icon: Html,
    title: String,
    text: String,
    items: Vec<String>,
    extra: Html,
    role: &'static str,
}

impl Note {
    /// A message; its icon follows the tone.
    #[must_use]
    pub fn new(tone: Tone, title: impl Into<String>, text: impl Into<String>) -> Self {
        let name = match tone {
            Tone::Ok => "circle-check",
            Tone::Warn => "alert-triangle",
            Tone::Danger => "alert-circle",
            _ => "info-circle",
        };
        Self {
            tone,
            icon: icon(name),
            title: title.into(),
            text: text.into(),
            role: if tone == Tone::Danger {
                "alert"
            } else {
                "note"
            },
            ..Self::default()
        }
    }

    /// Points below the text.
    #[must_use]
    pub fn items(mut self, items: Vec<String>) -> Self {
        self.items = items;
        self
    }

    /// Further markup below, such as a button or a copyable id.
    #[must_use]
    pub fn extra(mut self, extra: Html) -> Self {
        self.extra = extra;
        self
    }

    /// The markup.
    #[must_use]
    pub fn html(&self) -> Html {
        Html::render(self)
    }
}

/// One line of a [`facts`] list: label and value.
pub type Fact = (String, Html);

/// A list of labels and values.
#[must_use]
pub fn facts(list: &[Fact]) -> Html {
    let rows: String = list
        .iter()
        .map(|(label, value)| format!("<dt>{}</dt><dd>{value}</dd>", Html::text(label)))
        .collect();
    Html::trusted(format!(r#"<dl class="px-facts">{rows}</dl>"#))
}

/// A small monospaced id, or any short text, with a copy button.
#[must_use]
pub fn copyable(t: &T, text: &str) -> Html {
    let (safe, label) = (Html::text(text), Html::text(&t.t("copy")));
    let icon = icon_sm("copy");
    Html::trusted(format!(
        r#"<span class="px-id"><code>{safe}</code><button class="px-copy" type="button" data-copy="{safe}" aria-label="{label}" title="{label}">{icon}</button></span>"#
    ))
}

/// A block of code or a command with a copy button.
#[must_use]
pub fn code(t: &T, text: &str) -> Html {
    let (safe, label) = (Html::text(text), Html::text(&t.t("copy")));
    let icon = icon_sm("copy");
    Html::trusted(format!(
        r#"<div class="px-code"><pre tabindex="0">{safe}</pre><button class="px-copy" type="button" data-copy="{safe}" aria-label="{label}" title="{label}">{icon}</button></div>"#
    ))
}

/// One tab: label, address, whether it is the open one.
pub type Tab = (String, String, bool);

/// Tabs as links.
#[must_use]
pub fn tabs(t: &T, list: &[Tab]) -> Html {
    let links: String = list
        .iter()
        .map(|(label, href, open)| {
            let current = if *open { r#" aria-current="page""# } else { "" };
            let (label, href) = (Html::text(label), Html::text(href));
            format!(r#"<a href="{href}"{current}>{label}</a>"#)
        })
        .collect();
    let label = Html::text(&t.t("tabs-label"));
    Html::trusted(format!(
        r#"<nav class="px-tabs" aria-label="{label}">{links}</nav>"#
    ))
}

/// A progress bar with words: `done` of `total`, and what they count.
#[must_use]
pub fn progress(t: &T, tone: Tone, done: u64, total: u64, label: &str) -> Html {
    let per_mille = (done.min(total) * 1000).checked_div(total).unwrap_or(0);
    let share = t.percent(u32::try_from(per_mille).map_or(1.0, |n| f64::from(n) / 1000.0));
    let (label, tone) = (Html::text(label), tone.as_str());
    Html::trusted(format!(
        r#"<div class="px-meter" data-tone="{tone}"><div class="px-meter-text"><span>{label}</span><span class="px-muted">{share}</span></div><progress max="{}" value="{done}" aria-label="{label}">{share}</progress></div>"#,
        total.max(1)
    ))
}

/// A person's or organisation's first letters in a circle.
#[must_use]
pub fn avatar(name: &str) -> Html {
    let letters = Html::text(&initials(name));
    Html::trusted(format!(
        r#"<span class="px-avatar" aria-hidden="true">{letters}</span>"#
    ))
}

/// A plugin's first letters in a rounded square.
#[must_use]
pub fn tile(name: &str) -> Html {
    let letters = Html::text(&initials(name));
    Html::trusted(format!(
        r#"<span class="px-tile" aria-hidden="true">{letters}</span>"#
    ))
}

fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| word.chars().next());
    let first = words.next().unwrap_or('?');
    if first.is_ascii() {
        [Some(first), words.next()].into_iter().flatten().collect()
    } else {
        first.to_string()
    }
}

/// Sentences in the cell of a table: on a phone they stand under their label and begin where it does.
#[must_use]
pub fn told(inner: &Html) -> Html {
    Html::trusted(format!(r#"<div class="px-told">{inner}</div>"#))
}

/// A small label such as a channel or a chosen filter.
#[must_use]
pub fn chip(text: &str) -> Html {
    Html::trusted(format!(
        r#"<span class="px-chip">{}</span>"#,
        Html::text(text)
    ))
}
