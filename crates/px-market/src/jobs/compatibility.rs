//! Running a plugin for the review: what the Marketplace asks of the sandbox.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use px_model::{PluginId, Version};
use px_review::{CheckResult, Engine, Policy, Report, Status};
use px_store::{LocalBlob, When};
use px_work::{Job, JobError, JobHandler};

use super::block::{held_by_store, hold, stuck};
use super::checks::{finish, not_made};
use super::{COMPATIBILITY, Pipeline};
use crate::Market;
use crate::app::error::AppError;
use crate::store::reports;
use crate::store::row::VersionRow;

/// What is to be run.
#[derive(Debug, Clone)]
pub struct CompatibilitySubject {
    /// The bundle, a local file that passed the archive checks.
    pub bundle: PathBuf,
    /// Plugin.
    pub plugin: PluginId,
    /// Version.
    pub version: Version,
    /// Cores to run it for.
    pub cores: Vec<Version>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct CompatibilityReport {
    /// Outcomes of the checks that need a run (CMP-04 and others).
    pub results: Vec<CheckResult>,
    /// What took part.
    pub engines: Vec<Engine>,
}

/// The sandbox; implemented where the runtime is at hand.
#[async_trait]
pub trait CompatibilityRunner: Send + Sync + 'static {
    /// Runs the plugin. What the plugin does wrong is a finding; `Err` is trouble of this machine,
    /// which holds the version and is tried again.
    async fn run(&self, subject: &CompatibilitySubject) -> Result<CompatibilityReport, String>;
}

/// Name of this step of the scan.
const STEP: &str = "scanning.compatibility";

/// Handles [`COMPATIBILITY`].
pub struct Compatibility(pub Market);

#[async_trait]
impl JobHandler for Compatibility {
    fn kind(&self) -> &'static str {
        COMPATIBILITY
    }

    fn lease(&self) -> Duration {
        Duration::from_secs(300)
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let pipeline: Pipeline = job.read()?;
        let market = &self.0;
        let Some(row) = market.begin_scan(&pipeline).await? else {
            return Ok(());
        };
        market.pass(&row, STEP, When::Before).await?;
        let report = self.known(&row).await?;
        let bundle = market.blobs().local_file(&row.sha256).await;
        let bundle = held_by_store(market, job, &row, bundle.map_err(AppError::from)).await?;
        let subject = self.subject(&row, &bundle);
        let run = match market.compatibility().run(&subject).await {
            Ok(run) => run,
            Err(reason) => return Err(hold(market, &row, &format!("sandbox: {reason}")).await?),
        };
        let report = report.with_results(run.results, run.engines, &Policy::marketplace());
        if report.verdict.status == Status::Held {
            return Err(hold(market, &row, &not_made(&report)).await?);
        }
        market.pass(&row, STEP, When::Done).await?;
        // Facts were kept by the checks.
        finish(market, job, &row, &report, None).await
    }

    async fn dead(&self, job: &Job, error: &str) {
        stuck(&self.0, job, error).await;
    }
}

impl Compatibility {
    async fn known(&self, row: &VersionRow) -> Result<Report, AppError> {
        let stored = reports::newest(self.0.db(), row.id).await?;
        let stored = stored
            .filter(|report| report.sha256 == row.sha256)
            .ok_or_else(|| AppError::Fault(format!("{} has no report of its checks", row.id)))?;
        Ok(serde_json::from_value(stored.body)?)
    }

    fn subject(&self, row: &VersionRow, bundle: &LocalBlob) -> CompatibilitySubject {
        CompatibilitySubject {
            bundle: bundle.path().to_owned(),
            plugin: row.plugin.clone(),
            version: row.version.clone(),
            cores: self.0.config().supported_cores.clone(),
        }
    }
}
