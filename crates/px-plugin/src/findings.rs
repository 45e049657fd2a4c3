//! A review's report as a page.

use std::path::Path;

use px_review::{
    CheckResult, Finding, Location, NotRun, Outcome as CheckOutcome, Policy, Report, Severity,
    Status,
};

use crate::failure::Excerpt;
use crate::printer::{Mark, Page, Text, Tone};

/// Text files that excerpts are taken from.
pub trait Sources {
    /// The text of a file of the plugin; none when it cannot be shown.
    fn text(&self, path: &str) -> Option<String>;
}

/// Files of a folder.
pub struct Folder<'a>(pub &'a Path);

impl Sources for Folder<'_> {
    fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.0.join(path)).ok()
    }
}

/// One text, whatever it is called.
pub struct Single<'a>(pub &'a str);

impl Sources for Single<'_> {
    fn text(&self, _: &str) -> Option<String> {
        Some(self.0.to_owned())
    }
}

/// Nothing to show.
pub struct Nowhere;

impl Sources for Nowhere {
    fn text(&self, _: &str) -> Option<String> {
        None
    }
}

/// How a severity is marked.
#[must_use]
pub const fn mark(severity: Severity) -> Mark {
    match severity {
        Severity::Block | Severity::Error => Mark::Bad,
        Severity::Hold | Severity::Warning => Mark::Warn,
        Severity::Info => Mark::Point,
    }
}

/// The whole report: findings with places and remedies, then the verdict.
#[must_use]
pub fn page(report: &Report, policy: &Policy, sources: &dyn Sources, all: bool) -> Page {
    let mut page = Page::new().line(subject(report));
    let mut findings: Vec<&Finding> = report
        .findings()
        .filter(|finding| !finding.waived)
        .collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in findings {
        let counts = policy.rule(finding.check).enforced;
        page = page.blank().join(one(finding, counts, sources));
    }
    page = page.join(unfinished(report));
    if all {
        page = page.heading("All checks");
        for check in &report.checks {
            page = page.join(line(check));
        }
    }
    page.blank().join(verdict(report))
}

fn subject(report: &Report) -> Text {
    let subject = &report.subject;
    let name = subject
        .plugin
        .as_ref()
        .map_or_else(|| "The plugin".to_owned(), ToString::to_string);
    let version = subject
        .version
        .as_ref()
        .map_or_else(String::new, |version| format!(" {version}"));
    let files = match subject.files {
        0 => String::new(),
        1 => "  1 file".to_owned(),
        files => format!("  {files} files"),
    };
    Text::toned(Tone::Strong, format!("{name}{version}")).and(Tone::Dim, files)
}

/// One finding: what, where, how to mend it.
#[must_use]
pub fn one(finding: &Finding, counts: bool, sources: &dyn Sources) -> Page {
    let (tone, mark) = match (counts, mark(finding.severity)) {
        (false, _) => (Tone::Dim, Mark::Point),
        (true, Mark::Bad) => (Tone::Bad, Mark::Bad),
        (true, mark) => (Tone::Warn, mark),
    };
    let head = Text::toned(
        tone,
        format!("{} {}", finding.severity.as_str(), finding.check),
    )
    .plain(format!(" {}", finding.seen));
    let mut details = Vec::new();
    let excerpt = finding
        .location
        .as_ref()
        .and_then(|location| excerpt(location, sources));
    if let (Some(location), None) = (&finding.location, &excerpt) {
        details.push(Text::toned(Tone::Dim, "at ").plain(place(location)));
    }
    details.push(Text::toned(Tone::Dim, "fix:").plain(format!(" {}", finding.remedy)));
    if !counts {
        details.push(Text::toned(
            Tone::Dim,
            "does not count here; the Marketplace enforces it",
        ));
    }
    let page = match excerpt {
        Some(excerpt) => Page::new().item(mark, head).excerpt(excerpt),
        None => return Page::new().detailed(mark, head, details),
    };
    details.into_iter().fold(page, |page, detail| {
        page.line(Text::from("  ").with(&detail))
    })
}

