//! Where a version is on its way: what happened, what happens next, when.

use jiff::{SignedDuration, Timestamp};
use px_api::market::{TimelineEntry, VersionView};
use px_model::VersionState;
use px_web::Html;
use px_web::i18n::T;
use px_web::ui::{self, Card, Step, StepState};

use super::parts::{muted, stack};
use crate::app::pages::VersionFile;

/// The way from upload to listing, as it goes without detours.
const WAY: [VersionState; 6] = [
    VersionState::Draft,
    VersionState::Uploading,
    VersionState::Submitted,
    VersionState::Scanning,
    VersionState::InReview,
    VersionState::Listed,
];

/// A state's word.
pub(super) fn word(t: &T, state: VersionState) -> String {
    t.t(&format!(
        "version-state-{}",
        state.as_str().replace('_', "-")
    ))
}

/// What happened so far and what is still to come.
pub(super) fn timeline(t: &T, entries: &[TimelineEntry]) -> Html {
    let last = entries.len().saturating_sub(1);
    let mut steps: Vec<Step> = entries
        .iter()
        .enumerate()
        .map(|(i, entry)| past(t, entry, i == last))
        .collect();
    let state = entries.last().map(|entry| entry.state);
    let at = state.and_then(|state| WAY.iter().position(|s| *s == state));
    if let Some(at) = at {
        steps.extend(
            WAY[at + 1..]
                .iter()
                .map(|s| Step::new(StepState::Todo, word(t, *s))),
        );
    }
    ui::steps(t, &steps)
}

fn past(t: &T, entry: &TimelineEntry, last: bool) -> Step {
    use VersionState as S;
    let state = match entry.state {
        S::Blocked | S::Rejected | S::Recalled => StepState::Failed,
        S::ChangesRequested | S::Withdrawn | S::Quarantined => StepState::Warn,
        S::Listed => StepState::Done,
        _ if last => StepState::Now,
        _ => StepState::Done,
    };
    let by = match entry.actor.as_str() {
        "intake" | "checks" | "sweeper" => t.t("mkt-by-machine"),
        name => t.t_args("mkt-by", &[("name", name.into())]),
    };
    let mut note = Html::text(&by);
    if let Some(text) = entry.note.as_deref().filter(|n| !n.is_empty()) {
        let lines: String = text
            .lines()
            .map(|line| format!("<br>{}", Html::text(line)))
            .collect();
        note = Html::join([note, Html::trusted(lines)]);
    }
    Step::new(state, word(t, entry.state))
        .when(ui::time(t, entry.at))
        .note(note)
}

/// What happens next, in words.
pub(super) fn next_words(t: &T, view: &VersionView, listed_before: bool) -> String {
    let key = match view.state {
        VersionState::Withdrawn if !listed_before => "mkt-next-withdrawn-free".to_owned(),
        state => format!("mkt-next-{}", state.as_str().replace('_', "-")),
    };
    t.t(&key)
}

/// The card that says what happens next, who has the ball, and by when.
pub(super) fn next_card(t: &T, file: &VersionFile) -> Html {
    let (view, row) = (&file.view, &file.row);
    let mut pieces = vec![Html::trusted(format!(
        r#"<div class="px-row">{}</div><p class="mkt-next">{}</p>"#,
        ui::version_state(t, view.state),
        Html::text(&next_words(t, view, row.listed_at.is_some()))
    ))];
    if let Some(place) = view.queue_position {
        pieces.push(muted(&t.t_args("mkt-next-place", &[("n", place.into())])));
    }
    if let Some(notes) = decision_notes(t, file) {
        pieces.push(notes);
    }
    if let (Some(from), Some(deadline)) = (row.submitted_at, view.sla_deadline) {
        pieces.push(expected(t, from, deadline, file.expected_seconds));
    }
    Card::new(t.t("mkt-next"), stack(pieces)).html()
}

fn decision_notes(t: &T, file: &VersionFile) -> Option<Html> {
    let notes = file
        .view
        .decision_notes
        .as_deref()
        .filter(|n| !n.trim().is_empty())?;
    let (label, text) = (Html::text(&t.t("mkt-reviewer-says")), Html::text(notes));
    Some(Html::trusted(format!(
        r#"<blockquote class="mkt-quote"><strong>{label}</strong><div class="mkt-pre">{text}</div></blockquote>"#
    )))
}

fn expected(t: &T, from: Timestamp, deadline: Timestamp, seconds: u64) -> Html {
    let usual = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    let at = from.checked_add(usual).unwrap_or(deadline).min(deadline);
    // Whoever waits longer than usual is told the promise, not a time that has passed.
    let at = if at > t.now() { at } else { deadline };
    let list = [
        (t.t("mkt-expected"), ui::time(t, at)),
        (t.t("mkt-promised"), ui::sla(t, from, deadline)),
    ];
    ui::facts(&list)
}
