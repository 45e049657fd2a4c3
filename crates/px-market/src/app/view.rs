//! A version as its author and the reviewers see it.

use px_api::Problem;
use px_api::market::{Artifact, VersionView};
use px_model::{PluginId, VersionId, VersionState};

use super::authority::{PublisherAuth, ViewerAuth};
use super::decide_plan::{approvers_needed, bound_to};
use super::error::AppResult;
use crate::Market;
use crate::store::reports::ReportRow;
use crate::store::row::VersionRow;
use crate::store::{approvals, queue, reports, timeline, versions};

impl Market {
    /// A version with its timeline, place in the queue and next step.
    ///
    /// # Errors
    /// `PX-0003` when there is no such version for the caller.
    pub async fn version_view(
        &self,
        auth: &ViewerAuth,
        version: VersionId,
    ) -> AppResult<VersionView> {
        let row = self.seen(auth, version).await?;
        self.view(&row).await
    }

    /// The versions of the caller's publisher, newest first; at most `limit`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn my_versions(
        &self,
        auth: &PublisherAuth,
        plugin: Option<&PluginId>,
        limit: u32,
    ) -> AppResult<Vec<VersionView>> {
        let rows =
            versions::of_publisher(self.db(), auth.publisher, plugin, limit.clamp(1, 200)).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in &rows {
            views.push(self.view(row).await?);
        }
        Ok(views)
    }

    /// The newest report of the automated checks.
    ///
    /// # Errors
    /// `PX-0003` when there is no such version for the caller, or no report yet.
    pub async fn report(&self, auth: &ViewerAuth, version: VersionId) -> AppResult<ReportRow> {
        self.seen(auth, version).await?;
        let report = reports::newest(self.db(), version).await?;
        report.ok_or_else(|| {
            Problem::new(px_api::Code::NotFound, "the checks have not reported yet").into()
        })
    }

    /// A version the caller may see.
    pub(crate) async fn seen(
        &self,
        auth: &ViewerAuth,
        version: VersionId,
    ) -> AppResult<VersionRow> {
        let row = versions::get(self.db(), version).await?;
        if auth.may_see(row.publisher) {
            Ok(row)
        } else {
            Err(Problem::new(px_api::Code::NotFound, "there is no such version").into())
        }
    }

    async fn view(&self, row: &VersionRow) -> AppResult<VersionView> {
        let queue_position = match (row.state, row.clock.deadline) {
            (VersionState::InReview, Some(deadline)) => {
                Some(queue::position(self.db(), deadline, row.risk, row.id).await?)
            }
            _ => None,
        };
        let missing = self.approvals_missing(row).await?;
        Ok(VersionView {
            version_id: row.id,
            review_id: row.review,
            plugin_id: row.plugin.clone(),
            name: row.name(),
            version: row.version.clone(),
            channel: row.channel,
            state: row.state,
            next_step: next_step(row, queue_position, missing),
            publisher: row.publisher_name.clone(),
            artifact: Artifact {
                sha256: row.sha256,
                size: row.size,
            },
            received_bytes: self.received(row).await?,
            permissions: row.permissions.clone(),
            risk: row.risk,
            queue_position,
            sla_deadline: row.clock.deadline,
            timeline: timeline::list(self.db(), row.id).await?,
            verdict: row.verdict.clone(),
            decision_notes: row.decision_notes.clone(),
        })
    }

    async fn approvals_missing(&self, row: &VersionRow) -> AppResult<u32> {
        let needed = approvers_needed(row.risk, self.config().high_risk_approvers);
        if row.state != VersionState::InReview || needed < 2 {
            return Ok(needed);
        }
        let given = approvals::list(self.db(), row.id, &bound_to(row))
            .await?
            .len();
        Ok(needed.saturating_sub(u32::try_from(given).unwrap_or(u32::MAX)))
    }
}

fn next_step(row: &VersionRow, position: Option<u32>, missing: u32) -> String {
    match row.state {
        VersionState::Draft => "Upload the bundle.".to_owned(),
        VersionState::Uploading => {
            "Finish the upload, then submit the version for review.".to_owned()
        }
        VersionState::Submitted => "The automated checks start within a minute.".to_owned(),
        VersionState::Scanning => "The automated checks are running.".to_owned(),
        VersionState::InReview => {
            let place = position.map_or_else(String::new, |n| format!(" Place in the queue: {n}."));
            let several = if missing > 1 {
                format!(" {missing} reviewers have to approve it.")
            } else {
                String::new()
            };
            format!("A reviewer looks at it.{place}{several}")
        }
        VersionState::Approved => "It is being listed.".to_owned(),
        VersionState::Listed => "It is listed; subscribed tenants are told.".to_owned(),
        VersionState::ChangesRequested => {
            "Make the changes asked for, then publish this version number again.".to_owned()
        }
        VersionState::Rejected => {
            "It was rejected. The version number is free: publish it again once it is mended.".to_owned()
        }
        VersionState::Blocked => {
            "The report names findings that block it. Mend them and publish this version number again, or ask for a reviewer's judgement.".to_owned()
        }
        VersionState::Withdrawn if row.listed_at.is_none() => {
            "It was withdrawn. The version number is free.".to_owned()
        }
        VersionState::Withdrawn => "It was withdrawn and is not offered any more.".to_owned(),
        VersionState::Quarantined => "It is not offered until the Marketplace has looked at it again.".to_owned(),
        VersionState::Recalled => "It is recalled: tenants are asked to remove it.".to_owned(),
    }
}