/// A place in words: `plugin.yaml:12:3 runtime.entry`.
#[must_use]
pub fn place(location: &Location) -> String {
    let mut text = location.file.clone();
    for number in [location.line, location.column].into_iter().flatten() {
        text.push_str(&format!(":{number}"));
    }
    if let (Some(bytes), None) = (location.bytes, location.line) {
        text.push_str(&format!(", bytes {} to {}", bytes.start, bytes.end));
    }
    if let Some(field) = &location.field {
        text.push_str(&format!(" {field}"));
    }
    text
}

/// Lines of the file, where there are some that people wrote.
fn excerpt(location: &Location, sources: &dyn Sources) -> Option<Excerpt> {
    const LONGEST_LINE: usize = 200;
    let line = usize::try_from(location.line?).ok()?;
    let text = sources.text(&location.file)?;
    let near = text.lines().skip(line.saturating_sub(2)).take(3);
    if line == 0
        || text.lines().count() < line
        || near.into_iter().any(|line| line.len() > LONGEST_LINE)
    {
        return None;
    }
    Some(Excerpt {
        name: location.file.clone(),
        line,
        column: location
            .column
            .and_then(|column| usize::try_from(column).ok())
            .unwrap_or(1),
        label: location.field.clone().unwrap_or_else(|| "here".to_owned()),
        text,
    })
}

/// Checks that could not be made, together by reason.
fn unfinished(report: &Report) -> Page {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for check in &report.checks {
        let words = match &check.outcome {
            CheckOutcome::EngineFailed { reason } => format!("the check itself failed: {reason}"),
            CheckOutcome::Invalid { reason } => reason.clone(),
            _ => continue,
        };
        let id = check.check.to_string();
        match groups.iter_mut().find(|(reason, _)| *reason == words) {
            Some((_, ids)) => ids.push(id),
            None => groups.push((words, vec![id])),
        }
    }
    groups.into_iter().fold(Page::new(), |page, (reason, ids)| {
        let text = Text::toned(Tone::Bad, ids.join(" ")).plain(format!(" {reason}"));
        page.blank().item(Mark::Bad, text)
    })
}

fn line(check: &CheckResult) -> Page {
    let (mark, words) = match &check.outcome {
        CheckOutcome::Pass => (Mark::Good, String::new()),
        CheckOutcome::Findings { findings, omitted } => (
            Mark::Warn,
            format!("  {} findings", findings.len() as u64 + omitted),
        ),
        CheckOutcome::Invalid { .. } => (Mark::Bad, "  invalid".to_owned()),
        CheckOutcome::EngineFailed { .. } => (Mark::Bad, "  failed".to_owned()),
        CheckOutcome::NotRun {
            reason: NotRun::Missing(what),
        } => (Mark::Point, format!("  not here: {what}")),
        CheckOutcome::NotRun {
            reason: NotRun::NotApplicable(why),
        } => (Mark::Point, format!("  not needed: {why}")),
    };
    let text =
        Text::from(format!("{} {}", check.check, check.check.info().title)).and(Tone::Dim, words);
    Page::new().item(mark, text)
}

fn verdict(report: &Report) -> Page {
    let count = |wanted: fn(&CheckOutcome) -> bool| {
        report.checks.iter().filter(|c| wanted(&c.outcome)).count()
    };
    let passed = count(|outcome| matches!(outcome, CheckOutcome::Pass));
    let found = count(|outcome| {
        matches!(
            outcome,
            CheckOutcome::Findings { .. } | CheckOutcome::Invalid { .. }
        )
    });
    let later = count(|outcome| matches!(outcome, CheckOutcome::NotRun { .. }));
    let (mark, tone, words) = match report.verdict.status {
        Status::Clean => (Mark::Good, Tone::Good, "clean"),
        Status::NeedsPerson => (
            Mark::Warn,
            Tone::Warn,
            "fine, but a reviewer will look at something",
        ),
        Status::Held => (
            Mark::Bad,
            Tone::Bad,
            "not decided: a check could not be made",
        ),
        Status::Blocked => (Mark::Bad, Tone::Bad, "blocked"),
    };
    let numbers = format!("  {passed} checks passed, {found} with findings, {later} not made here");
    Page::new().item(mark, Text::toned(tone, words).and(Tone::Dim, numbers))
}
