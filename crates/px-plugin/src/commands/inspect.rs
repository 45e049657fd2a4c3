//! `inspect`: everything a bundle says of itself, believed or not.

use std::path::PathBuf;

use px_package::inspect::{Inspection, inspect};
use px_package::manifest::Manifest;

use crate::failure::Failure;
use crate::keystore::day;
use crate::outcome::Outcome;
use crate::printer::{Mark, Page, Text, Tone};
use crate::project::human_bytes;
use crate::session::Session;

/// Options of `inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  px-plugin inspect notes-1.0.0.pxp
  px-plugin inspect notes-1.0.0.pxp --files
  px-plugin inspect notes-1.0.0.pxp --format json | jq .manifest.permissions")]
pub struct Args {
    /// Bundle to look at.
    bundle: PathBuf,
    /// List every file.
    #[arg(long)]
    files: bool,
}

/// Shows a bundle.
///
/// # Errors
/// When the file cannot be read. A bad bundle is shown with what is bad about it, and blocks.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let path = session.path(&args.bundle);
    let inspection = inspect(&path, session.now()).map_err(|error| Failure::file(&path, &error))?;
    let page = facts(&inspection)
        .join(signature(&inspection))
        .join(faults(&inspection))
        .join(entries(&inspection, args.files));
    let fatal = inspection
        .issues
        .iter()
        .any(|issue| issue.severity.is_fatal());
    let broken = !inspection.faults.is_empty() || fatal || inspection.manifest.is_none();
    let bad_signature = inspection.signature.present && !inspection.signature.consistent;
    Ok(Outcome::new(&inspection, page)
        .essence(inspection.digest.to_string())
        .blocked_if(broken || bad_signature))
}

fn facts(inspection: &Inspection) -> Page {
    let size = format!(
        "{}, {} unpacked, {} entries",
        human_bytes(inspection.size),
        human_bytes(inspection.unpacked_size),
        inspection.entries.len()
    );
    let file = [("Size", size), ("SHA-256", inspection.digest.to_string())];
    let Some(manifest) = &inspection.manifest else {
        return Page::new()
            .item(Mark::Bad, "There is no valid manifest")
            .pairs(file);
    };
    let name = format!("{} {}", manifest.id, manifest.version);
    let title = Text::toned(Tone::Strong, name).plain(format!("  {}", manifest.name));
    Page::new()
        .line(title)
        .line(manifest.description.clone().unwrap_or_default())
        .blank()
        .pairs(declared(manifest).into_iter().chain(file))
}

/// What the manifest says, in the words of the console.
fn declared(manifest: &Manifest) -> [(&'static str, String); 7] {
    fn list<T: ToString>(items: &[T]) -> String {
        let words: Vec<String> = items.iter().map(ToString::to_string).collect();
        if words.is_empty() {
            "none".to_owned()
        } else {
            words.join(", ")
        }
    }
    let cores = manifest.corex_version.as_ref();
    let metadata = &manifest.metadata;
    [
        ("Kind", manifest.runtime.kind.as_str().to_owned()),
        ("Entry", manifest.runtime.entry.clone().unwrap_or_default()),
        (
            "Cores",
            cores.map_or_else(|| "any".to_owned(), ToString::to_string),
        ),
        ("Permissions", list(&manifest.permissions)),
        ("Needs", list(&manifest.dependencies.requires)),
        ("Author", metadata.author.clone().unwrap_or_default()),
        ("Licence", metadata.license.clone().unwrap_or_default()),
    ]
}

fn signature(inspection: &Inspection) -> Page {
    let signature = &inspection.signature;
    let page = Page::new().blank();
    match (&signature.publisher, &signature.fault) {
        (Some(publisher), _) => page.detailed(
            Mark::Good,
            format!(
                "Consistently signed by {} ({})",
                publisher.name, publisher.id
            ),
            vec![
                Text::toned(Tone::Dim, "key ").plain(publisher.key_fingerprint.to_string()),
                Text::toned(Tone::Dim, "certificate until ").plain(day(publisher.not_after)),
                Text::toned(
                    Tone::Dim,
                    "whether the publisher is to be trusted, `px-plugin verify` tells",
                ),
            ],
        ),
        (None, Some(fault)) if signature.present => page.item(Mark::Bad, fault.as_str()),
        _ => page.item(Mark::Warn, "Not signed"),
    }
}

fn faults(inspection: &Inspection) -> Page {
    let remedy = |text: &str| vec![Text::toned(Tone::Dim, "fix:").plain(format!(" {text}"))];
    let mut page = Page::new();
    for fault in &inspection.faults {
        let place = fault
            .entry
            .as_deref()
            .map_or_else(String::new, |entry| format!(" {entry}:"));
        page = page.detailed(
            Mark::Bad,
            format!("{}{place} {}", fault.rule, fault.message),
            remedy(fault.remedy),
        );
    }
    for issue in &inspection.issues {
        let mark = if issue.severity.is_fatal() {
            Mark::Bad
        } else {
            Mark::Warn
        };
        page = page.detailed(
            mark,
            format!("{} {}: {}", issue.rule, issue.field, issue.message),
            remedy(&issue.remedy),
        );
    }
    page
}

fn entries(inspection: &Inspection, all: bool) -> Page {
    if !all {
        return Page::new();
    }
    let files = inspection.entries.iter().map(|entry| {
        let run = if entry.executable { "  executable" } else { "" };
        (
            entry.path.clone(),
            Text::from(human_bytes(entry.size)).and(Tone::Dim, run),
        )
    });
    Page::new().heading("Files").pairs(files)
}
