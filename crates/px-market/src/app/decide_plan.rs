//! What a reviewer's decision leads to; nothing is written here.

use jiff::Timestamp;
use px_api::market::DecisionRequest;
use px_api::{Code, Problem};
use px_model::{Decision, Risk, VersionState};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::authority::ReviewerAuth;
use super::error::AppResult;
use super::queue::{foreign_claim, not_own, waiting};
use crate::store::approvals::ApprovalRow;
use crate::store::row::VersionRow;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionPlan {
    /// Enough reviewers approve: list it, overruling findings when a reason is given.
    List {
        /// Why blocking findings or a missing report do not count.
        overrule: Option<String>,
    },
    /// One approval more; this many are still missing.
    Wait {
        /// Approvals still missing.
        missing: u32,
    },
    /// Never list it.
    Reject(String),
    /// Give it back.
    RequestChanges(String),
}

/// What the decision is made from.
pub struct Situation<'a> {
    /// The version.
    pub row: &'a VersionRow,
    /// Approvals for exactly these bytes and capabilities.
    pub approvals: &'a [ApprovalRow],
    /// Approvals a version of high risk needs.
    pub high_risk_approvers: u32,
    /// Now.
    pub now: Timestamp,
}

/// What approvals are bound to: the bytes and the capabilities that were looked at.
#[must_use]
pub fn bound_to(row: &VersionRow) -> String {
    let mut permissions: Vec<String> = row.permissions.iter().map(ToString::to_string).collect();
    permissions.sort_unstable();
    let mut hasher = Sha256::new();
    hasher.update(row.sha256.as_bytes());
    for permission in permissions {
        hasher.update(b"\n");
        hasher.update(permission);
    }
    hex::encode(hasher.finalize())
}

/// Approvals a version needs.
#[must_use]
pub fn approvers_needed(risk: Risk, high_risk: u32) -> u32 {
    if risk == Risk::High {
        high_risk.max(1)
    } else {
        1
    }
}

/// What a decision leads to.
///
/// # Errors
/// `PX-0302`, `PX-0205`, `PX-0301`, `PX-0303`, `PX-0304`, `PX-0005`.
pub fn plan(
    auth: &ReviewerAuth,
    request: &DecisionRequest,
    at: &Situation<'_>,
) -> AppResult<DecisionPlan> {
    not_own(auth, at.row)?;
    waiting(at.row)?;
    foreign_claim(auth, at.row, at.now)?;
    own_claim(request, at)?;
    match request.decision {
        Decision::Reject => Ok(DecisionPlan::Reject(reason(request)?)),
        Decision::RequestChanges => Ok(DecisionPlan::RequestChanges(reason(request)?)),
        Decision::Approve => {
            let overrule = overrule(request, at.row)?;
            named_have_approved(auth, request, at.approvals)?;
            Ok(count(auth, at, overrule))
        }
    }
}

fn count(auth: &ReviewerAuth, at: &Situation<'_>, overrule: Option<String>) -> DecisionPlan {
    let others = at
        .approvals
        .iter()
        .filter(|a| a.account != auth.account)
        .count();
    let given = u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1);
    let needed = approvers_needed(at.row.risk, at.high_risk_approvers);
    match needed.saturating_sub(given) {
        0 => DecisionPlan::List { overrule },
        missing => DecisionPlan::Wait { missing },
    }
}

/// A claim token that is sent must be the newest one and must still hold.
fn own_claim(request: &DecisionRequest, at: &Situation<'_>) -> AppResult<()> {
    let Some(token) = request.claim_token else {
        return Ok(());
    };
    if token == at.row.claim_token && at.row.live_claim(at.now).is_some() {
        return Ok(());
    }
    Err(
        Problem::new(Code::ClaimLost, "the claim has expired or was taken over")
            .with_current(json!({
                "claimToken": at.row.claim_token,
                "claimedBy": at.row.live_claim(at.now).map(|c| c.name.clone()),
            }))
            .into(),
    )
}

fn text(value: Option<&String>) -> Option<String> {
    value.map(|v| v.trim().to_owned()).filter(|v| !v.is_empty())
}

fn reason(request: &DecisionRequest) -> AppResult<String> {
    text(request.notes.as_ref()).ok_or_else(|| {
        Problem::new(
            Code::ReasonRequired,
            "say why, so that the author can act on it",
        )
        .field(
            "/notes",
            "it is empty",
            "Name what must change, or why it can never be listed",
        )
        .into()
    })
}

/// Whether findings have to be overruled, and why they may be.
fn overrule(request: &DecisionRequest, row: &VersionRow) -> AppResult<Option<String>> {
    let given = text(request.overrule_reason.as_ref());
    if row.facts.is_none() {
        return Err(Problem::new(
            Code::ReportIncomplete,
            "the bundle could not be read, so there is nothing that could be listed",
        )
        .with_current(json!({ "verdict": row.verdict }))
        .into());
    }
    match (row.verdict.as_deref(), row.state) {
        (Some("clean" | "needs_person"), VersionState::InReview) => Ok(None),
        (Some("blocked"), _) => given.map(Some).ok_or_else(|| {
            Problem::new(
                Code::ReasonRequired,
                "the report has findings that block listing",
            )
            .field(
                "/overruleReason",
                "it is missing",
                "Say why the findings do not matter here",
            )
            .into()
        }),
        _ => given.map(Some).ok_or_else(|| {
            Problem::new(
                Code::ReportIncomplete,
                "not every required check has been made",
            )
            .field(
                "/overruleReason",
                "it is missing",
                "Wait, or say why it may be listed without",
            )
            .with_current(json!({ "verdict": row.verdict }))
            .into()
        }),
    }
}

/// Naming an approver never replaces their own decision.
fn named_have_approved(
    auth: &ReviewerAuth,
    request: &DecisionRequest,
    approvals: &[ApprovalRow],
) -> AppResult<()> {
    let mut problem = Problem::new(Code::InvalidField, "an approver named has not approved");
    for (n, name) in request.approvers.iter().enumerate() {
        let known = *name == auth.account
            || *name == auth.actor.name
            || approvals
                .iter()
                .any(|a| a.account == *name || a.name == *name);
        if !known {
            problem = problem.field(
                &format!("/approvers/{n}"),
                format!("`{name}` has not approved these bytes and permissions"),
                "Every reviewer approves with their own account",
            );
        }
    }
    if problem.errors.is_empty() {
        Ok(())
    } else {
        Err(problem.into())
    }
}
