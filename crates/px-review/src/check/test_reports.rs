//! Test and coverage reports (TST-01): JUnit XML; LCOV, Cobertura, Istanbul summaries and Go profiles.

use super::Subject;
use crate::catalogue::CheckId;
use crate::report::{Finding, Location};
use crate::scan::Facts;
use crate::sink::Sink;

pub(crate) fn check(subject: &Subject<'_>, sink: &mut Sink) {
    let check = CheckId::Tst01;
    let Some(facts) = subject.facts else {
        return;
    };
    sink.ran(check);
    tests(facts, sink);
    coverage(facts, subject.context.policy.coverage_percent, sink);
}

fn reports(facts: &Facts) -> impl Iterator<Item = (&str, std::borrow::Cow<'_, str>)> {
    let paths = facts
        .kept
        .keys()
        .filter(|path| path.starts_with("reports/"));
    paths.filter_map(|path| Some((path.as_str(), facts.document(path)?)))
}

fn tests(facts: &Facts, sink: &mut Sink) {
    let mut total = 0_u64;
    for (path, text) in reports(facts) {
        let Some((ran, failed)) = junit(&text) else {
            continue;
        };
        total = total.saturating_add(ran);
        if failed > 0 {
            let seen = format!("{failed} of {ran} tests failed");
            sink.add(
                Finding::new(CheckId::Tst01, seen, "mend them and run the tests again")
                    .at(Location::file(path)),
            );
        }
    }
    if total == 0 {
        let remedy = "run the tests with a JUnit XML reporter and put the file into `reports/`";
        sink.add(Finding::new(
            CheckId::Tst01,
            "there is no report of any test that ran",
            remedy,
        ));
    }
}

/// Tests that ran and that failed, by the attributes of JUnit's suites.
fn junit(text: &str) -> Option<(u64, u64)> {
    let suites = text.contains("<testsuites") || text.contains("<testsuite");
    if !suites {
        return None;
    }
    let mut sums = (0_u64, 0_u64);
    for tag in text.split('<').filter(|tag| tag.starts_with("testsuite ")) {
        let number = |name: &str| {
            attribute(tag, name)
                .and_then(|v| v.parse::<u64>().ok())
                .unwrap_or(0)
        };
        sums.0 = sums
            .0
            .saturating_add(number("tests").saturating_sub(number("skipped")));
        sums.1 = sums
            .1
            .saturating_add(number("failures"))
            .saturating_add(number("errors"));
    }
    Some(sums)
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let mark = format!(" {name}=\"");
    let rest = &tag[tag.find(&mark)? + mark.len()..];
    rest.split('"').next()
}

fn coverage(facts: &Facts, least: f64, sink: &mut Sink) {
    let mut covered = 0_u64;
    let mut lines = 0_u64;
    for (path, text) in reports(facts) {
        if let Some((hit, all)) = lines_of(path, &text) {
            covered = covered.saturating_add(hit);
            lines = lines.saturating_add(all);
        }
    }
    if lines == 0 {
        let remedy = "write a coverage report (LCOV, Cobertura, Istanbul summary or Go profile) into `reports/`";
        sink.add(Finding::new(
            CheckId::Tst01,
            "there is no coverage report",
            remedy,
        ));
        return;
    }
    let percent = covered as f64 * 100.0 / lines as f64;
    if percent < least {
        let seen = format!("{percent:.1} % of the lines are covered, {least:.0} % are asked for");
        sink.add(Finding::new(
            CheckId::Tst01,
            seen,
            "test more of the code, or remove what is not used",
        ));
    }
}

/// Covered and coverable lines.
fn lines_of(path: &str, text: &str) -> Option<(u64, u64)> {
    let sum = |prefix: &str| {
        let numbers = text
            .lines()
            .filter_map(|l| l.strip_prefix(prefix)?.trim().parse::<u64>().ok());
        numbers.fold(0_u64, u64::saturating_add)
    };
    if text.starts_with("mode:") {
        return Some(go_profile(text));
    }
    if text.contains("end_of_record") {
        return Some((sum("LH:"), sum("LF:")));
    }
    if text.contains("<coverage") {
        let tag = text.split('<').find(|tag| tag.starts_with("coverage "))?;
        let number = |name: &str| attribute(tag, name)?.parse::<u64>().ok();
        let rate = || {
            Some((
                (attribute(tag, "line-rate")?
                    .parse::<f64>()
                    .ok()?
                    .clamp(0.0, 1.0)
                    * 1000.0) as u64,
                1000,
            ))
        };
        return number("lines-covered")
            .zip(number("lines-valid"))
            .or_else(rate);
    }
    if path.ends_with(".json") {
        let json: serde_json::Value = serde_json::from_str(text).ok()?;
        let lines = json.pointer("/total/lines")?;
        return Some((
            lines.get("covered")?.as_u64()?,
            lines.get("total")?.as_u64()?,
        ));
    }
    None
}

/// `file:from,to statements count` per line.
fn go_profile(text: &str) -> (u64, u64) {
    let mut sums = (0_u64, 0_u64);
    for line in text.lines().skip(1) {
        let mut words = line.rsplit(' ');
        let count = words.next().and_then(|w| w.parse::<u64>().ok());
        let statements = words.next().and_then(|w| w.parse::<u64>().ok());
        if let (Some(count), Some(statements)) = (count, statements) {
            sums.1 = sums.1.saturating_add(statements);
            sums.0 = sums
                .0
                .saturating_add(if count > 0 { statements } else { 0 });
        }
    }
    sums
}
