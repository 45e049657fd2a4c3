//! Durable work: intake, checks, compatibility run, telling, watching.

mod block;
pub mod checks;
pub mod compatibility;
pub mod facts;
mod figures;
pub mod intake;
mod notified;
mod sla;
mod sweep;
pub(crate) mod telling;

use std::sync::Arc;

use px_model::VersionId;
use px_work::{JobError, Workers};
use serde::{Deserialize, Serialize};

use crate::Market;
use crate::app::error::AppError;

/// Job that takes a submitted bundle in.
pub const INTAKE: &str = "market.intake";
/// Job that runs the checks.
pub const CHECKS: &str = "market.checks";
/// Job that runs the plugin in the sandbox.
pub const COMPATIBILITY: &str = "market.compatibility";
/// Job that writes the notices of a release for some of its subscribers.
pub const TELL: &str = "market.tell";
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

impl Market {
    /// Adds everything the Marketplace does in the background to `workers`. Notices are delivered
    /// by the notifier, which is registered beside it.
    #[must_use]
    pub fn register(&self, workers: Workers) -> Workers {
        figures::begin();
        workers
            .handler(Arc::new(intake::Intake(self.clone())))
            .handler(Arc::new(checks::Checks(self.clone())))
            .handler(Arc::new(compatibility::Compatibility(self.clone())))
            .handler(Arc::new(telling::Teller(self.clone())))
            .handler(Arc::new(notified::Notified(self.clone())))
            .periodic(Arc::new(sla::SlaWatcher(self.clone())))
            .periodic(Arc::new(sweep::Sweeper(self.clone())))
            .periodic(Arc::new(figures::Figures(self.clone())))
    }

    /// Looks at every running review clock now and warns where a step was reached; answers the
    /// number of warnings.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn watch_sla(&self) -> Result<usize, AppError> {
        sla::watch(self).await
    }

    /// Drops expired uploads and files nobody owns; answers how many.
    ///
    /// # Errors
    /// When database or disk are away.
    pub async fn sweep_uploads(&self) -> Result<usize, AppError> {
        sweep::sweep(self).await
    }

    /// Publishes the gauges and alerts when the automated checks fail too often.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn publish_figures(&self) -> Result<(), AppError> {
        figures::publish(self).await
    }
}

impl From<AppError> for JobError {
    fn from(e: AppError) -> Self {
        Self::Retry(e.to_string())
    }
}
