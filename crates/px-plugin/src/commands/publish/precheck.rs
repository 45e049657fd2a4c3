//! What must be in order before anything leaves the machine.
//!
//! The Marketplace makes the same checks again: skipping them here saves nothing but the hint.

use std::path::Path;
use std::sync::Arc;

use px_api::{Code, FieldError};
use px_model::{Channel, Version};
use px_package::manifest::Manifest;
use px_review::{CheckId, Context, Finding, Outcome, Policy, Report, Rule, Severity, check_dir};

use crate::failure::Failure;
use crate::findings::place;
use crate::market::catalog::Listed;
use crate::printer::{Mark, Text, Tone};
use crate::session::Session;
use crate::signing::Signing;

/// One thing that must be in order.
pub struct Item {
    /// In a few words.
    pub title: &'static str,
    /// What is not, each with field and remedy; none when all is well.
    pub faults: Vec<FieldError>,
}

/// What a precheck looks at.
pub struct Subject<'a> {
    /// The plugin's folder.
    pub dir: &'a Path,
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// Channel it goes to.
    pub channel: Channel,
    /// Release notes, if there are some.
    pub notes: Option<&'a str>,
    /// The signing key, or why there is none.
    pub key: &'a Result<Signing, Failure>,
    /// What is listed.
    pub listed: Listed,
    /// Cores that the Marketplace supports.
    pub cores: Vec<Version>,
}

/// Makes every check, in the order people mend things.
pub fn items(session: &Session, subject: Subject<'_>) -> Vec<Item> {
    let signing = signing(session, subject.key);
    let notes = notes(&subject);
    let permissions = declared(subject.manifest);
    let report = review(subject);
    let of = |checks: &[CheckId]| faults(&report, |check| checks.contains(&check));
    const NAMED: &[CheckId] = &[
        CheckId::Man04,
        CheckId::Dep01,
        CheckId::Dep02,
        CheckId::Wsm02,
        CheckId::Tst01,
    ];
    vec![
        Item {
            title: "the version is newer than what is listed",
            faults: of(&[CheckId::Man04]),
        },
        Item {
            title: "the dependencies can be resolved",
            faults: of(&[CheckId::Dep01, CheckId::Dep02]),
        },
        Item {
            title: "the permissions are declared",
            faults: [permissions, of(&[CheckId::Wsm02])].concat(),
        },
        Item {
            title: "tests were run and cover enough",
            faults: of(&[CheckId::Tst01]),
        },
        Item {
            title: "there is a key to sign with",
            faults: signing,
        },
        Item {
            title: "there are release notes",
            faults: notes,
        },
        Item {
            title: "the content has nothing that blocks",
            faults: faults(&report, |check| !NAMED.contains(&check)),
        },
    ]
}

/// Says each item on the terminal and fails when one is not in order.
///
/// # Errors
/// `PX-0703` naming every field and how to mend it.
pub fn verdict(session: &Session, items: &[Item]) -> Result<(), Failure> {
    let errors: Vec<FieldError> = items.iter().flat_map(|item| item.faults.clone()).collect();
    if errors.is_empty() {
        session.printer.step(
            Mark::Good,
            format!("Checked: {} of {} in order", items.len(), items.len()),
        );
        return Ok(());
    }
    for item in items {
        let (mark, tone) = if item.faults.is_empty() {
            (Mark::Good, Tone::Plain)
        } else {
            (Mark::Bad, Tone::Bad)
        };
        session.printer.step(mark, Text::toned(tone, item.title));
    }
    let mut failure = Failure::new(Code::PrecheckFailed, format!("{} of {} checks are not in order", bad(items), items.len()))
        .remedy("Mend what is named, then publish again; `px-plugin check` shows places, `px-plugin explain CHECK` tells why.");
    failure.problem.errors = errors;
    Err(failure)
}

