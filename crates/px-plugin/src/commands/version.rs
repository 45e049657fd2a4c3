//! `version`: which build this is.

use serde_json::json;

use crate::outcome::Outcome;
use crate::printer::{Page, Text, Tone};

/// Options of `version`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  px-plugin version\n  px-plugin version --format json")]
pub struct Args {}

/// Says name, version and platform.
pub fn run(_: &Args) -> Outcome {
    let version = env!("CARGO_PKG_VERSION");
    let platform = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    let page = Page::new()
        .line(Text::toned(Tone::Strong, "px-plugin").plain(format!(" {version} ({platform})")));
    Outcome::new(
        &json!({ "name": "px-plugin", "version": version, "platform": platform }),
        page,
    )
    .essence(version)
}
