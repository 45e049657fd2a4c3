//! `withdraw`: takes a version back.

use px_api::market::{StatusPatch, VersionView};
use px_model::VersionState;
use serde_json::json;

use super::keys::ConnectArgs;
use super::status::subject;
use crate::config::{Settings, Wishes};
use crate::failure::Failure;
use crate::market::{self, paths, retry};
use crate::outcome::Outcome;
use crate::printer::{Mark, Page};
use crate::session::Session;

/// Options of `withdraw`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  px-plugin withdraw ver_0197f3… --reason \"wrong build\"
  px-plugin withdraw publish-receipt.json --reason \"superseded by 1.4.1\"

A version under review is taken out of the queue. A listed one is not offered any more; tenants that have it
keep it, and its number stays taken for ever.")]
pub struct Args {
    /// Version, or the receipt of a publish.
    #[arg(value_name = "VERSION_ID|RECEIPT")]
    subject: String,
    /// Why; tenants and reviewers read it.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Withdraws a version.
///
/// # Errors
/// When the Marketplace refuses or cannot be reached.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let version = subject(session, Some(&args.subject))?;
    if args.reason.trim().is_empty() {
        return Err(Failure::usage(
            "the reason is empty",
            "Say in a few words why the version is withdrawn.",
        ));
    }
    let wishes = Wishes {
        api_url: args.connect.api_url.as_deref(),
        ..Wishes::default()
    };
    let settings = Settings::load(session, &wishes)?;
    let client = market::signed_in(&settings, session)?;
    let patch = StatusPatch {
        status: VersionState::Withdrawn,
        reason: args.reason.trim().to_owned(),
    };
    let path = paths::status(version);
    let answer: VersionView = session.block_on(async {
        retry::call(session, &mut retry::said(session), || {
            client.patch(&path, &patch)
        })
        .await
    })?;
    let document = json!({ "versionId": version, "status": "withdrawn", "reason": patch.reason, "version": answer });
    let page = Page::new()
        .item(
            Mark::Good,
            format!("Withdrew {} {}", answer.plugin_id, answer.version),
        )
        .pairs([("Version", version.to_string())]);
    Ok(Outcome::new(&document, page).essence(version.to_string()))
}
