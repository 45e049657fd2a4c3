//! The review queue: order, claims, the SLA clock.

use jiff::Timestamp;
use px_model::{Risk, VersionId};
use px_store::{Db, Result, Tx, vals};

use super::row::{VersionRow, risk_rank};
use crate::app::clock::ReviewClock;

/// Versions waiting for a person, in the order they should be taken; blocked ones (which a person
/// may overrule) after those in review.
///
/// # Errors
/// When the engine is away.
pub async fn list(db: &Db, limit: u32) -> Result<Vec<VersionRow>> {
    let rows = db
        .rows(
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher
             WHERE v.state IN ('in_review', 'blocked')
             ORDER BY CASE WHEN v.state = 'in_review' THEN 0 ELSE 1 END, v.deadline, v.risk_rank DESC, v.id
             LIMIT $1",
            vals![limit],
        )
        .await?;
    rows.iter().map(VersionRow::from_row).collect()
}

/// Place in the queue, from 1, of a version in review.
///
/// # Errors
/// When the engine is away.
pub async fn position(db: &Db, deadline: Timestamp, risk: Risk, id: VersionId) -> Result<u32> {
    let row = db
        .one(
            "count",
            "SELECT COUNT(*) AS n FROM versions WHERE state = 'in_review' AND (deadline < $1
                 OR (deadline = $1 AND (risk_rank > $2 OR (risk_rank = $2 AND id < $3))))",
            vals![deadline, risk_rank(risk), id],
        )
        .await?;
    Ok(u32::try_from(row.int("n")? + 1).unwrap_or(u32::MAX))
}

/// Gives a review to an account until `until`, unless another account holds it.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when another account holds it or it left the queue.
pub async fn claim(
    tx: &mut Tx,
    id: VersionId,
    account: &str,
    name: &str,
    until: Timestamp,
) -> Result<()> {
    let now = tx.env().now();
    tx.exec_one(
        "claim",
        "UPDATE versions SET claim_token = claim_token + 1, claimed_by = $1, claimed_name = $2, claimed_until = $3,
             revision = revision + 1
         WHERE id = $4 AND state IN ('in_review', 'blocked')
           AND (claimed_by IS NULL OR claimed_until <= $5 OR claimed_by = $1)",
        vals![account, name, until, id, now],
    )
    .await
}

/// Takes a review out of everybody's hands.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when the version changed since it was read.
pub async fn unclaim(tx: &mut Tx, row: &VersionRow) -> Result<()> {
    tx.exec_one(
        "claim",
        "UPDATE versions SET claimed_by = NULL, claimed_name = NULL, claimed_until = NULL, revision = revision + 1
         WHERE id = $1 AND revision = $2",
        vals![row.id, row.revision],
    )
    .await
}

/// Writes the SLA clock.
///
/// # Errors
/// When the engine is away.
pub async fn set_clock(tx: &mut Tx, id: VersionId, clock: &ReviewClock) -> Result<()> {
    tx.exec_one(
        "version",
        "UPDATE versions SET clock_from = $1, clock_used = $2, deadline = $3, revision = revision + 1 WHERE id = $4",
        vals![clock.running_from, clock.used_micros, clock.deadline, id],
    )
    .await
}

/// Notes when the author submitted.
///
/// # Errors
/// When the engine is away.
pub async fn set_submitted(tx: &mut Tx, id: VersionId, at: Timestamp) -> Result<()> {
    tx.exec_one(
        "version",
        "UPDATE versions SET submitted_at = $1, revision = revision + 1 WHERE id = $2",
        vals![at, id],
    )
    .await
}

/// Writes the reasons a person gave.
///
/// # Errors
/// When the engine is away.
pub async fn set_notes(tx: &mut Tx, id: VersionId, notes: Option<&str>) -> Result<()> {
    tx.exec_one(
        "version",
        "UPDATE versions SET decision_notes = $1, revision = revision + 1 WHERE id = $2",
        vals![notes, id],
    )
    .await
}

/// Notes that somebody was warned at `percent` of the SLA; answers whether nobody had been.
///
/// # Errors
/// When the engine is away.
pub async fn set_warned(tx: &mut Tx, id: VersionId, percent: i64) -> Result<bool> {
    let touched = tx
        .exec(
            "UPDATE versions SET warned = $1, revision = revision + 1 WHERE id = $2 AND warned < $1",
            vals![percent, id],
        )
        .await?;
    Ok(touched == 1)
}

/// Versions whose clock runs: submitted, scanning or in review.
///
/// # Errors
/// When the engine is away.
pub async fn on_the_clock(db: &Db) -> Result<Vec<VersionRow>> {
    let rows = db
        .rows(
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher
             WHERE v.clock_from IS NOT NULL AND v.state IN ('submitted', 'scanning', 'in_review')",
            vals![],
        )
        .await?;
    rows.iter().map(VersionRow::from_row).collect()
}

/// Review durations in microseconds, newest listing first.
///
/// # Errors
/// When the engine is away.
pub async fn recent_durations(db: &Db, limit: u32) -> Result<Vec<i64>> {
    let rows = db
        .rows(
            "SELECT approval_micros FROM versions WHERE approval_micros IS NOT NULL ORDER BY listed_at DESC LIMIT $1",
            vals![limit],
        )
        .await?;
    rows.iter().map(|row| row.int("approval_micros")).collect()
}
