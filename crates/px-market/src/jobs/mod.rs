//! Durable work: intake, checks, compatibility run, telling, watching.

pub mod compatibility;

use px_model::VersionId;
use serde::{Deserialize, Serialize};

/// Job that takes a submitted bundle in.
pub const INTAKE: &str = "market.intake";
/// Job that runs the checks.
pub const CHECKS: &str = "market.checks";
/// Job that runs the plugin in the sandbox.
pub const COMPATIBILITY: &str = "market.compatibility";
/// Job that says when every subscriber of a release has been told.
pub const NOTIFIED: &str = "market.notified";

/// Payload of the review's jobs: a round of a version; later rounds make it void.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pipeline {
    /// Version.
    pub version_id: VersionId,
    /// Round.
    pub round: i64,
}

impl Pipeline {
    /// One pending job of a kind per round.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}:{}", self.version_id, self.round)
    }
}

/// Payload of jobs about a listed version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Version.
    pub version_id: VersionId,
}