/// Items that are not in order.
#[must_use]
pub fn bad(items: &[Item]) -> usize {
    items.iter().filter(|item| !item.faults.is_empty()).count()
}

fn review(subject: Subject<'_>) -> Report {
    let mut policy = Policy::local();
    for check in [
        CheckId::Tst01,
        CheckId::Man04,
        CheckId::Dep01,
        CheckId::Dep02,
    ] {
        policy.rules.insert(
            check,
            Rule {
                enforced: true,
                required: true,
            },
        );
    }
    let previous = subject.listed.previous(subject.channel);
    let context = Context {
        catalog: Some(Arc::new(subject.listed.catalog)),
        channel: subject.channel,
        previous: Some(previous),
        supported_cores: subject.cores,
        ..Context::with_policy(policy)
    };
    check_dir(subject.dir, &context)
}

/// What blocks, of the checks that `wanted` names.
fn faults(report: &Report, wanted: impl Fn(CheckId) -> bool) -> Vec<FieldError> {
    let policy = Policy::local();
    let mut faults = Vec::new();
    for result in report.checks.iter().filter(|result| wanted(result.check)) {
        let counts = policy.rule(result.check).enforced || result.check == CheckId::Tst01;
        match &result.outcome {
            Outcome::Findings { findings, .. } if counts => {
                let blocking = findings
                    .iter()
                    .filter(|finding| finding.severity >= Severity::Error);
                faults.extend(blocking.map(field_error));
            }
            // What cannot be checked until something else is mended is not a fault of its own.
            Outcome::EngineFailed { reason } => faults.push(FieldError {
                pointer: result.check.to_string(),
                code: result.check.to_string(),
                detail: format!("the check itself failed: {reason}"),
                remedy: "run it again; `px-plugin check --all` shows more".to_owned(),
            }),
            _ => {}
        }
    }
    faults
}

fn field_error(finding: &Finding) -> FieldError {
    FieldError {
        pointer: finding
            .location
            .as_ref()
            .map_or_else(|| "the plugin".to_owned(), place),
        code: finding.check.to_string(),
        detail: finding.seen.clone(),
        remedy: finding.remedy.clone(),
    }
}

/// Code that runs must say what it needs, and be it nothing.
fn declared(manifest: &Manifest) -> Vec<FieldError> {
    let runs = matches!(manifest.runtime.kind.as_str(), "wasm" | "process");
    let says = manifest.document().get("permissions").is_some();
    if !runs || says {
        return Vec::new();
    }
    vec![FieldError {
        pointer: "plugin.yaml permissions".to_owned(),
        code: CheckId::Man01.to_string(),
        detail: "nothing is said about permissions".to_owned(),
        remedy: "list what the plugin needs, or write `permissions: []`".to_owned(),
    }]
}

fn signing(session: &Session, key: &Result<Signing, Failure>) -> Vec<FieldError> {
    let fault = match key {
        Ok(key) => key.fault(session.now()).map(|(why, remedy)| {
            (
                format!("profile `{}`: {why}", key.profile()),
                remedy.to_owned(),
            )
        }),
        Err(failure) => Some((failure.problem.detail.clone(), failure.remedy.clone())),
    };
    let error = fault.map(|(detail, remedy)| FieldError {
        pointer: "the signing key".to_owned(),
        code: Code::NoSigningKey.as_str().to_owned(),
        detail,
        remedy,
    });
    error.into_iter().collect()
}

fn notes(subject: &Subject<'_>) -> Vec<FieldError> {
    if subject.channel != Channel::Stable || subject.notes.is_some() {
        return Vec::new();
    }
    let version = &subject.manifest.version;
    vec![FieldError {
        pointer: "CHANGELOG.md".to_owned(),
        code: CheckId::Doc01.to_string(),
        detail: format!("there are no release notes for {version}, and the channel is `stable`"),
        remedy: format!("add a heading `## {version}` with what changed, or pass --notes FILE"),
    }]
}
