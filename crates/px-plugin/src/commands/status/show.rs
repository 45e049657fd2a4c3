//! A version as a page.

use jiff::Timestamp;
use px_api::market::{TimelineEntry, VersionView};
use px_model::VersionState;
use px_review::{Policy, Report};

use crate::commands::publish::span;
use crate::findings::{self, Nowhere};
use crate::printer::{Mark, Page, Text, Tone};
use crate::project::human_bytes;

/// How a state is marked.
#[must_use]
pub const fn mark(state: VersionState) -> Mark {
    match state {
        VersionState::Listed | VersionState::Approved => Mark::Good,
        VersionState::Blocked
        | VersionState::Rejected
        | VersionState::Quarantined
        | VersionState::Recalled => Mark::Bad,
        VersionState::ChangesRequested | VersionState::Withdrawn => Mark::Warn,
        _ => Mark::Point,
    }
}

/// Everything about a version; `steps` says whether the timeline is still to be shown.
#[must_use]
pub fn page(view: &VersionView, report: Option<&Report>, now: Timestamp, steps: bool) -> Page {
    let head = Text::toned(Tone::Strong, format!("{} {}", view.plugin_id, view.version))
        .plain(format!(" on {}: ", view.channel))
        .and(Tone::Strong, words(view.state));
    let mut page = Page::new()
        .item(mark(view.state), head)
        .line(Text::from("  ").plain(view.next_step.as_str()));
    page = page.join(facts(view, now));
    if steps {
        page = page.heading("What happened");
        for entry in &view.timeline {
            page = page.join(line(entry));
        }
    }
    if let Some(report) = report {
        page = page.join(found(report));
    }
    if let Some(notes) = &view.decision_notes {
        page = page.heading("What the reviewer says").line(notes.as_str());
    }
    page
}

/// `in_review` becomes `in review`.
#[must_use]
pub fn words(state: VersionState) -> String {
    state.as_str().replace('_', " ")
}

/// One step of the way.
#[must_use]
pub fn line(entry: &TimelineEntry) -> Page {
    let time = entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let text = Text::toned(Tone::Dim, format!("{time}  "))
        .plain(words(entry.state))
        .and(Tone::Dim, format!("  by {}", entry.actor));
    let note = entry
        .note
        .iter()
        .map(|note| Text::from(note.as_str()))
        .collect();
    Page::new().detailed(mark(entry.state), text, note)
}

fn facts(view: &VersionView, now: Timestamp) -> Page {
    let text = |value: Option<String>| value.unwrap_or_default();
    let waits = !super::is_decided(view.state);
    let deadline = view.sla_deadline.filter(|_| waits).map(|deadline| {
        let left = deadline.duration_since(now).as_secs();
        let when = deadline.strftime("%Y-%m-%d %H:%M UTC");
        match u64::try_from(left) {
            Ok(left) => format!("{when}, in {}", span(left)),
            Err(_) => format!("{when}, {} ago", span(left.unsigned_abs())),
        }
    });
    let uploading = matches!(view.state, VersionState::Draft | VersionState::Uploading);
    let received = uploading.then(|| {
        format!(
            "{} of {}",
            human_bytes(view.received_bytes),
            human_bytes(view.artifact.size)
        )
    });
    Page::new().pairs([
        ("Version", view.version_id.to_string()),
        (
            "Queue",
            text(
                view.queue_position
                    .map(|position| format!("place {position}")),
            ),
        ),
        ("Decided by", text(deadline)),
        ("Received", text(received)),
        ("Risk", view.risk.to_string()),
        (
            "Checks",
            text(
                view.verdict
                    .as_ref()
                    .map(|verdict| verdict.replace('_', " ")),
            ),
        ),
    ])
}

/// Findings with remedies, worst first.
fn found(report: &Report) -> Page {
    let mut all: Vec<_> = report
        .findings()
        .filter(|finding| !finding.waived)
        .collect();
    if all.is_empty() {
        return Page::new();
    }
    all.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let policy = Policy::marketplace();
    let page = Page::new().heading("What the checks found");
    all.into_iter().fold(page, |page, finding| {
        page.join(findings::one(
            finding,
            policy.rule(finding.check).enforced,
            &Nowhere,
        ))
    })
}
