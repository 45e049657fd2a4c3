//! `publish-receipt.json`: what a script or a person keeps of a publish.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use px_api::market::{PublishAnswer, PublishRequest, Sla};
use px_model::{Channel, PluginId, PublishId, ReviewId, Version, VersionId};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::files::{self, Access};

/// Name of the file.
pub const FILE: &str = "publish-receipt.json";

/// The receipt. Its fields are a contract with scripts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The plugin; absent from receipts of earlier programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_id: Option<PluginId>,
    /// Number of the version; absent from receipts of earlier programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Names the publish, for `--resume`.
    pub publish_id: PublishId,
    /// The version.
    pub version_id: VersionId,
    /// Its review.
    pub review_id: ReviewId,
    /// The same, under the name that older scripts read.
    pub review_queue_id: ReviewId,
    /// Channel it was published on.
    pub channel: Channel,
    /// When the review was asked for.
    pub submitted_at: Timestamp,
    /// When to ask again.
    pub next_check_at: Timestamp,
    /// Where the bundle was uploaded to.
    pub upload_url: String,
    /// Promise for the review, in seconds.
    pub sla: Sla,
}

impl Receipt {
    /// The receipt of a publish that was submitted now.
    #[must_use]
    pub fn new(answer: &PublishAnswer, request: &PublishRequest, submitted_at: Timestamp) -> Self {
        Self {
            plugin_id: Some(request.plugin_id.clone()),
            version: Some(request.version.clone()),
            publish_id: answer.publish_id,
            version_id: answer.version_id,
            review_id: answer.review_id,
            review_queue_id: answer.review_id,
            channel: request.channel,
            submitted_at,
            next_check_at: answer.next_check_at,
            upload_url: answer.upload_url.clone(),
            sla: answer.sla,
        }
    }

    /// Writes it into the project's folder.
    ///
    /// # Errors
    /// Names the file.
    pub fn write(&self, dir: &Path) -> Result<PathBuf, Failure> {
        let path = dir.join(FILE);
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        files::write(&path, format!("{text}\n").as_bytes(), Access::Shared)?;
        Ok(path)
    }

    /// Takes away the receipt of an earlier publish: while a new one is under way, or failed, the file must
    /// not speak for another version. What it said is kept with that publish under `.powerx/publish`.
    ///
    /// # Errors
    /// Names the file.
    pub fn clear(dir: &Path) -> Result<(), Failure> {
        let path = dir.join(FILE);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::file(&path, &error))
            }
            _ => Ok(()),
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// When it cannot be read or is none.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = files::read_text(path)?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::usage(
                format!("{} is not a publish receipt: {error}", path.display()),
                "Give the file that `px-plugin publish` wrote, or a version id.",
            )
        })
    }
}
