//! A plugin's folder, and what goes wrong with it in words.

use std::path::{Path, PathBuf};

use px_api::{Code, FieldError};
use px_package::Issue;
use px_package::archive::ArchiveFault;
use px_package::manifest::{PublishPlan, parse_plan};
use px_package::names::{PLUGIN_YAML, PUBLISH_YML};
use px_package::pack::PackError;
use px_package::signature::VerifyFault;

use crate::failure::{Excerpt, Failure};
use crate::files;
use crate::printer::Mark;
use crate::session::Session;

/// The folder a command is about.
///
/// # Errors
/// When it is not a plugin's folder.
pub fn folder(session: &Session, given: Option<&Path>) -> Result<PathBuf, Failure> {
    let dir = session.path(given.unwrap_or_else(|| Path::new(".")));
    if dir.join(PLUGIN_YAML).is_file() {
        return Ok(dir);
    }
    let shown = session.shown(&dir);
    let detail = if dir.is_dir() {
        format!("`{shown}` has no plugin.yaml")
    } else {
        format!("`{shown}` is not a folder")
    };
    Err(Failure::usage(
        detail,
        "Name the plugin's folder, or make one with `px-plugin init PLUGIN_ID`.",
    ))
}

/// Reads `publish.yml`; the empty plan when there is none.
///
/// # Errors
/// When the plan is not valid, with the field and its place.
pub fn publish_plan(session: &Session, dir: &Path) -> Result<Option<PublishPlan>, Failure> {
    let Some(text) = files::read_optional(&dir.join(PUBLISH_YML))? else {
        return Ok(None);
    };
    let outcome = parse_plan(&text);
    for issue in outcome
        .issues
        .iter()
        .filter(|issue| !issue.severity.is_fatal())
    {
        let words = format!(
            "{PUBLISH_YML} {}: {} ({})",
            issue.field, issue.message, issue.remedy
        );
        session.printer.step(Mark::Warn, words);
    }
    outcome.plan.map(Some).ok_or_else(|| {
        let failure = Failure::new(Code::ConfigInvalid, format!("{PUBLISH_YML} is not valid"))
            .remedy("Mend the fields above; `px-plugin explain MAN-01` tells more.");
        with_issues(failure, PUBLISH_YML, &outcome.issues, Some(text))
    })
}

/// Adds an entry per issue, and shows the first.
fn with_issues(
    mut failure: Failure,
    file: &str,
    issues: &[Issue],
    text: Option<String>,
) -> Failure {
    let fatal: Vec<&Issue> = issues
        .iter()
        .filter(|issue| issue.severity.is_fatal())
        .collect();
    failure.problem.errors = fatal
        .iter()
        .map(|issue| FieldError {
            pointer: if issue.field.is_empty() {
                file.to_owned()
            } else {
                issue.field.clone()
            },
            code: issue.rule.to_owned(),
            detail: issue.message.clone(),
            remedy: issue.remedy.clone(),
        })
        .collect();
    match (fatal.first(), text) {
        (Some(first), Some(text)) if first.line > 0 => failure.at(Excerpt {
            name: file.to_owned(),
            text,
            line: first.line,
            column: first.column,
            label: if first.field.is_empty() {
                "here".to_owned()
            } else {
                first.field.clone()
            },
        }),
        _ => failure,
    }
}

fn with_faults(mut failure: Failure, faults: &[ArchiveFault]) -> Failure {
    failure.problem.errors = faults
        .iter()
        .map(|fault| FieldError {
            pointer: fault
                .entry
                .clone()
                .unwrap_or_else(|| "the archive".to_owned()),
            code: fault.rule.to_owned(),
            detail: fault.message.clone(),
            remedy: fault.remedy.to_owned(),
        })
        .collect();
    failure
}

/// Why a folder could not be packed.
#[must_use]
pub fn pack_failure(error: PackError, dir: &Path) -> Failure {
    const IGNORE: &str = "Change the file, or leave it out with a line in .pxpignore.";
    match error {
        PackError::NoManifest(_) => Failure::usage(error.to_string(), ""),
        PackError::Manifest(issues) => {
            let text = std::fs::read_to_string(dir.join(PLUGIN_YAML)).ok();
            let failure = Failure::new(Code::PrecheckFailed, format!("{PLUGIN_YAML} is not valid"))
                .remedy("Mend the fields above; `px-plugin check` shows everything a reviewer would see.");
            with_issues(failure, PLUGIN_YAML, &issues, text)
        }
        PackError::Faults(faults) => with_faults(
            Failure::new(
                Code::PrecheckFailed,
                "the folder holds files a bundle cannot have",
            )
            .remedy(IGNORE),
            &faults,
        ),
        PackError::Io { path, source } => Failure::file(&path, &source),
        other => Failure::new(Code::PrecheckFailed, other.to_string()).remedy(IGNORE),
    }
}

/// Why a bundle is not believed, or could not be signed.
#[must_use]
pub fn verify_failure(fault: VerifyFault, path: &Path) -> Failure {
    const AGAIN: &str = "Get the file again from where it was made, or pack and sign it again.";
    let text = fault.to_string();
    match fault {
        VerifyFault::Io(error) => Failure::file(path, &error),
        VerifyFault::Archive(faults) => with_faults(
            Failure::new(Code::BundleInvalid, "the archive is damaged or was changed")
                .remedy(AGAIN),
            &faults,
        ),
        VerifyFault::Manifest(issues) => {
            let failure = Failure::new(
                Code::BundleInvalid,
                "the manifest in the bundle is not valid",
            )
            .remedy(AGAIN);
            with_issues(failure, PLUGIN_YAML, &issues, None)
        }
        VerifyFault::Unsigned => {
            Failure::new(Code::BundleInvalid, "the bundle carries no signature")
                .remedy("Sign it with `px-plugin sign`.")
        }
        VerifyFault::UntrustedRoot { .. } => Failure::new(Code::BundleUntrusted, text).remedy(
            "Pass the Marketplace's root with `--trust FILE` if you know that it is right.",
        ),
        VerifyFault::Expired { .. }
        | VerifyFault::NotYetValid { .. }
        | VerifyFault::Revoked { .. }
        | VerifyFault::Certificate { .. } => Failure::new(Code::KeyUnknown, text)
            .remedy("Get a new certificate with `px-plugin keys register`, then sign again."),
        _ => Failure::new(Code::BundleInvalid, text).remedy(AGAIN),
    }
}

/// Bytes for people.
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB"];
    let mut value = bytes as f64;
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut unit = "";
    for name in units {
        value /= 1024.0;
        unit = name;
        if value < 1024.0 {
            break;
        }
    }
    format!("{value:.1} {unit}")
}
