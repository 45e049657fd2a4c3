//! `publish`: from a folder to a version under review, in one command that can be killed at any moment.

mod begin;
mod drive;
mod journal;
mod notes;
mod precheck;
pub mod receipt;
mod state;
mod telemetry;

use std::path::PathBuf;

use px_api::Code;
use px_model::Channel;
use serde_json::{Value, json};

use self::drive::Run;
use self::receipt::Receipt;
use self::state::{Publishes, State};
use super::keys::{ConnectArgs, ProfileArgs};
use crate::config::{Settings, Wishes};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::printer::{Mark, Page, Text, Tone};
use crate::project::{self, human_bytes};
use crate::session::Session;

/// Options of `publish`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  px-plugin publish
  px-plugin publish --channel beta --notes NOTES.md
  px-plugin publish --resume                  go on after a broken connection or a killed process
  px-plugin publish --upload-rate 500000      leave some of the network to others

Steps: check, pack, sign, register, upload, submit. What is done is kept in .powerx/publish; the receipt is
publish-receipt.json, and when something fails publish-debug.log tells the story (without secrets).

Settings, strongest first: option, environment, publish.yml, ~/.powerx-plugin/config.json, default.
  PX_MARKETPLACE_API_URL, PX_MARKETPLACE_TOKEN   the Marketplace and who you are
  PX_SIGNING_PROFILE                             which key signs
  PX_ARTIFACT_STORE_ENDPOINT                     upload to this address instead of the Marketplace's own
  PX_TELEMETRY_ENDPOINT                          where to send events about publishes
  PX_PLUGIN_PUBLISH=0                            closes publishing on this machine
  PX_PLUGIN_PUBLISH_PRECHECK=0                   as --skip-precheck")]
pub struct Args {
    /// The plugin's folder.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Channel to publish on: stable or beta.
    #[arg(long)]
    channel: Option<Channel>,
    /// Release notes, Markdown; the entry in CHANGELOG.md when absent.
    #[arg(long, value_name = "FILE")]
    notes: Option<PathBuf>,
    /// Do not check here; the Marketplace checks in any case.
    #[arg(long)]
    skip_precheck: bool,
    /// Go on with a publish: this one, or the last that is not done.
    #[arg(long, value_name = "PUBLISH_ID", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["channel", "notes", "request_id"])]
    resume: Option<String>,
    /// Name this publish; the same name twice is one publish.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Most bytes per second to upload.
    #[arg(long, value_name = "BYTES_PER_SECOND", value_parser = clap::value_parser!(u64).range(1..))]
    upload_rate: Option<u64>,
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Publishes, or goes on with a publish.
///
/// # Errors
/// When it is switched off, something is not in order, or the Marketplace refuses.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let dir = project::folder(session, Some(&args.dir))?;
    let publishes = Publishes::of(&dir);
    let earlier = earlier(args, &publishes)?;
    let plan = project::publish_plan(session, &dir)?;
    let only = plan
        .as_ref()
        .and_then(|plan| match plan.channels.as_slice() {
            [one] => Some(one.name),
            _ => None,
        });
    let settings = Settings::load(
        session,
        &Wishes {
            api_url: args
                .connect
                .api_url
                .as_deref()
                .or(earlier.as_ref().map(|state| state.api_url.as_str())),
            profile: args.profile.profile.as_deref(),
            channel: args.channel,
            project_channel: only,
        },
    )?;
    if !settings.publish.value {
        return Err(Failure::new(
            Code::ConsoleSwitchedOff,
            format!("{} is 0", settings.publish.origin),
        ));
    }
    let run = Run {
        session,
        settings: &settings,
        dir: &dir,
        publishes: &publishes,
        rate: args.upload_rate,
    };
    let wish = begin::Wish {
        plan: plan.as_ref(),
        notes: args.notes.as_deref(),
        precheck: settings.precheck.value && !args.skip_precheck,
        request_id: args.request_id.as_deref(),
    };
    let state = session.block_on(run.publish(earlier, &wish))?;
    outcome(session, &dir, &state)
}

/// The publish that the options ask to go on with.
fn earlier(args: &Args, publishes: &Publishes) -> Result<Option<State>, Failure> {
    if let Some(id) = &args.resume {
        return publishes.find(id).map(Some);
    }
    let Some(id) = &args.request_id else {
        return Ok(None);
    };
    if !state::is_file_name(id) {
        return Err(Failure::usage(
            format!("`{id}` does not do for --request-id"),
            "Use 1 to 64 letters, digits, `-`, `_` and `.`.",
        ));
    }
    Ok(publishes
        .all()?
        .into_iter()
        .rfind(|state| state.name == *id))
}

fn outcome(session: &Session, dir: &std::path::Path, state: &State) -> Result<Outcome, Failure> {
    let receipt = state
        .receipt
        .as_ref()
        .ok_or_else(|| Failure::new(Code::Internal, "the publish has no receipt"))?;
    let page = page(session, dir, state, receipt);
    Ok(Outcome::new(&document(dir, state, receipt), page).essence(receipt.publish_id.to_string()))
}

/// The receipt, and what else a script may want.
fn document(dir: &std::path::Path, state: &State, receipt: &Receipt) -> Value {
    let mut document = serde_json::to_value(receipt).unwrap_or_default();
    if let Some(map) = document.as_object_mut() {
        map.insert(
            "publishRequestId".to_owned(),
            json!(state.request.publish_request_id),
        );
        map.insert("pluginId".to_owned(), json!(state.request.plugin_id));
        map.insert("version".to_owned(), json!(state.request.version));
        map.insert("artifact".to_owned(), json!(state.request.artifact));
        map.insert("retries".to_owned(), json!(state.retries));
        map.insert("receiptFile".to_owned(), json!(dir.join(receipt::FILE)));
    }
    document
}

fn page(session: &Session, dir: &std::path::Path, state: &State, receipt: &Receipt) -> Page {
    let request = &state.request;
    let head = Text::from("Submitted ")
        .and(
            Tone::Strong,
            format!("{} {}", request.plugin_id, request.version),
        )
        .plain(format!(" for review on {}", receipt.channel));
    Page::new()
        .item(Mark::Good, head)
        .pairs([
            ("Publish", receipt.publish_id.to_string()),
            ("Version", receipt.version_id.to_string()),
            ("Review", receipt.review_id.to_string()),
            (
                "Bundle",
                format!(
                    "{}, SHA-256 {}",
                    human_bytes(request.artifact.size),
                    request.artifact.sha256
                ),
            ),
            (
                "Expected",
                format!(
                    "{}, at most {}",
                    span(receipt.sla.expected_review_duration),
                    span(receipt.sla.max_duration)
                ),
            ),
            ("Receipt", session.shown(&dir.join(receipt::FILE))),
        ])
        .blank()
        .line(
            Text::toned(Tone::Dim, "next:")
                .plain(" ")
                .and(Tone::Code, "px-plugin status --watch"),
        )
}

/// Seconds for people.
#[must_use]
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
