//! `status`: where a version is, and what happens next.

mod show;
mod watch;

use std::path::{Path, PathBuf};
use std::time::Duration;

use px_api::client::{CallError, Client};
use px_api::market::VersionView;
use px_model::{VersionId, VersionState};
use px_review::Report;
use serde_json::json;

use super::keys::ConnectArgs;
use super::publish::receipt::{self, Receipt};
use crate::config::{Settings, Wishes};
use crate::failure::Failure;
use crate::market::{self, paths, retry};
use crate::outcome::Outcome;
use crate::session::Session;

/// Options of `status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  px-plugin status                       the last publish of this folder
  px-plugin status --watch               live, until the review is decided
  px-plugin status ver_0197f3…           any version of yours
  px-plugin status ci/publish-receipt.json --format json | jq -r .version.state

Exit code 1 when the version is blocked, rejected, given back, quarantined or recalled.")]
pub struct Args {
    /// Version, or the receipt of a publish; ./publish-receipt.json when absent.
    #[arg(value_name = "VERSION_ID|RECEIPT")]
    subject: Option<String>,
    /// Show what happens until the review is decided.
    #[arg(long, short)]
    watch: bool,
    /// Seconds between two questions where the Marketplace offers no stream.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Shows a version.
///
/// # Errors
/// When it cannot be asked about.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let version = subject(session, args.subject.as_deref())?;
    let wishes = Wishes {
        api_url: args.connect.api_url.as_deref(),
        ..Wishes::default()
    };
    let settings = Settings::load(session, &wishes)?;
    let client = market::signed_in(&settings, session)?;
    session.block_on(async {
        let view = if args.watch {
            watch::until_decided(
                session,
                &client,
                version,
                Duration::from_secs(args.interval),
            )
            .await?
        } else {
            view(session, &client, version).await?
        };
        let report = report(session, &client, &view).await?;
        let page = show::page(&view, report.as_ref(), session.now(), !args.watch);
        let document = json!({ "version": view, "report": report });
        Ok(Outcome::new(&document, page)
            .essence(view.state.as_str())
            .blocked_if(is_refused(view.state)))
    })
}

/// The version that the argument, or the receipt in this folder, names.
///
/// # Errors
/// When it names none.
pub fn subject(session: &Session, given: Option<&str>) -> Result<VersionId, Failure> {
    let file = match given {
        Some(text) if text.starts_with("ver_") => {
            return text.parse().map_err(|error: px_model::IdError| {
                Failure::usage(
                    error.to_string(),
                    "The receipt of the publish names the version.",
                )
            });
        }
        Some(text) => session.path(Path::new(text)),
        None => session.path(&PathBuf::from(receipt::FILE)),
    };
    if !file.exists() {
        let detail = match given {
            Some(text) => format!("`{text}` is neither a version id nor a file"),
            None => format!("there is no {} in this folder", receipt::FILE),
        };
        return Err(Failure::usage(
            detail,
            "Give a version id (`ver_…`) or the receipt that `px-plugin publish` wrote.",
        ));
    }
    Receipt::read(&file).map(|receipt| receipt.version_id)
}

/// States in which the author has to do something, or the version is off.
const fn is_refused(state: VersionState) -> bool {
    matches!(
        state,
        VersionState::Blocked
            | VersionState::Rejected
            | VersionState::ChangesRequested
            | VersionState::Quarantined
            | VersionState::Recalled
    )
}

/// States in which nothing happens any more without the author.
pub(super) const fn is_decided(state: VersionState) -> bool {
    is_refused(state) || matches!(state, VersionState::Listed | VersionState::Withdrawn)
}

async fn view(
    session: &Session,
    client: &Client,
    version: VersionId,
) -> Result<VersionView, Failure> {
    let path = paths::view(version);
    retry::call(session, &mut retry::said(session), || client.get(&path)).await
}

/// The report, once the checks were made.
async fn report(
    session: &Session,
    client: &Client,
    view: &VersionView,
) -> Result<Option<Report>, Failure> {
    if view.verdict.is_none() {
        return Ok(None);
    }
    let path = paths::report(view.version_id);
    let mut said = retry::said(session);
    let answer = retry::call(session, &mut said, || async {
        match client.get(&path).await {
            Err(CallError::Problem(problem)) if problem.status == 404 => Ok(None),
            other => other.map(Some),
        }
    });
    answer.await
}
