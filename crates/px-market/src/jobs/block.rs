//! Refusing a bundle before the checks could look at it, and holding one when an engine breaks.

use px_api::Code;
use px_notify::{NewAlert, Severity, Text2, raise_alert};
use px_review::{
    CheckId, CheckResult, Finding, Outcome, Policy, Report, SubjectFacts, SubjectKind,
};
use px_store::{BlobError, TroubleKind};
use px_work::{Job, JobError};

use super::Pipeline;
use crate::Market;
use crate::app::error::AppError;
use crate::app::messages::OPERATORS;
use crate::app::scan::Conclusion;
use crate::store::row::VersionRow;

/// Why a bundle is not even looked at.
pub(super) struct Refusal {
    /// Code.
    pub code: Code,
    /// What was seen.
    pub seen: String,
    /// How to mend it.
    pub remedy: String,
}

/// Blocks the version with a report of one finding.
pub(super) async fn refuse(
    market: &Market,
    job: &Job,
    row: &VersionRow,
    refusal: &Refusal,
) -> Result<(), JobError> {
    let seen = format!("{}: {}", refusal.code.as_str(), refusal.seen);
    let finding = Finding::new(CheckId::Man03, seen, refusal.remedy.clone());
    let result = CheckResult {
        check: CheckId::Man03,
        outcome: Outcome::Findings {
            findings: vec![finding],
            omitted: 0,
        },
    };
    let subject = SubjectFacts {
        kind: SubjectKind::Bundle,
        plugin: Some(row.plugin.clone()),
        version: Some(row.version.clone()),
        digest: Some(row.sha256),
        size: Some(row.size),
        files: 0,
    };
    let report = Report::new(subject, Vec::new(), vec![result], &Policy::marketplace());
    let conclusion = Conclusion {
        verdict: "blocked",
        report: serde_json::to_value(&report).map_err(AppError::from)?,
        findings: 1,
        facts: None,
        reason: format!("{} ({})", refusal.seen, refusal.remedy),
    };
    conclude(market, job, row, &conclusion).await
}

/// Ends a review job with its conclusion, fenced.
pub(super) async fn conclude(
    market: &Market,
    job: &Job,
    row: &VersionRow,
    conclusion: &Conclusion,
) -> Result<(), JobError> {
    let mut tx = market.db().begin().await?;
    job.finish(&mut tx).await?;
    market.conclude_scan(&mut tx, row, conclusion).await?;
    px_notify::resolve_alert(&mut tx, OPERATORS, &stuck_key(row.id, row.round)).await?;
    tx.commit().await?;
    metrics::counter!("marketplace_automation_reviews_total", "verdict" => conclusion.verdict)
        .increment(1);
    Ok(())
}

fn stuck_key(version: px_model::VersionId, round: i64) -> String {
    format!("engine:{version}:{round}")
}

/// Holds the version because an engine broke: operators are told, the job comes back.
pub(super) async fn hold(
    market: &Market,
    row: &VersionRow,
    reason: &str,
) -> Result<JobError, AppError> {
    alert(market, row, reason).await?;
    metrics::counter!("marketplace_automation_reviews_total", "verdict" => "held").increment(1);
    Ok(JobError::RetryAfter(
        reason.to_owned(),
        market.config().engine_retry,
    ))
}

/// Trouble with the bundle store that asking again at once will not end holds the version, as a
/// broken engine does; other errors are the job's own.
pub(super) async fn held_by_store<T>(
    market: &Market,
    job: &Job,
    row: &VersionRow,
    result: Result<T, AppError>,
) -> Result<T, JobError> {
    match result {
        Ok(value) => Ok(value),
        Err(AppError::Blob(e @ (BlobError::Store(_) | BlobError::Altered(_))))
            if job.attempt >= QUICK || !passes(&e) =>
        {
            Err(hold(market, row, &e.to_string()).await?)
        }
        Err(e) => Err(e.into()),
    }
}

/// Tries before a store that is away counts as trouble for people.
const QUICK: u32 = 4;

fn passes(error: &BlobError) -> bool {
    matches!(error, BlobError::Store(trouble) if trouble.kind() == TroubleKind::Away)
}

/// A job of the review was given up: the version stays where it is, operators are told.
pub(super) async fn stuck(market: &Market, job: &Job, error: &str) {
    let told = async {
        let pipeline: Pipeline = job.read().map_err(|e| AppError::Fault(e.to_string()))?;
        let row = crate::store::versions::get(market.db(), pipeline.version_id).await?;
        alert(market, &row, error).await
    };
    if let Err(e) = told.await {
        tracing::error!(error = %e, kind = job.kind, "nobody could be told of a dead review job");
    }
}

async fn alert(market: &Market, row: &VersionRow, reason: &str) -> Result<(), AppError> {
    let mut tx = market.db().begin().await?;
    let name = format!("{} {}", row.plugin, row.version);
    let alert = NewAlert {
        audience: OPERATORS.to_owned(),
        severity: Severity::Warning,
        kind: "review.engine_failed".to_owned(),
        title: Text2::new(
            format!("The checks of {name} cannot be completed"),
            format!("{name} 的自动检查无法完成"),
        ),
        body: Text2::new(
            format!("{reason}\nThe version is held and tried again; nothing is listed unchecked."),
            format!("{reason}\n该版本已暂停并将自动重试；未经检查的版本不会上架。"),
        ),
        tenant: None,
        subject: Some(row.id.to_string()),
        dedup: Some(stuck_key(row.id, row.round)),
    };
    raise_alert(&mut tx, alert).await?;
    Ok(tx.commit().await?)
}
