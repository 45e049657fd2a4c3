//! Deciding about a publish request; nothing is written here.

use jiff::Timestamp;
use px_api::market::PublishRequest;
use px_api::{Code, Problem};
use px_model::{Channel, VersionState};
use serde_json::json;

use super::transition::current;
use crate::config::MarketConfig;
use crate::store::row::VersionRow;

/// What to do with a request that may be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishPlan {
    /// The number is free.
    Create,
    /// The number was registered but not listed: new bytes for the same version.
    Restart {
        /// State it goes to, when it has to change.
        to: Option<VersionState>,
        /// The author answers a request for changes: the review's clock goes on where it stood.
        keep_clock: bool,
    },
}

/// Checks what can be checked from the request alone.
///
/// # Errors
/// `PX-0006` above the size limit, `PX-0005` naming fields.
pub fn check_request(request: &PublishRequest, config: &MarketConfig) -> Result<(), Problem> {
    if request.artifact.size > config.max_bundle_bytes {
        return Err(Problem::new(
            Code::TooLarge,
            format!(
                "the bundle has {} bytes, the limit is {}",
                request.artifact.size, config.max_bundle_bytes
            ),
        )
        .with_current(json!({ "limit": config.max_bundle_bytes, "unit": "bytes" })));
    }
    let mut problem = Problem::new(Code::InvalidField, "the publish request is not acceptable");
    if request.artifact.size == 0 {
        problem = problem.field(
            "/artifact/size",
            "a bundle is not empty",
            "Give the size of the packed file in bytes",
        );
    }
    let id = &request.publish_request_id;
    if id.is_empty() || id.len() > 128 || id.chars().any(char::is_control) {
        problem = problem.field(
            "/publishRequestId",
            "it has 1 to 128 printable characters",
            "Use a fresh UUID per publish",
        );
    }
    if request.channel == Channel::Stable && blank(request.notes.as_deref()) {
        problem = problem.field(
            "/notes",
            "release notes are required on the stable channel",
            "Pass --notes FILE, or add an entry for this version to CHANGELOG.md",
        );
    }
    if request
        .notes
        .as_ref()
        .is_some_and(|notes| notes.len() > config.max_notes_bytes)
    {
        problem = problem.field(
            "/notes",
            format!(
                "release notes have at most {} bytes",
                config.max_notes_bytes
            ),
            "Shorten them, and link to the rest",
        );
    }
    problem = blocklisted(problem, request, config);
    if problem.errors.is_empty() {
        Ok(())
    } else {
        Err(problem)
    }
}

fn blank(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

fn blocklisted(mut problem: Problem, request: &PublishRequest, config: &MarketConfig) -> Problem {
    for (n, permission) in request.permissions.iter().enumerate() {
        if config.is_blocklisted(&permission.to_string()) {
            problem = problem.field(
                &format!("/permissions/{n}"),
                format!("`{permission}` is never listed on this Marketplace (DEP-05)"),
                "Do without this permission",
            );
        }
    }
    for (n, dependency) in request.dependencies.iter().enumerate() {
        if config.is_blocklisted(dependency.plugin.as_str()) {
            problem = problem.field(
                &format!("/dependencies/{n}"),
                format!(
                    "`{}` is never listed on this Marketplace (DEP-05)",
                    dependency.plugin
                ),
                "Do without this dependency",
            );
        }
    }
    problem
}

/// What becomes of a request, given the version that has the number (if any) and the versions
/// offered on the channel.
///
/// # Errors
/// `PX-0202` when the number is taken, `PX-0203` when it is not newer than what is listed.
pub fn plan(
    request: &PublishRequest,
    existing: Option<&VersionRow>,
    offered: &[VersionRow],
    now: Timestamp,
) -> Result<PublishPlan, Problem> {
    let plan = match existing {
        None => PublishPlan::Create,
        Some(row) => restart(row, now).ok_or_else(|| taken(row))?,
    };
    newer(&request.version, offered)?;
    Ok(plan)
}

/// Whether a version may get new bytes, and what has to happen to it.
fn restart(row: &VersionRow, now: Timestamp) -> Option<PublishPlan> {
    use VersionState::{Blocked, ChangesRequested, Draft, Rejected, Uploading, Withdrawn};
    let draft = |keep_clock| PublishPlan::Restart {
        to: Some(Draft),
        keep_clock,
    };
    match row.state {
        _ if row.listed_at.is_some() => None,
        Draft | Uploading if row.upload.is_none() || row.upload_expires <= now => {
            Some(PublishPlan::Restart {
                to: None,
                keep_clock: false,
            })
        }
        ChangesRequested => Some(draft(true)),
        Rejected | Blocked | Withdrawn => Some(draft(false)),
        _ => None,
    }
}

fn taken(row: &VersionRow) -> Problem {
    let (seen, remedy) = if row.listed_at.is_some() {
        (
            format!("{} was listed once; its bytes never change", row.version),
            "Raise the version in plugin.json",
        )
    } else if matches!(row.state, VersionState::Draft | VersionState::Uploading) {
        (
            format!("another publish is uploading {}", row.version),
            "Go on with that one (`px-plugin publish --resume`), or wait until its upload expires",
        )
    } else {
        (
            format!("{} is under review ({})", row.version, row.state),
            "Follow it with `px-plugin status --watch`; withdraw it first to send other bytes",
        )
    };
    Problem::new(
        Code::VersionExists,
        format!(
            "{} {} exists already: {}",
            row.plugin, row.version, row.state
        ),
    )
    .field("/version", seen, remedy)
    .with_current(current(row))
}

/// MAN-04: versions on a channel only go up.
///
/// # Errors
/// `PX-0203` naming the newest version of the channel.
pub fn newer(version: &px_model::Version, offered: &[VersionRow]) -> Result<(), Problem> {
    let newest = offered
        .iter()
        .max_by(|a, b| a.version.semver().cmp_precedence(b.version.semver()));
    match newest {
        Some(row)
            if version
                .semver()
                .cmp_precedence(row.version.semver())
                .is_le() =>
        {
            Err(Problem::new(
                Code::VersionNotNewer,
                format!(
                    "{version} is not newer than {} on {}",
                    row.version, row.channel
                ),
            )
            .with_current(current(row)))
        }
        _ => Ok(()),
    }
}
