//! What follows from an install's state, written in the transaction of the transition.

use px_api::market::{Outcome, OutcomeReport};
use px_model::InstallState;
use px_store::{Result, Tx};
use px_work::NewJob;

use crate::app::fault::Fault;
use crate::app::install::Install;

/// Kind of the job that reports an outcome to the Marketplace.
pub const REPORT_JOB: &str = "core.report";

/// Writes what follows from the state `install` has just entered.
///
/// # Errors
/// When the engine is away; the transition must then not commit.
pub async fn follow(tx: &mut Tx, install: &Install, fault: Option<&Fault>) -> Result<()> {
    if let Some(outcome) = outcome_of(install) {
        report(tx, install, outcome, fault).await?;
    }
    Ok(())
}

fn outcome_of(install: &Install) -> Option<Outcome> {
    let by_hand = install.cause.as_deref() == Some("by_hand");
    match install.state {
        InstallState::Committed => Some(Outcome::Committed),
        InstallState::Failed | InstallState::Quarantined => Some(Outcome::Failed),
        InstallState::RolledBack if by_hand => Some(Outcome::RolledBackByHand),
        InstallState::RolledBack => Some(Outcome::RolledBack),
        _ => None,
    }
}

/// Queues a report; the Marketplace tells the publisher. Versions it does not list stay here.
async fn report(
    tx: &mut Tx,
    install: &Install,
    outcome: Outcome,
    fault: Option<&Fault>,
) -> Result<()> {
    let Some(version_id) = install.version_id else {
        return Ok(());
    };
    let now = tx.env().now();
    let micros = now.as_microsecond() - install.created.as_microsecond();
    let problem = install.problem.as_ref();
    let report = OutcomeReport {
        report_id: format!("{}-{}", install.id, install.transitions),
        tenant_ref: install.tenant.to_string(),
        plugin_id: install.plugin.clone(),
        version_id,
        install_id: Some(install.id),
        outcome,
        reason: fault
            .map(|f| f.detail.clone())
            .or_else(|| problem.map(|p| p.detail.clone())),
        code: problem.map(|p| p.code.clone()),
        at: now,
        seconds: Some(micros_to_seconds(micros)),
    };
    let key = report.report_id.clone();
    let job = NewJob::new(REPORT_JOB, serde_json::to_value(report)?)
        .unique(key)
        .attempts(200);
    px_work::enqueue(tx, job).await.map(drop)
}

/// Microseconds as seconds; precise far beyond any duration shown.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "durations are far below 2^52 microseconds"
)]
pub fn micros_to_seconds(micros: i64) -> f64 {
    micros.max(0) as f64 / 1e6
}
