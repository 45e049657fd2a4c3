//! What those who run the Marketplace look at and do.

use px_api::market::VersionView;
use px_model::{AlertId, AuditId, NoticeId, VersionId, VersionState};
use px_notify::{Alert, Notice, NoticeStats};
use px_store::{AuditEntry, AuditFilter, AuditRecord, AuditVerdict};
use px_work::NewJob;
use serde::Serialize;
use serde_json::json;
use std::time::Duration;
use utoipa::ToSchema;

use super::authority::{OperatorAuth, ViewerAuth};
use super::error::AppResult;
use super::transition::{record, wrong_state};
use crate::Market;
use crate::jobs::{CHECKS, COMPATIBILITY, INTAKE, Pipeline};
use crate::store::{queue, reports, versions};

/// Days that the failure rate of notices looks back on.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The Marketplace's key figures.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FiguresView {
    /// Share of the newest 100 versions that the automated checks did not block, 0 to 1.
    pub automation_pass_rate: f64,
    /// Average time from submission to approval of the newest 100 listings, seconds.
    pub average_approval_seconds: Option<f64>,
    /// Versions waiting for a person.
    pub queue_length: usize,
    /// Share of notices of the last day that came to nothing, 0 to 1.
    pub notification_failure_rate: f64,
}

impl Market {
    /// Key figures.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn figures(&self, _auth: &OperatorAuth) -> AppResult<FiguresView> {
        let (all, passed) = reports::pass_rate(self.db(), 100).await?;
        let durations = queue::recent_durations(self.db(), 100).await?;
        let sum: f64 = durations.iter().map(|micros| *micros as f64 / 1e6).sum();
        let average = (!durations.is_empty()).then(|| sum / durations.len() as f64);
        let notices = px_notify::failure_rate(self.db(), DAY).await?;
        Ok(FiguresView {
            automation_pass_rate: if all == 0 {
                1.0
            } else {
                passed as f64 / all as f64
            },
            average_approval_seconds: average,
            queue_length: queue::list(self.db(), 500).await?.len(),
            notification_failure_rate: notices.share,
        })
    }

    /// Runs the job a held version waits for at once.
    ///
    /// # Errors
    /// `PX-0205` when the version is not in the automated part of its review.
    pub async fn rescan(&self, auth: &OperatorAuth, version: VersionId) -> AppResult<VersionView> {
        let mut tx = self.db().begin().await?;
        let row = versions::get_tx(&mut tx, version).await?;
        if !matches!(row.state, VersionState::Submitted | VersionState::Scanning) {
            return Err(wrong_state(&row, "its automated checks are not under way").into());
        }
        let pipeline = Pipeline {
            version_id: row.id,
            round: row.round,
        };
        let key = pipeline.key();
        let mut woken = false;
        for kind in [INTAKE, CHECKS, COMPATIBILITY] {
            woken |= px_work::wake(&mut tx, kind, &key).await?;
        }
        if !woken {
            // Its job was given up: the whole part is made again, from the intake on.
            let job = NewJob::new(INTAKE, serde_json::to_value(&pipeline)?).unique(key);
            px_work::enqueue(&mut tx, job).await?;
        }
        record(
            &mut tx,
            &auth.actor,
            "review.rescanned",
            &row,
            json!({ "woken": woken }),
        )
        .await?;
        tx.commit().await?;
        self.version_view(&ViewerAuth::Operator(auth.clone()), version)
            .await
    }

    /// Who was told about a release.
    ///
    /// # Errors
    /// `PX-0003` when there is no such version for the caller.
    pub async fn release_notices(
        &self,
        auth: &ViewerAuth,
        version: VersionId,
    ) -> AppResult<NoticeStats> {
        let row = self.seen(auth, version).await?;
        let mut stats = px_notify::notice_stats(self.db(), &row.id.to_string()).await?;
        if !matches!(auth, ViewerAuth::Operator(_)) {
            // A publisher learns how many are late, not which tenants.
            stats.laggards.clear();
        }
        Ok(stats)
    }

    /// Notices that were given up, newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn dead_letters(&self, _auth: &OperatorAuth, limit: u32) -> AppResult<Vec<Notice>> {
        Ok(px_notify::list_dead(self.db(), limit.clamp(1, 1000)).await?)
    }

    /// Sends a notice that was given up again.
    ///
    /// # Errors
    /// `PX-0003` when there is none, `PX-0205` when it was not given up.
    pub async fn resend(&self, auth: &OperatorAuth, id: NoticeId) -> AppResult<()> {
        let mut tx = self.db().begin().await?;
        px_notify::resend(&mut tx, id).await?;
        tx.audit(AuditEntry {
            actor: auth.actor.clone(),
            action: "notice.resent".to_owned(),
            subject: id.to_string(),
            tenant: None,
            detail: json!({}),
        })
        .await?;
        Ok(tx.commit().await?)
    }

    /// Everybody's alerts, latest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn alerts(
        &self,
        _auth: &OperatorAuth,
        open_only: bool,
        limit: u32,
    ) -> AppResult<Vec<Alert>> {
        Ok(px_notify::list_all_alerts(self.db(), open_only, limit.clamp(1, 1000)).await?)
    }

    /// Takes note of an alert.
    ///
    /// # Errors
    /// `PX-0003` when there is none, `PX-0205` when it is not open.
    pub async fn acknowledge_alert(&self, auth: &OperatorAuth, id: AlertId) -> AppResult<AuditId> {
        let mut tx = self.db().begin().await?;
        let audit = px_notify::acknowledge(&mut tx, id, &auth.actor).await?;
        tx.commit().await?;
        Ok(audit)
    }

    /// Entries of the audit log, newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn audit_log(
        &self,
        _auth: &OperatorAuth,
        filter: &AuditFilter,
    ) -> AppResult<Vec<AuditRecord>> {
        Ok(px_store::list_audit(self.db(), filter).await?)
    }

    /// Walks the audit log from its first entry.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn verify_audit(&self, _auth: &OperatorAuth) -> AppResult<AuditVerdict> {
        Ok(px_store::verify_audit(self.db()).await?)
    }
}
