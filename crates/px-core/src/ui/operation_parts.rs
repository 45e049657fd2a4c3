//! An install as a list of steps with times, what it proves, and what can be done about it.

use jiff::Timestamp;
use px_api::core::{InstallStep, LogLine};
use px_model::InstallState as S;
use px_web::Html;
use px_web::i18n::T;
use px_web::ui::{self, Card, Note, Step, StepState, Tone};

use super::parts::{self, link, say};
use super::step_notes;
use super::who::Reader;
use crate::app::install::Install;

/// States of the straight way, in order.
const PATH: [S; 11] = [
    S::Requested,
    S::Resolved,
    S::Waiting,
    S::Fetching,
    S::Verified,
    S::Staged,
    S::Preflight,
    S::Snapshotted,
    S::Activating,
    S::Probation,
    S::Committed,
];
/// Lines of the log shown in the page.
const TAIL: usize = 200;

/// Everything the page of one install shows.
pub(super) struct Sheet {
    pub(super) install: Install,
    pub(super) steps: Vec<InstallStep>,
    pub(super) log: Vec<LogLine>,
    pub(super) bytes: (u64, u64),
    /// Until when the version before is kept, while going back is possible.
    pub(super) back_until: Option<Timestamp>,
}

impl Sheet {
    /// Whether it can be stopped before anything is put in place.
    pub(super) fn can_cancel(&self) -> bool {
        let state = self.install.state;
        !state.is_final() && !state.touched_traffic() && self.install.ask.is_none()
    }

    /// Whether the version before can be brought back.
    pub(super) fn can_roll_back(&self) -> bool {
        match self.install.state {
            S::Activating | S::Probation => self.install.ask.is_none(),
            S::Committed => self.back_until.is_some(),
            _ => false,
        }
    }
}

/// An operation in a few lines, for lists of what runs.
pub(super) fn short(t: &T, install: &Install) -> Html {
    let href = format!("/operations/{}", install.id);
    let what = format!("{} {}", install.name, install.version);
    let name = link(&href, "", "", &what);
    let state = ui::install_state(t, install.state);
    let done = install.state.step().map_or(0, |s| s + 1);
    let number = done.to_string();
    let words = say(t, "adm-step-of", &[("n", &number), ("all", "11")]);
    let bar = ui::progress(t, Tone::Neutral, parts::count(done), 11, &words);
    Html::trusted(format!(
        r#"<div><div class="px-row px-between mb-1"><strong>{name}</strong>{state}</div>{bar}</div>"#
    ))
}

/// The part that follows what happens.
pub(super) fn live_part(t: &T, who: &Reader, sheet: &Sheet) -> Html {
    let left = parts::stack([timeline(t, sheet), log(t, sheet)]);
    let right = parts::stack([facts(t, sheet), proof(t, sheet)]);
    let problem = sheet
        .install
        .problem
        .as_ref()
        .filter(|_| ended_badly(sheet));
    let problem = problem.map(|p| parts::refusal(t, p));
    let top = [headline(t, who, sheet)].into_iter().chain(problem);
    parts::stack(top.chain([parts::split(&left, &right)]))
}

fn ended_badly(sheet: &Sheet) -> bool {
    let by_hand = sheet.install.cause.as_deref() == Some("by_hand");
    let state = sheet.install.state;
    let bad = matches!(
        state,
        S::Failed | S::RolledBack | S::Quarantined | S::RollingBack
    );
    bad && !by_hand
}

