//! Publishing with the author's command line, with and without a cut in the middle.

use std::time::Duration;

use anyhow::{Context, bail};
use px_api::market::VersionView;
use px_model::VersionState;

use super::chain::{Chain, until};
use super::paths;
use super::sample;

/// Writes a version of the sample into the author's folder.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_version(chain: &Chain, label: &str) -> anyhow::Result<()> {
    sample::greeter(label, &chain.folder)?;
    // The sample's batches wait for minutes; the demo's follow each other at once.
    let plan = chain.folder.join("publish.yml");
    sample::edit(&plan, "wait: 10m", "wait: 0s")?;
    sample::edit(&plan, "wait: 30m", "wait: 0s")
}

/// Starts a publish with a slow line, ends it with SIGKILL in the middle of the upload, and resumes.
///
/// # Errors
/// When it ended by itself before, or does not continue where it stopped.
pub async fn publish_cut_and_resumed(chain: &Chain) -> anyhow::Result<((), String)> {
    sample::ballast(&chain.folder, 3 << 20, 20_251_107)?;
    let folder = chain.folder.clone();
    let mut child = chain.author.start(
        &folder,
        &[
            "publish",
            ".",
            "--channel",
            "stable",
            "--upload-rate",
            "600000",
        ],
    )?;
    let client = chain.market("publisher")?;
    let view = until(
        "the first bytes at the Marketplace",
        Duration::from_secs(40),
        async || {
            if let Some(status) = child_ended(&chain.folder) {
                bail!("the publish ended by itself: {status}");
            }
            let Some(id) = version_under_way(chain) else {
                return Ok(None);
            };
            let view: VersionView = client.get(&paths::version(id)).await?;
            Ok(Some(view).filter(|v| {
                v.received_bytes > v.artifact.size / 4 && v.received_bytes < v.artifact.size
            }))
        },
    )
    .await?;
    child.kill().await.context("ending the upload")?;
    let before = client
        .get::<VersionView>(&paths::version(view.version_id))
        .await?;
    if before.state != VersionState::Uploading
        || !(1..before.artifact.size).contains(&before.received_bytes)
    {
        bail!(
            "the upload was not cut in the middle: {} of {} bytes",
            before.received_bytes,
            before.artifact.size
        );
    }
    chain
        .author
        .run(&chain.folder, &["publish", ".", "--resume"])
        .await?;
    let id = chain.published()?;
    if id != view.version_id {
        bail!("the resumed publish made another version");
    }
    let percent = before.received_bytes * 100 / before.artifact.size.max(1);
    Ok((
        (),
        format!(
            "killed at {percent} % of {} KiB, continued there",
            before.artifact.size >> 10
        ),
    ))
}

fn child_ended(folder: &std::path::Path) -> Option<String> {
    std::fs::read_to_string(folder.join("publish-receipt.json"))
        .ok()
        .map(|_| "it left a receipt".to_owned())
}

/// The version the command line has registered, from the state it keeps in the plugin's folder.
fn version_under_way(chain: &Chain) -> Option<px_model::VersionId> {
    let states = std::fs::read_dir(chain.folder.join(".powerx/publish")).ok()?;
    states.flatten().find_map(|entry| {
        let state: serde_json::Value =
            serde_json::from_slice(&std::fs::read(entry.path()).ok()?).ok()?;
        find_version(&state)
    })
}

fn find_version(value: &serde_json::Value) -> Option<px_model::VersionId> {
    match value {
        serde_json::Value::String(text) => text.parse().ok(),
        serde_json::Value::Object(map) => map.values().find_map(find_version),
        _ => None,
    }
}

/// Publishes what is in the author's folder.
///
/// # Errors
/// When the command line fails.
pub async fn publish(chain: &Chain) -> anyhow::Result<((), String)> {
    chain
        .author
        .run(&chain.folder, &["publish", ".", "--channel", "stable"])
        .await?;
    let id = chain.published()?;
    Ok(((), id.to_string()))
}
