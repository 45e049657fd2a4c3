//! What several pages share: the frame, refusals, small marks.

use px_api::{Code, Problem};
use px_model::{Channel, Risk};
use px_notify::Severity;
use px_web::i18n::{Lang, T};
use px_web::ui::{self, Empty, Note, Tone, icon};
use px_web::{Failure, Html, Page, Ui};

use super::who::Reader;
use crate::Core;
use crate::app::error::AppError;
use crate::app::install::{Install, Trigger};

/// A use case's error as the answer of a page.
pub(super) fn fail(error: AppError) -> Failure {
    match error {
        AppError::Problem(problem) => Failure::from(*problem),
        AppError::Store(error) => Failure::from(error),
    }
}

/// The problem of a use case that was refused; faults of storage stay failures.
pub(super) fn refused(error: AppError) -> Result<Problem, Failure> {
    match error {
        AppError::Problem(problem) => Ok(*problem),
        AppError::Store(error) => Err(error.into()),
    }
}

/// Begins a page of a reader: bell, title, and which entry of the navigation it belongs to.
pub(super) async fn frame<'a>(
    core: &Core,
    ui: &'a Ui,
    who: &Reader,
    active: &'a str,
    title: impl Into<String>,
) -> Page<'a> {
    let mut unread = 0;
    for audience in who.audiences() {
        // A page is worth more than the number on its bell.
        let count = px_notify::count_unread(core.db(), &audience).await;
        unread += count.ok().and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    }
    ui.page(title).active(active).alerts(unread)
}

