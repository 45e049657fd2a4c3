//! `pack`: from a folder to a bundle, the same bytes on every machine.

use std::path::{Path, PathBuf};

use px_package::pack::{PackOptions, PackProgress, Packed, pack_file, plan_pack};
use serde_json::json;

use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::printer::{Mark, Page, Text, Tone};
use crate::project::{self, human_bytes, pack_failure};
use crate::session::Session;

/// Options of `pack`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  px-plugin pack                              com.example.notes-1.0.0.pxp in this folder
  px-plugin pack my-plugin --out /tmp/notes.pxp
  sha256sum $(px-plugin pack --quiet)         the same on every machine")]
pub struct Args {
    /// The plugin's folder.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Bundle to write; PLUGIN_ID-VERSION.pxp in this folder when absent.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Packs a folder.
///
/// # Errors
/// When it cannot be packed; then nothing is left behind.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let dir = project::folder(session, Some(&args.dir))?;
    let out = match &args.out {
        Some(out) => session.path(out),
        None => session.path(Path::new(&default_name(&dir)?)),
    };
    let packed = pack(session, &dir, &out)?;
    let shown = session.shown(&out);
    let mut page = Page::new()
        .item(Mark::Good, Text::from("Packed ").and(Tone::Strong, shown))
        .pairs([
            (
                "Plugin",
                format!("{} {}", packed.manifest.id, packed.manifest.version),
            ),
            (
                "Size",
                format!(
                    "{} in {} files",
                    human_bytes(packed.size),
                    packed.entries.len()
                ),
            ),
            ("SHA-256", packed.digest.to_string()),
        ]);
    for issue in &packed.issues {
        page = page.detailed(
            Mark::Warn,
            format!("{}: {}", issue.field, issue.message),
            vec![Text::toned(Tone::Dim, "fix:").plain(format!(" {}", issue.remedy))],
        );
    }
    let document = json!({
        "path": out, "sha256": packed.digest, "size": packed.size,
        "pluginId": packed.manifest.id, "version": packed.manifest.version,
        "files": packed.entries, "warnings": packed.issues,
    });
    Ok(Outcome::new(&document, page).essence(out.display().to_string()))
}

fn default_name(dir: &Path) -> Result<String, Failure> {
    let plan = plan_pack(dir, &PackOptions::default()).map_err(|error| pack_failure(error, dir))?;
    Ok(format!(
        "{}-{}.pxp",
        plan.manifest.id, plan.manifest.version
    ))
}

/// Packs with a progress bar.
///
/// # Errors
/// When the folder cannot be packed; then nothing is left behind.
pub fn pack(session: &Session, dir: &Path, out: &Path) -> Result<Packed, Failure> {
    let mut bar = None;
    let mut progress = |at: PackProgress<'_>| {
        bar.get_or_insert_with(|| session.printer.bar(at.total, 0))
            .at(at.done);
    };
    let options = PackOptions {
        progress: Some(&mut progress),
        ..PackOptions::default()
    };
    let result = pack_file(dir, options, out);
    if let Some(bar) = bar {
        bar.finish();
    }
    result.map_err(|error| pack_failure(error, dir))
}
