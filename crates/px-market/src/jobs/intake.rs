//! Intake: the bytes that arrived against those that were registered, then into the bundle store.

use std::time::Duration;

use async_trait::async_trait;
use px_api::Code;
use px_model::Digest;
use px_store::{Actor, When};
use px_work::{Job, JobError, JobHandler, NewJob};

use super::block::{Refusal, held_by_store, refuse};
use super::{CHECKS, INTAKE, Pipeline};
use crate::Market;
use crate::app::error::AppError;
use crate::app::facts::BundleFacts;
use crate::app::upload_file::part_file;
use crate::store::row::VersionRow;

/// Name of this step of the scan.
const STEP: &str = "scanning.intake";

/// Handles [`INTAKE`].
pub struct Intake(pub Market);

#[async_trait]
impl JobHandler for Intake {
    fn kind(&self) -> &'static str {
        INTAKE
    }

    fn lease(&self) -> Duration {
        Duration::from_secs(120)
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let pipeline: Pipeline = job.read()?;
        let Some(row) = self.0.begin_scan(&pipeline).await? else {
            return Ok(());
        };
        self.0.pass(&row, STEP, When::Before).await?;
        let arrived = self.arrived(&row).await;
        let arrived = held_by_store(&self.0, job, &row, arrived).await?;
        self.0.pass(&row, STEP, When::Done).await?;
        match arrived {
            Arrival::Stored => self.accept(job, &pipeline).await,
            Arrival::Other { digest, size } => {
                let refusal = Refusal {
                    code: Code::UploadMismatch,
                    seen: format!(
                        "{} bytes with SHA-256 {} were registered; {size} bytes with SHA-256 {digest} arrived",
                        row.size, row.sha256
                    ),
                    remedy: "pack again, then publish this version number again".to_owned(),
                };
                refuse(&self.0, job, &row, &refusal).await
            }
        }
    }

    async fn dead(&self, job: &Job, error: &str) {
        super::block::stuck(&self.0, job, error).await;
    }
}

enum Arrival {
    Stored,
    Other { digest: Digest, size: u64 },
}

impl Intake {
    /// Compares and stores; a run after a crash finds the bundle in the store already.
    async fn arrived(&self, row: &VersionRow) -> Result<Arrival, AppError> {
        let market = &self.0;
        let Some(upload) = row.upload else {
            return Err(AppError::Fault(format!("{} has no upload", row.id)));
        };
        let part = part_file(&market.config().data_dir, upload);
        if part.len().await? == 0 && market.blobs().len(&row.sha256).await? == Some(row.size) {
            return Ok(Arrival::Stored);
        }
        let (digest, size) = part.digest().await?;
        if digest != row.sha256 || size != row.size {
            return Ok(Arrival::Other { digest, size });
        }
        market.blobs().put_file(&digest, part.path()).await?;
        Ok(Arrival::Stored)
    }

    /// Without the checks nothing is known about a bundle but what it says itself.
    async fn facts_for_people(&self, pipeline: &Pipeline) -> Result<Option<BundleFacts>, AppError> {
        if self.0.config().automated_review {
            return Ok(None);
        }
        let row = crate::store::versions::get(self.0.db(), pipeline.version_id).await?;
        super::facts::of_blob(&self.0, &row).await
    }

    async fn accept(&self, job: &Job, pipeline: &Pipeline) -> Result<(), JobError> {
        let market = &self.0;
        let facts = self.facts_for_people(pipeline).await?;
        let mut tx = market.db().begin().await?;
        job.finish(&mut tx).await?;
        let row = crate::store::versions::get_tx(&mut tx, pipeline.version_id).await?;
        if market.config().automated_review {
            let payload = serde_json::to_value(pipeline).map_err(AppError::from)?;
            px_work::enqueue(&mut tx, NewJob::new(CHECKS, payload).unique(pipeline.key())).await?;
        } else {
            if let Some(facts) = facts {
                crate::store::versions::set_facts(&mut tx, &row, &facts).await?;
            }
            let row = crate::store::versions::get_tx(&mut tx, row.id).await?;
            market.to_reviewers(&mut tx, &row, "not_run").await?;
        }
        tx.audit(px_store::AuditEntry {
            actor: Actor::system("intake"),
            action: "bundle.stored".to_owned(),
            subject: row.id.to_string(),
            tenant: None,
            detail: serde_json::json!({ "sha256": row.sha256, "size": row.size }),
        })
        .await?;
        tx.commit().await?;
        if let Some(upload) = row.upload {
            part_file(&market.config().data_dir, upload)
                .remove()
                .await?;
        }
        Ok(())
    }
}
