//! The four steps of the wizard.

use askama::Template;
use px_api::market::ListedVersion;
use px_model::Channel;
use px_web::i18n::T;
use px_web::ui::{self, Card, Field, Note, Tone};
use px_web::{Html, Ui};

use super::draft::{Draft, When, ZONES, night, sunday};
use super::parts::{self, hidden, link, say};
use super::why;
use super::wizard::Sheet;
use crate::app::install::Install;

/// One version that can be chosen.
struct Choice {
    version: String,
    chosen: bool,
    open: bool,
    badges: Html,
    line: String,
}

#[derive(Template)]
#[template(path = "wizard_versions.html")]
struct Versions<'a> {
    t: &'a T,
    choices: Vec<Choice>,
    error: String,
}

/// A step's form: leads on with everything kept, or back.
#[derive(Template)]
#[template(path = "wizard_step.html")]
struct Step<'a> {
    t: &'a T,
    action: String,
    kept: Html,
    body: Html,
    back: String,
    cancel: String,
}

/// The head of the wizard and the step shown.
pub(super) fn render(
    ui: &Ui,
    sheet: &Sheet,
    draft: &Draft,
    step: usize,
    fault: Option<&'static str>,
) -> Html {
    let t = &ui.t;
    let keys = ["adm-step-1", "adm-step-2", "adm-step-3", "adm-step-4"];
    let head = ui::wizard(&keys.map(|k| t.t(k)), step - 1);
    let error = fault.map_or_else(String::new, |key| t.t(key));
    let inner = match step {
        1 => frame(t, sheet, draft, step, version(t, sheet, draft, error)),
        2 => frame(t, sheet, draft, step, time(t, sheet, draft, &error)),
        3 => frame(t, sheet, draft, step, consent(t, sheet, draft, &error)),
        _ => review(ui, sheet, draft),
    };
    let title = t.t(["adm-ask-1", "adm-ask-2", "adm-ask-3", "adm-ask-4"][step - 1]);
    let card = Card::new(title, inner).html();
    Html::join([head, card])
}

/// Fields a step asks for itself; the others are kept unseen.
const fn asked(step: usize) -> &'static [&'static str] {
    match step {
        1 => &["version"],
        2 => &["when", "at", "zone"],
        _ => &["grant", "high"],
    }
}

fn frame(t: &T, sheet: &Sheet, draft: &Draft, step: usize, body: Html) -> Html {
    let action = format!("/plugins/{}/install", sheet.plugin);
    let kept = draft.pairs().into_iter();
    let kept = kept.filter(|(name, _)| !asked(step).contains(name));
    let kept = kept.map(|(name, value)| hidden(name, &value));
    let next = hidden("step", &(step + 1).to_string());
    let back = if step > 1 {
        format!("{action}?{}", draft.query(step - 1))
    } else {
        String::new()
    };
    Html::render(&Step {
        t,
        kept: Html::join([next].into_iter().chain(kept)),
        body,
        back,
        cancel: format!("/plugins/marketplace/{}", sheet.plugin),
        action,
    })
}

fn version(t: &T, sheet: &Sheet, draft: &Draft, error: String) -> Html {
    let choices = sheet.choices(draft.channel).into_iter().map(|l| {
        let blockers = sheet.blockers(l);
        let serves = sheet.serves(l);
        let fit = if serves {
            ui::pill(Tone::Ok, "circle-check", &t.t("adm-installed"))
        } else {
            why::fit(t, &blockers)
        };
        let risk = ui::risk(t, l.risk, &[]);
        Choice {
            version: l.version.to_string(),
            chosen: sheet
                .picked
                .as_ref()
                .is_some_and(|p| p.version == l.version),
            open: blockers.is_empty() && !serves,
            badges: parts::line([parts::beta(t, l.channel), risk, fit]),
            line: version_line(t, l),
        }
    });
    let list = Html::render(&Versions {
        t,
        choices: choices.collect(),
        error,
    });
    parts::stack([channels(t, sheet, draft), list])
}

fn version_line(t: &T, listed: &ListedVersion) -> String {
    let ago = t.ago(listed.listed_at);
    let size = t.size(listed.artifact.size);
    say(t, "adm-version-line", &[("ago", &ago), ("size", &size)])
}

