//! The review queue: who takes which version next.

use px_api::market::{Claim, ReviewTask};
use px_api::{Code, Problem};
use px_model::VersionId;
use px_store::Tx;
use serde_json::json;

use super::authority::ReviewerAuth;
use super::clock::{WARNING_STEPS, priority};
use super::error::{AppError, AppResult};
use super::messages::{OPERATORS, REVIEWERS};
use super::publish::add;
use super::transition::record;
use crate::Market;
use crate::store::row::VersionRow;
use crate::store::{queue, versions};

impl Market {
    /// What waits for a person, in the order it should be taken.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn review_queue(
        &self,
        _auth: &ReviewerAuth,
        limit: u32,
    ) -> AppResult<Vec<ReviewTask>> {
        let rows = queue::list(self.db(), limit.clamp(1, 500)).await?;
        Ok(rows.iter().map(|row| self.task(row)).collect())
    }

    fn task(&self, row: &VersionRow) -> ReviewTask {
        let now = self.db().env().now();
        let percent = row.clock.percent(now, self.config().review_sla);
        let claim = row.live_claim(now);
        ReviewTask {
            review_id: row.review,
            version_id: row.id,
            plugin_id: row.plugin.clone(),
            name: row.name(),
            version: row.version.clone(),
            publisher: row.publisher_name.clone(),
            state: row.state,
            priority: priority(percent),
            risk: row.risk,
            submitted_at: row.submitted_at.unwrap_or(row.created_at),
            sla_deadline: row
                .clock
                .deadline
                .unwrap_or_else(|| add(now, self.config().review_sla)),
            claimed_by: claim.map(|c| c.name.clone()),
            claimed_until: claim.map(|c| c.until),
            verdict: row.verdict.clone(),
            findings: row.findings,
        }
    }

    /// Takes a review for a while, or renews a claim.
    ///
    /// # Errors
    /// `PX-0302` for the reviewer's own publisher, `PX-0301` while another reviewer holds it,
    /// `PX-0205` when it is not in the queue.
    pub async fn claim_review(&self, auth: &ReviewerAuth, version: VersionId) -> AppResult<Claim> {
        match self.claim_once(auth, version).await {
            // Another reviewer took it at this moment: say who.
            Err(e) if e.is_conflict() => self.claim_once(auth, version).await,
            result => result,
        }
    }

    async fn claim_once(&self, auth: &ReviewerAuth, version: VersionId) -> AppResult<Claim> {
        let mut tx = self.db().begin().await?;
        let row = versions::get_tx(&mut tx, version).await?;
        not_own(auth, &row)?;
        waiting(&row)?;
        let now = tx.env().now();
        foreign_claim(auth, &row, now)?;
        let until = add(now, self.config().claim_lease);
        queue::claim(&mut tx, version, &auth.account, &auth.actor.name, until).await?;
        let token = versions::get_tx(&mut tx, version).await?.claim_token;
        let detail = json!({ "claimToken": token, "until": until });
        record(&mut tx, &auth.actor, "review.claimed", &row, detail).await?;
        tx.commit().await?;
        Ok(Claim {
            claim_token: token,
            claimed_until: until,
        })
    }

    /// Gives a claimed review back to the queue; nothing happens when the caller does not hold it.
    ///
    /// # Errors
    /// `PX-0003` when there is no such version.
    pub async fn release_review(&self, auth: &ReviewerAuth, version: VersionId) -> AppResult<()> {
        let mut tx = self.db().begin().await?;
        let row = versions::get_tx(&mut tx, version).await?;
        if row
            .claim
            .as_ref()
            .is_none_or(|claim| claim.by != auth.account)
        {
            return Ok(());
        }
        queue::unclaim(&mut tx, &row).await?;
        record(&mut tx, &auth.actor, "review.released", &row, json!({})).await?;
        Ok(tx.commit().await?)
    }
}

impl Market {
    /// Pauses a version's SLA clock and closes the warnings about it.
    pub(crate) async fn stop_clock(&self, tx: &mut Tx, row: &VersionRow) -> AppResult<()> {
        let now = tx.env().now();
        queue::set_clock(tx, row.id, &row.clock.pause(now)).await?;
        for step in WARNING_STEPS.into_iter().filter(|step| *step <= row.warned) {
            let key = sla_alert_key(row, step);
            for audience in [REVIEWERS, OPERATORS] {
                px_notify::resolve_alert(tx, audience, &key).await?;
            }
        }
        Ok(())
    }
}

/// Key of the alert about a version's clock.
pub(crate) fn sla_alert_key(row: &VersionRow, step: i64) -> String {
    format!("sla:{}:{}:{step}", row.id, row.round)
}

/// Nobody reviews their own publisher's plugin.
pub(crate) fn not_own(auth: &ReviewerAuth, row: &VersionRow) -> AppResult<()> {
    if auth.publishers.contains(&row.publisher) {
        return Err(AppError::refuse(
            Code::OwnPlugin,
            format!(
                "{} belongs to your publisher; another reviewer has to look at it",
                row.plugin
            ),
        ));
    }
    Ok(())
}

/// Only what waits for a person can be claimed or decided.
pub(crate) fn waiting(row: &VersionRow) -> AppResult<()> {
    use px_model::VersionState::{Blocked, InReview};
    if matches!(row.state, InReview | Blocked) {
        Ok(())
    } else {
        Err(super::transition::wrong_state(row, "it does not wait for a reviewer").into())
    }
}

/// Refuses while another reviewer's claim holds.
pub(crate) fn foreign_claim(
    auth: &ReviewerAuth,
    row: &VersionRow,
    now: jiff::Timestamp,
) -> AppResult<()> {
    match row.live_claim(now) {
        Some(claim) if claim.by != auth.account => Err(Problem::new(
            Code::ClaimLost,
            format!("{} holds this review until {}", claim.name, claim.until),
        )
        .with_current(json!({
            "claimedBy": claim.name, "claimedUntil": claim.until, "claimToken": row.claim_token,
        }))
        .into()),
        _ => Ok(()),
    }
}
