//! The one way a version changes its state: checked, optimistic, on its timeline, audited.

use px_model::{AuditId, VersionState};
use px_store::{Actor, AuditEntry, Tx};
use serde_json::{Value, json};

use super::error::AppResult;
use crate::store::row::VersionRow;
use crate::store::{timeline, versions};
use px_api::{Code, Problem};

/// A change of state to be made.
pub(crate) struct Step<'a> {
    /// Who makes it.
    pub actor: &'a Actor,
    /// State to enter.
    pub to: VersionState,
    /// Audit action: `version.submitted`.
    pub action: &'static str,
    /// Why, for the timeline.
    pub note: Option<&'a str>,
    /// More for the audit entry.
    pub detail: Value,
}

/// Makes the change and answers the row as it is now.
///
/// # Errors
/// `PX-0205` with the current state when the table of states does not contain the step;
/// [`px_store::StoreError::Stale`] when the version changed since it was read.
pub(crate) async fn step(tx: &mut Tx, row: &VersionRow, step: Step<'_>) -> AppResult<VersionRow> {
    row.state
        .advance(step.to)
        .map_err(|e| wrong_state(row, &e.to_string()))?;
    tx.leaves("version", row.state.as_str(), row.name_and_version());
    versions::set_state(tx, row, step.to).await?;
    timeline::add(tx, row.id, step.to, &step.actor.name, step.note);
    let detail = json!({
        "from": row.state, "to": step.to, "plugin": row.plugin, "version": row.version,
        "sha256": row.sha256, "reason": step.note, "more": step.detail,
    });
    record(tx, step.actor, step.action, row, detail).await?;
    Ok(versions::get_tx(tx, row.id).await?)
}

/// Writes an audit entry about a version.
pub(crate) async fn record(
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    row: &VersionRow,
    detail: Value,
) -> AppResult<AuditId> {
    Ok(tx
        .audit(AuditEntry {
            actor: actor.clone(),
            action: action.to_owned(),
            subject: row.id.to_string(),
            tenant: None,
            detail,
        })
        .await?)
}

/// `PX-0205` with what the version is now.
pub(crate) fn wrong_state(row: &VersionRow, detail: &str) -> Problem {
    Problem::new(Code::WrongState, detail).with_current(current(row))
}

/// The state of a version, for conflict answers.
pub(crate) fn current(row: &VersionRow) -> Value {
    json!({
        "versionId": row.id, "reviewId": row.review, "pluginId": row.plugin, "version": row.version,
        "channel": row.channel, "state": row.state, "sha256": row.sha256, "size": row.size,
    })
}