/// Where it stands and what comes next, in one sentence, with what can be done.
fn headline(t: &T, who: &Reader, sheet: &Sheet) -> Html {
    let it = &sheet.install;
    let version = it.version.to_string();
    let before = it.previous.as_ref().map(|p| p.version.to_string());
    let before = before.unwrap_or_else(|| t.t("adm-nothing-before"));
    let tone = match it.state {
        S::Committed => Tone::Ok,
        S::RolledBack | S::RollingBack => Tone::Warn,
        S::Failed | S::Quarantined => Tone::Danger,
        _ => Tone::Info,
    };
    let slug = it.state.as_str().replace('_', "-");
    let first = it.previous.is_none();
    let (mut title, mut text) = (format!("adm-now-{slug}"), format!("adm-next-{slug}"));
    if first {
        for key in [&mut title, &mut text] {
            let special = format!("{key}-first");
            if t.find(&special).is_some() {
                *key = special;
            }
        }
    }
    let args = [("version", version.as_str()), ("before", &before)];
    let mut text = say(t, &text, &args);
    if let (S::Waiting, Some(at)) = (it.state, it.not_before) {
        text = say(t, "adm-not-before", &[("at", &t.datetime(at))]);
    }
    if it.ask.is_some() {
        text = t.t("adm-asked");
    }
    let buttons = buttons(t, who, sheet);
    let buttons = Html::trusted(format!(r#"<div class="px-row mt-2">{buttons}</div>"#));
    Note::new(tone, say(t, &title, &args), text)
        .extra(buttons)
        .html()
}

fn buttons(t: &T, who: &Reader, sheet: &Sheet) -> Html {
    let it = &sheet.install;
    let here = format!("/operations/{}", it.id);
    let plugin = format!("/plugins/installed/{}", it.plugin);
    let mut out = Vec::new();
    if who.may_act() && sheet.can_cancel() {
        let href = format!("{here}?ask=cancel#ask");
        out.push(link(
            &href,
            "btn btn-plain",
            "player-stop",
            &t.t("adm-cancel"),
        ));
    }
    if who.may_act() && sheet.can_roll_back() {
        let href = format!("{here}?ask=rollback#ask");
        out.push(link(
            &href,
            "btn btn-plain",
            "arrow-back-up",
            &t.t("adm-roll-back"),
        ));
    }
    match it.state {
        S::Committed => {
            out.insert(
                0,
                link(
                    &plugin,
                    "btn btn-primary",
                    "settings",
                    &t.t("adm-to-plugin"),
                ),
            );
        }
        S::Failed | S::RolledBack | S::Cancelled if who.may_act() => {
            let again = format!("/plugins/{}/install?version={}", it.plugin, it.version);
            out.push(link(
                &again,
                "btn btn-plain",
                "refresh",
                &t.t("adm-try-again"),
            ));
        }
        _ => {}
    }
    Html::join(out)
}

fn timeline(t: &T, sheet: &Sheet) -> Html {
    let it = &sheet.install;
    let mut list = Vec::new();
    for state in PATH {
        let entered = sheet.steps.iter().position(|s| s.state == state);
        match entered {
            Some(at) => list.push(entry(t, sheet, at)),
            None if !it.state.is_final() && it.state != S::RollingBack => {
                list.push(Step::new(StepState::Todo, step_title(t, state)));
            }
            None => {}
        }
    }
    let beside = sheet.steps.iter().enumerate();
    let beside = beside.filter(|(_, s)| !PATH.contains(&s.state));
    list.extend(beside.map(|(at, _)| entry(t, sheet, at)));
    Card::new(t.t("adm-steps"), ui::steps(t, &list)).html()
}

fn step_title(t: &T, state: S) -> String {
    t.t(&format!("adm-step-{}", state.as_str().replace('_', "-")))
}

/// One state it entered, with how long it stayed.
fn entry(t: &T, sheet: &Sheet, at: usize) -> Step {
    let it = &sheet.install;
    let step = &sheet.steps[at];
    let last = at + 1 == sheet.steps.len();
    let state = match step.state {
        S::Failed | S::Quarantined => StepState::Failed,
        S::RolledBack | S::Cancelled | S::Superseded => StepState::Warn,
        S::RollingBack if !last => StepState::Warn,
        S::Committed => StepState::Done,
        _ if last && !it.state.is_final() => StepState::Now,
        _ => StepState::Done,
    };
    let until = sheet.steps.get(at + 1).map(|s| s.at);
    let until = until.or_else(|| (!it.state.is_final()).then(|| t.now()));
    let when = match until {
        Some(until) if step.state != S::Committed => {
            let millis = until.as_millisecond() - step.at.as_millisecond();
            Html::text(&t.millis(u64::try_from(millis).unwrap_or(0)))
        }
        _ => ui::time(t, step.at),
    };
    let mut note = step_notes::note(t, &step.detail);
    if step.state == S::Fetching && last && sheet.bytes.1 > 0 {
        let (done, all) = sheet.bytes;
        let words = format!("{} / {}", t.size(done), t.size(all));
        note = ui::progress(t, Tone::Neutral, done, all, &words);
    } else if state == StepState::Now && note.is_empty() {
        let key = format!("adm-doing-{}", step.state.as_str().replace('_', "-"));
        note = t
            .find(&key)
            .map_or_else(Html::empty, |words| Html::text(&words));
    }
    Step::new(state, step_title(t, step.state))
        .when(when)
        .note(note)
}

fn facts(t: &T, sheet: &Sheet) -> Html {
    let it = &sheet.install;
    let (name, trigger) = parts::asker(t, it);
    let who = format!("{name} · {trigger}");
    let before = it.previous.as_ref().map(|p| p.version.to_string());
    let mut list = vec![
        (t.t("adm-col-state"), ui::install_state(t, it.state)),
        (t.t("adm-col-version"), Html::text(&it.version.to_string())),
        (
            t.t("adm-before"),
            Html::text(&before.unwrap_or_else(|| t.t("adm-none"))),
        ),
        (t.t("adm-asked-by"), Html::text(&who)),
        (t.t("adm-asked-at"), ui::time(t, it.created)),
    ];
    if let Some(end) = it.finished {
        let took = end.as_millisecond() - it.created.as_millisecond();
        let took = t.millis(u64::try_from(took).unwrap_or(0));
        list.push((t.t("adm-took"), Html::text(&took)));
    }
    if let Some(micros) = it.rollback_micros {
        let took = t.millis(u64::try_from(micros / 1000).unwrap_or(0));
        list.push((t.t("adm-rollback-took"), Html::text(&took)));
    }
    if let Some(at) = it.confirm_by.filter(|_| it.state == S::Probation) {
        list.push((t.t("adm-confirm-by"), ui::sla(t, it.since, at)));
    }
    if let Some(until) = sheet.back_until {
        list.push((t.t("adm-kept-until"), ui::time(t, until)));
    }
    let record = format!("/audit?q={}", it.id);
    list.push((t.t("adm-id"), ui::copyable(t, &it.id.to_string())));
    list.push((
        t.t("adm-nav-audit"),
        link(&record, "", "", &t.t("adm-see-audit")),
    ));
    Card::new(t.t("adm-facts"), ui::facts(&list)).html()
}

/// What was verified, so that anybody can check it again.
pub(super) fn proof(t: &T, sheet: &Sheet) -> Html {
    proof_of(t, &sheet.install)
}

pub(super) fn proof_of(t: &T, it: &Install) -> Html {
    let mut list = Vec::new();
    match &it.facts {
        Some(facts) => {
            let ok = ui::pill(Tone::Ok, "shield-check", &t.t("adm-proven"));
            list.push((t.t("adm-signature"), ok));
            list.push((t.t("adm-signed-by"), Html::text(&facts.signed_by)));
        }
        None => {
            let open = ui::pill(Tone::Neutral, "shield", &t.t("adm-not-proven-yet"));
            list.push((t.t("adm-signature"), open));
        }
    }
    let listing = match &it.listed {
        Some(l) => say(t, "adm-listed-by", &[("publisher", &l.publisher)]),
        None => t.t("adm-not-listed"),
    };
    list.push((t.t("adm-listing"), Html::text(&listing)));
    if let Some(id) = it.version_id {
        list.push((t.t("adm-version-id"), ui::copyable(t, &id.to_string())));
    }
    list.push((t.t("adm-digest"), ui::copyable(t, &it.digest.to_string())));
    Card::new(t.t("adm-proof"), ui::facts(&list)).html()
}

fn log(t: &T, sheet: &Sheet) -> Html {
    let skip = sheet.log.len().saturating_sub(TAIL);
    let text: String = sheet.log[skip..].iter().map(log_line).collect();
    let inner = if text.is_empty() {
        parts::muted(&t.t("adm-log-empty"))
    } else {
        ui::log(&t.t("adm-log"), text.trim_end())
    };
    let href = format!("/operations/{}/log", sheet.install.id);
    let save = link(
        &href,
        "btn btn-plain btn-sm",
        "download",
        &t.t("adm-log-save"),
    );
    Card::new(t.t("adm-log"), inner).action(save).html()
}

/// One line of a log as text.
pub(super) fn log_line(line: &LogLine) -> String {
    let text = line.text.replace(['\n', '\r'], " ");
    format!("{:.0} {:5} {text}\n", line.at, line.level)
}