/// The tenant looked at, with a way to another one; nothing for people of one tenant.
fn switcher(ui: &Ui, who: &Reader) -> Html {
    if who.choices().len() < 2 {
        return Html::empty();
    }
    let options: String = who
        .choices()
        .iter()
        .map(|tenant| {
            let now = if tenant.id == who.tenant().id {
                " selected"
            } else {
                ""
            };
            let name = Html::text(&tenant.name);
            format!(r#"<option value="{}"{now}>{name}</option>"#, tenant.id)
        })
        .collect();
    let [label, button] = ["adm-tenant", "adm-tenant-switch"].map(|key| Html::text(&ui.t.t(key)));
    let (icon, csrf) = (icon("building"), ui.csrf_field());
    Html::trusted(format!(
        r#"<form class="px-row" method="post" action="/tenant">{csrf}<label class="px-row"><span class="px-muted">{icon} {label}</span><select class="form-select w-auto" name="tenant" data-submit>{options}</select></label><button class="btn btn-plain btn-sm">{button}</button></form>"#
    ))
}

/// The body of a reader's page: pieces under each other, the tenant first.
pub(super) fn body(ui: &Ui, who: &Reader, pieces: impl IntoIterator<Item = Html>) -> Html {
    let head = switcher(ui, who);
    stack([head].into_iter().filter(|h| !h.is_empty()).chain(pieces))
}

/// Pieces under each other.
pub(super) fn stack(pieces: impl IntoIterator<Item = Html>) -> Html {
    let inner = Html::join(pieces);
    Html::trusted(format!(r#"<div class="px-stack">{inner}</div>"#))
}

/// A wide and a narrow column.
pub(super) fn split(wide: &Html, narrow: &Html) -> Html {
    Html::trusted(format!(r#"<div class="px-split">{wide}{narrow}</div>"#))
}

/// Lines of a list with a rule between them; each with one thing at its end.
pub(super) fn ruled(lines: &[(Html, Html)]) -> Html {
    let items: String = lines
        .iter()
        .enumerate()
        .map(|(i, (words, end))| {
            let rule = if i + 1 < lines.len() { " border-bottom" } else { "" };
            format!(
                r#"<li class="px-row px-between py-2{rule}"><div class="px-grow">{words}</div>{end}</li>"#
            )
        })
        .collect();
    Html::trusted(format!(r#"<ul class="list-unstyled mb-0">{items}</ul>"#))
}

/// Pieces beside each other.
pub(super) fn row(pieces: impl IntoIterator<Item = Html>) -> Html {
    let inner = Html::join(pieces);
    Html::trusted(format!(r#"<div class="px-row">{inner}</div>"#))
}

/// Pieces after each other in a line, with a space between.
pub(super) fn line(pieces: impl IntoIterator<Item = Html>) -> Html {
    let shown = pieces.into_iter().filter(|p| !p.is_empty());
    let texts: Vec<String> = shown.map(Html::into_string).collect();
    Html::trusted(texts.join(" "))
}

/// A link that looks like a button or like text, with an icon when one is named.
pub(super) fn link(href: &str, class: &str, icon_name: &str, label: &str) -> Html {
    let mark = if icon_name.is_empty() {
        Html::empty()
    } else {
        icon(icon_name)
    };
    let [href, class, label] = [href, class, label].map(Html::text);
    Html::trusted(format!(
        r#"<a class="{class}" href="{href}">{mark}{label}</a>"#
    ))
}

/// The way to the marketplace, for readers it is open to.
pub(super) fn browse(t: &T, who: &Reader, icon_name: &str) -> Html {
    if !who.browses() {
        return Html::empty();
    }
    let word = t.t("adm-browse");
    link("/plugins/marketplace", "btn btn-primary", icon_name, &word)
}

/// An empty list whose remedy is the marketplace, for readers it is open to.
pub(super) fn or_browse(t: &T, who: &Reader, empty: Empty) -> Empty {
    if who.browses() {
        empty.action(t.t("adm-browse"), "/plugins/marketplace")
    } else {
        empty
    }
}

/// A paragraph of quiet text.
pub(super) fn muted(text: &str) -> Html {
    Html::trusted(format!(
        r#"<p class="px-muted mb-0">{}</p>"#,
        Html::text(text)
    ))
}

/// A paragraph.
pub(super) fn paragraph(text: &str) -> Html {
    Html::trusted(format!(r#"<p class="mb-0">{}</p>"#, Html::text(text)))
}

/// What one should do about a kind of problem, in the reader's language.
pub(super) fn remedy(t: &T, problem: &Problem) -> String {
    let key = format!("adm-remedy-{}", problem.code.to_lowercase());
    t.find(&key).unwrap_or_else(|| {
        Code::find(&problem.code).map_or_else(String::new, |code| code.explain().to_owned())
    })
}

/// A problem's title in the reader's language.
pub(super) fn problem_title(t: &T, problem: &Problem) -> String {
    match (Code::find(&problem.code), t.lang()) {
        (Some(code), Lang::ZhCn) => code.title_zh().to_owned(),
        _ => problem.title.clone(),
    }
}

/// Why something was refused or went wrong, inside the page it belongs to.
pub(super) fn refusal(t: &T, problem: &Problem) -> Html {
    let remedy = Html::text(&remedy(t, problem));
    let what_now = Html::text(&t.t("problem-what-now"));
    let detail = foreign(t, &capital(&problem.detail));
    let fields: String = problem
        .errors
        .iter()
        .map(|e| {
            format!(
                "<li>{}</li>",
                foreign(t, &format!("{} — {}", e.detail, e.remedy))
            )
        })
        .collect();
    let fields = if fields.is_empty() {
        fields
    } else {
        format!("<ul>{fields}</ul>")
    };
    let code = Html::text(&problem.code);
    let more = Html::trusted(format!(
        r#"<p class="mb-1">{detail}</p>{fields}<p class="mb-1"><strong>{what_now}</strong> {remedy}</p><div class="px-id"><code>{code}</code></div>"#
    ));
    Note::new(Tone::Danger, problem_title(t, problem), "")
        .extra(more)
        .html()
}

/// Text that is English whatever the page's language is.
pub(super) fn foreign(t: &T, text: &str) -> Html {
    let safe = Html::text(text);
    if t.lang() == Lang::En || text.is_empty() {
        return safe;
    }
    Html::trusted(format!(r#"<span lang="en">{safe}</span>"#))
}

/// The first letter of a sentence as it begins one.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// A channel as a word.
pub(super) fn channel_word(t: &T, channel: Channel) -> String {
    t.t(match channel {
        Channel::Stable => "adm-channel-stable",
        Channel::Beta => "adm-channel-beta",
    })
}

/// A channel as a chip; the usual one needs none.
pub(super) fn beta(t: &T, channel: Channel) -> Html {
    match channel {
        Channel::Stable => Html::empty(),
        Channel::Beta => ui::chip(&channel_word(t, channel)),
    }
}

/// How a plugin runs, as a word.
pub(super) fn kind_word(t: &T, kind: &str) -> String {
    t.find(&format!("adm-kind-{kind}"))
        .unwrap_or_else(|| kind.to_owned())
}

/// A plugin's health.
pub(super) fn health(t: &T, health: &str) -> Html {
    let (tone, icon_name, key) = match health {
        "healthy" => (Tone::Ok, "circle-check", "adm-health-healthy"),
        "degraded" => (Tone::Warn, "alert-triangle", "adm-health-degraded"),
        "down" => (Tone::Danger, "circle-x", "adm-health-down"),
        _ => (Tone::Neutral, "moon", "adm-health-idle"),
    };
    ui::pill(tone, icon_name, &t.t(key))
}

/// How loud a message or alert is.
pub(super) fn severity(t: &T, severity: Severity) -> Html {
    let (tone, icon_name, key) = match severity {
        Severity::Info => (Tone::Info, "info-circle", "adm-severity-info"),
        Severity::Warning => (Tone::Warn, "alert-triangle", "adm-severity-warning"),
        Severity::Critical => (Tone::Danger, "alert-circle", "adm-severity-critical"),
        Severity::Page => (Tone::Danger, "bell", "adm-severity-page"),
    };
    ui::pill(tone, icon_name, &t.t(key))
}

/// Who asked for an install, and how it came about.
pub(super) fn asker(t: &T, install: &Install) -> (String, String) {
    let trigger = t.t(match install.trigger {
        Trigger::Person => "adm-by-person",
        Trigger::Policy => "adm-by-policy",
        Trigger::Url => "adm-by-url",
    });
    let name = if install.actor.kind == "system" {
        t.t("adm-actor-system")
    } else {
        install.actor.name.clone()
    };
    (name, trigger)
}

/// A whole number of any size as people write it.
pub(super) fn number(t: &T, value: u64) -> String {
    t.number(i64::try_from(value).unwrap_or(i64::MAX))
}

/// A length as a count of people or things.
pub(super) fn count(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// A word with one number in it.
pub(super) fn counted(t: &T, key: &str, n: usize) -> String {
    t.t_args(key, &[("n", count(n).into())])
}

/// A word with texts in it.
pub(super) fn say(t: &T, key: &str, args: &[(&str, &str)]) -> String {
    let args: Vec<_> = args.iter().map(|(k, v)| (*k, (*v).into())).collect();
    t.t_args(key, &args)
}

/// The louder of two risks decides the badge.
pub(super) fn risk_badge(t: &T, risk: Risk, reasons: &[String]) -> Html {
    ui::risk(t, risk, reasons)
}

/// A part of a form that goes with it unseen.
pub(super) fn hidden(name: &str, value: &str) -> Html {
    let [name, value] = [name, value].map(Html::text);
    Html::trusted(format!(
        r#"<input type="hidden" name="{name}" value="{value}">"#
    ))
}
