//! Carrying out a reviewer's decision, in one transaction.

use px_api::market::{DecisionRequest, VersionView};
use px_model::{VersionId, VersionState, event_type};
use px_store::{NewEvent, Tx, When};
use serde_json::{Value, json};

use super::authority::{ReviewerAuth, ViewerAuth};
use super::decide_plan::{DecisionPlan, Situation, bound_to, plan};
use super::error::{AppError, AppResult};
use super::transition::{Step, current, record, step};
use crate::Market;
use crate::store::approvals::ApprovalRow;
use crate::store::row::VersionRow;
use crate::store::{approvals, publishers, queue, timeline, versions};

impl Market {
    /// Approves, rejects or gives back a version. The approval that completes the number needed
    /// lists it in the same transaction.
    ///
    /// # Errors
    /// `PX-0302` for the reviewer's own publisher, `PX-0301` for a lost claim, `PX-0303` and
    /// `PX-0304` when a reason is needed, `PX-0203` when a newer version was listed meanwhile.
    pub async fn decide(
        &self,
        auth: &ReviewerAuth,
        version: VersionId,
        request: &DecisionRequest,
    ) -> AppResult<VersionView> {
        // Who loses a race to another reviewer is judged by what that one left behind.
        let mut result = self.decide_once(auth, version, request).await;
        if result.as_ref().is_err_and(AppError::is_conflict) {
            result = self.decide_once(auth, version, request).await;
        }
        result?;
        metrics::counter!("marketplace_review_decisions_total", "decision" => request.decision.as_str())
            .increment(1);
        self.version_view(&ViewerAuth::Reviewer(auth.clone()), version)
            .await
    }

    async fn decide_once(
        &self,
        auth: &ReviewerAuth,
        version: VersionId,
        request: &DecisionRequest,
    ) -> AppResult<()> {
        let mut tx = self.db().begin().await?;
        let row = versions::get_tx(&mut tx, version).await?;
        let binding = bound_to(&row);
        let given = approvals::list_tx(&mut tx, version, &binding).await?;
        let situation = Situation {
            row: &row,
            approvals: &given,
            high_risk_approvers: self.config().high_risk_approvers,
            now: tx.env().now(),
        };
        match plan(auth, request, &situation)? {
            DecisionPlan::List { overrule } => {
                self.approve(&mut tx, auth, &row, request, overrule.as_deref())
                    .await?;
            }
            DecisionPlan::Wait { missing } => {
                wait(&mut tx, auth, &row, missing).await?;
            }
            DecisionPlan::Reject(why) => {
                self.send_back(&mut tx, auth, &row, VersionState::Rejected, &why)
                    .await?;
            }
            DecisionPlan::RequestChanges(why) => {
                self.send_back(&mut tx, auth, &row, VersionState::ChangesRequested, &why)
                    .await?;
            }
        }
        Ok(tx.commit().await?)
    }

    async fn approve(
        &self,
        tx: &mut Tx,
        auth: &ReviewerAuth,
        row: &VersionRow,
        request: &DecisionRequest,
        overrule: Option<&str>,
    ) -> AppResult<()> {
        // First, so that two versions of one plugin are compared one after the other.
        publishers::lock_plugin(tx, &row.plugin).await?;
        let row = unblock(tx, auth, row, overrule).await?;
        let given = add_approval(tx, auth, &row).await?;
        let change = Step {
            actor: &auth.actor,
            to: VersionState::Approved,
            action: "review.approved",
            note: request.notes.as_deref(),
            detail: json!({ "approvers": given, "overruled": overrule, "boundTo": bound_to(&row) }),
        };
        let row = step(tx, &row, change).await?;
        self.pass(&row, "approved", When::Before).await?;
        queue::set_notes(tx, row.id, request.notes.as_deref()).await?;
        let row = versions::get_tx(tx, row.id).await?;
        queue::unclaim(tx, &row).await?;
        let row = versions::get_tx(tx, row.id).await?;
        self.list_version(tx, &auth.actor, &row).await
    }

    async fn send_back(
        &self,
        tx: &mut Tx,
        auth: &ReviewerAuth,
        row: &VersionRow,
        to: VersionState,
        why: &str,
    ) -> AppResult<()> {
        let row = if row.state == VersionState::Blocked && to == VersionState::ChangesRequested {
            unblock(tx, auth, row, None).await?
        } else {
            row.clone()
        };
        let action = if to == VersionState::Rejected {
            "review.rejected"
        } else {
            "review.changes_requested"
        };
        let change = Step {
            actor: &auth.actor,
            to,
            action,
            note: Some(why),
            detail: json!({}),
        };
        let row = step(tx, &row, change).await?;
        queue::unclaim(tx, &row).await?;
        queue::set_notes(tx, row.id, Some(why)).await?;
        self.stop_clock(tx, &row).await?;
        tx.emit(NewEvent {
            kind: event_type::REJECTED,
            source: self.source(),
            subject: row.id.to_string(),
            data: with_reason(&row, why),
        })
        .await?;
        self.tell_publisher_sent_back(tx, &row, why).await
    }
}

/// The event's data: the version and why.
pub(crate) fn with_reason(row: &VersionRow, why: &str) -> Value {
    let mut data = current(row);
    data["reason"] = json!(why);
    data
}

/// A blocked version that a person takes up is in review again, on record.
async fn unblock(
    tx: &mut Tx,
    auth: &ReviewerAuth,
    row: &VersionRow,
    overrule: Option<&str>,
) -> AppResult<VersionRow> {
    if row.state != VersionState::Blocked {
        return Ok(row.clone());
    }
    let change = Step {
        actor: &auth.actor,
        to: VersionState::InReview,
        action: "review.overruled",
        note: overrule,
        detail: json!({ "verdict": row.verdict, "findings": row.findings }),
    };
    step(tx, row, change).await
}

async fn add_approval(
    tx: &mut Tx,
    auth: &ReviewerAuth,
    row: &VersionRow,
) -> AppResult<Vec<String>> {
    let mine = ApprovalRow {
        account: auth.account.clone(),
        name: auth.actor.name.clone(),
    };
    let binding = bound_to(row);
    approvals::add(tx, row.id, &mine, &binding).await?;
    let all = approvals::list_tx(tx, row.id, &binding).await?;
    Ok(all.into_iter().map(|a| a.account).collect())
}

/// Records one approval of several and gives the review back to the queue.
async fn wait(tx: &mut Tx, auth: &ReviewerAuth, row: &VersionRow, missing: u32) -> AppResult<()> {
    queue::unclaim(tx, row).await?;
    let given = add_approval(tx, auth, row).await?;
    let note = format!(
        "approved by {}; {missing} more approval needed",
        auth.actor.name
    );
    timeline::add(tx, row.id, row.state, &auth.actor.name, Some(&note));
    let detail = json!({ "approvers": given, "missing": missing, "boundTo": bound_to(row) });
    record(tx, &auth.actor, "review.approval", row, detail).await?;
    Ok(())
}