/// Stable only, or early versions too.
fn channels(t: &T, sheet: &Sheet, draft: &Draft) -> Html {
    let all = sheet.choices(Channel::Beta).len();
    if all == sheet.choices(Channel::Stable).len() {
        return Html::empty();
    }
    let href = |channel: &str| format!("/plugins/{}/install?channel={channel}", sheet.plugin);
    let beta = draft.channel == Channel::Beta;
    let tabs = [
        (t.t("adm-channel-stable-only"), href("stable"), !beta),
        (t.t("adm-channel-with-beta"), href("beta"), beta),
    ];
    ui::tabs(t, &tabs)
}

fn time(t: &T, sheet: &Sheet, draft: &Draft, error: &str) -> Html {
    let zone = draft.time_zone().unwrap_or(jiff::tz::TimeZone::UTC);
    let exact = |key: &str, at: Option<jiff::Timestamp>| {
        let at = at.map_or_else(String::new, |at| t.datetime_in(at, &zone));
        say(t, key, &[("at", &at)])
    };
    let option = |when: When, word: String| (when.word().to_owned(), word);
    let mut options = vec![
        option(When::Now, t.t("adm-when-now")),
        option(When::Night, exact("adm-when-night", night(t.now(), &zone))),
        option(
            When::Sunday,
            exact("adm-when-sunday", sunday(t.now(), &zone)),
        ),
        option(When::Later, t.t("adm-when-later")),
    ];
    if sheet.batch_possible() {
        let place = sheet.place.as_ref();
        let word = match place.and_then(|p| p.mine) {
            Some((batch, _)) => say(t, "adm-when-batch", &[("batch", &batch.to_string())]),
            None => t.t("adm-when-some-batch"),
        };
        options.push(option(When::Batch, word));
    }
    let when = Field::radio("when", t.t("adm-when"), options)
        .value(draft.when.word())
        .error(if draft.when == When::Later { "" } else { error });
    let at = Field::input("datetime-local", "at", t.t("adm-at"))
        .value(&draft.at)
        .hint(t.t("adm-at-hint"))
        .error(if draft.when == When::Later { error } else { "" });
    let mut zones: Vec<(String, String)> = ZONES
        .iter()
        .map(|z| ((*z).to_owned(), (*z).to_owned()))
        .collect();
    if !ZONES.contains(&draft.zone.as_str()) && draft.time_zone().is_some() {
        zones.insert(0, (draft.zone.clone(), draft.zone.clone()));
    }
    let zone = Field::select("zone", t.t("adm-zone"), zones)
        .value(&draft.zone)
        .hint(t.t("adm-zone-hint"));
    let what = parts::muted(&t.t("adm-when-what"));
    let pair = Html::join([at.html(), zone.html()]);
    let pair = Html::trusted(format!(r#"<div class="px-cols">{pair}</div>"#));
    Html::join([when.html(), pair, what])
}

fn consent(t: &T, sheet: &Sheet, draft: &Draft, error: &str) -> Html {
    let Some(picked) = &sheet.picked else {
        return Html::empty();
    };
    let new = sheet.new_permissions();
    let list = ui::permission_list(t, &picked.permissions, &new);
    let reasons = ui::risk_reasons(t, picked.risk, &picked.permissions, &picked.kind);
    let badge = ui::risk(t, picked.risk, &[]);
    let risk = parts::row([parts::paragraph(&t.t("adm-risk-of-version")), badge]);
    let mut pieces = vec![risk];
    if !reasons.is_empty() && picked.risk > px_model::Risk::Low {
        let tone = if sheet.new_high() {
            Tone::Danger
        } else {
            Tone::Warn
        };
        pieces.push(
            Note::new(tone, t.t("adm-risk-why"), "")
                .items(reasons)
                .html(),
        );
    }
    pieces.push(list);
    if new.is_empty() {
        pieces.push(Note::new(Tone::Ok, t.t("adm-asks-nothing-new"), "").html());
    } else {
        let wrong = if draft.grant { "" } else { error };
        let tick = Field::check("grant", t.t("adm-tick-grant")).error(wrong);
        pieces.push(tick.value(yes(draft.grant)).html());
    }
    if sheet.new_high() {
        let wrong = if draft.grant { error } else { "" };
        let tick = Field::check("high", t.t("adm-tick-high")).error(wrong);
        pieces.push(tick.value(yes(draft.high)).html());
    }
    Html::join(pieces)
}

const fn yes(ticked: bool) -> &'static str {
    if ticked { "yes" } else { "" }
}

fn review(ui: &Ui, sheet: &Sheet, draft: &Draft) -> Html {
    let t = &ui.t;
    let Some(picked) = &sheet.picked else {
        return Html::empty();
    };
    let own = sheet.own().and_then(|r| r.route.committed.as_ref());
    let to = picked.version.to_string();
    let version = match own {
        Some(has) => {
            let has = has.version.to_string();
            say(t, "adm-from-to", &[("from", &has), ("to", &to)])
        }
        None => to,
    };
    let new = sheet.new_permissions().len();
    let rights = if new == 0 {
        t.t("adm-asks-nothing-new")
    } else {
        parts::counted(t, "adm-grants-new", new)
    };
    let facts = ui::facts(&[
        (t.t("adm-col-plugin"), Html::text(&picked.name)),
        (t.t("adm-col-version"), Html::text(&version)),
        (t.t("adm-when"), Html::text(&when_words(t, sheet, draft))),
        (t.t("adm-step-3"), Html::text(&rights)),
        (t.t("adm-risk"), ui::risk(t, picked.risk, &[])),
        (t.t("adm-size"), Html::text(&t.size(picked.artifact.size))),
    ]);
    let what = if own.is_some() {
        "adm-what-upgrade"
    } else {
        "adm-what-install"
    };
    let what = Note::new(Tone::Info, t.t("adm-what-happens"), t.t(what)).html();
    parts::stack([facts, what, start_form(ui, sheet, draft)])
}

fn when_words(t: &T, sheet: &Sheet, draft: &Draft) -> String {
    match (draft.when, draft.not_before(t.now())) {
        (When::Batch, _) => {
            let mine = sheet.place.as_ref().and_then(|p| p.mine);
            mine.map_or_else(
                || t.t("adm-when-some-batch"),
                |(batch, _)| say(t, "adm-when-batch", &[("batch", &batch.to_string())]),
            )
        }
        (_, Ok(Some(at))) => {
            let zone = draft.time_zone().unwrap_or(jiff::tz::TimeZone::UTC);
            say(t, "adm-not-before", &[("at", &t.datetime_in(at, &zone))])
        }
        _ => t.t("adm-when-now"),
    }
}

fn start_form(ui: &Ui, sheet: &Sheet, draft: &Draft) -> Html {
    let t = &ui.t;
    let action = format!("/plugins/{}/install", sheet.plugin);
    let word = match (draft.when, sheet.own()) {
        (When::Batch, _) => "adm-start-batch",
        (When::Now, None) => "adm-start-install",
        (When::Now, Some(_)) => "adm-start-upgrade",
        _ => "adm-start-later",
    };
    let kept = draft
        .pairs()
        .into_iter()
        .map(|(name, value)| hidden(name, &value));
    // The same page sent twice is one install.
    let key = hidden("key", ui.request_id.as_str());
    let back = format!("{action}?{}", draft.query(3));
    let button = format!(
        r#"<button class="btn btn-primary" type="submit">{}{}</button>"#,
        ui::icon("rocket"),
        Html::text(&t.t(word))
    );
    let back = link(&back, "btn btn-plain", "chevron-left", &t.t("back"));
    let fields = Html::join(kept.chain([key, ui.csrf_field()]));
    let (action, button) = (Html::text(&action), Html::trusted(button));
    Html::trusted(format!(
        r#"<form class="px-form" method="post" action="{action}">{fields}<div class="px-row">{button}{back}</div></form>"#
    ))
}

/// Another operation has to end first.
pub(super) fn busy(t: &T, install: &Install) -> Html {
    let what = format!("{} {}", install.name, install.version);
    let text = say(t, "adm-busy-text", &[("what", &what)]);
    let href = format!("/operations/{}", install.id);
    let go = link(&href, "btn btn-primary", "activity", &t.t("adm-follow"));
    Note::new(Tone::Info, t.t("adm-busy"), text)
        .extra(Html::trusted(format!(r#"<div class="mt-2">{go}</div>"#)))
        .html()
}
