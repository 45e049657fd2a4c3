//! Reading what a bundle says about itself.

use std::path::Path;

use px_package::archive::Archive;
use px_package::manifest::{MAX_TEXT, Manifest, parse_manifest_with};
use px_package::names::PLUGIN_YAML;

use crate::Market;
use crate::app::error::{AppError, AppResult};
use crate::app::facts::{BundleFacts, risk_of};
use crate::store::row::VersionRow;

/// Longest README that is shown, bytes.
const MAX_README: u64 = 256 << 10;
const READMES: [&str; 3] = ["README.md", "readme.md", "docs/README.md"];

/// Facts of a bundle in the store; `None` when it cannot be read.
pub(super) async fn of_blob(market: &Market, row: &VersionRow) -> AppResult<Option<BundleFacts>> {
    let bundle = market.blobs().local_file(&row.sha256).await?;
    on_blocking_thread(move || read(bundle.path())).await
}

/// Runs blocking work beside the runtime.
pub(super) async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> AppResult<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| AppError::Fault(format!("a blocking task ended: {e}")))
}

/// Reads manifest and README of a bundle; blocking.
#[must_use]
pub fn read(bundle: &Path) -> Option<BundleFacts> {
    let mut archive = Archive::open(bundle).ok()?;
    let text = archive.read_text(PLUGIN_YAML, MAX_TEXT as u64)?;
    let outcome = parse_manifest_with(&text, &mut |path| archive.read_text(path, MAX_TEXT as u64));
    let manifest = outcome.manifest?;
    let readme = READMES
        .iter()
        .find_map(|name| archive.read_text(name, MAX_README));
    Some(of_manifest(&manifest, readme))
}

fn of_manifest(manifest: &Manifest, readme: Option<String>) -> BundleFacts {
    let kind = manifest.runtime.kind.as_str();
    let summary = manifest.description.as_deref().unwrap_or_default();
    let first_line = summary.trim().lines().next().unwrap_or_default();
    BundleFacts {
        name: manifest.name.clone(),
        summary: first_line.chars().take(200).collect(),
        category: manifest.metadata.category.clone(),
        kind: kind.to_owned(),
        corex_version: manifest.corex_version.as_ref().map(ToString::to_string),
        permissions: manifest.permissions.clone(),
        dependencies: manifest.dependencies.requires.clone(),
        conflicts: manifest.dependencies.conflicts.clone(),
        risk: risk_of(&manifest.permissions, Some(kind)),
        readme,
    }
}
