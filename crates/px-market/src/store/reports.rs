//! Reports of the automated checks, one per round of a version.

use px_model::{Digest, VersionId};
use px_store::{Db, Result, Tx, vals};
use serde_json::Value;

use super::row::VersionRow;

/// A report as stored.
#[derive(Debug, Clone)]
pub struct ReportRow {
    /// Bundle it speaks of.
    pub sha256: Digest,
    /// `clean`, `needs_person`, `blocked` or `held`.
    pub verdict: String,
    /// The report.
    pub body: Value,
    /// The same, signed by the Marketplace; none while the checks are under way.
    pub envelope: Option<Value>,
}

/// Writes or replaces the report of a version's present round, and its verdict on the version.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when the version left the scan or began another round.
pub async fn put(tx: &mut Tx, row: &VersionRow, report: &ReportRow, findings: u32) -> Result<()> {
    let now = tx.env().now();
    tx.exec_one(
        "version",
        "UPDATE versions SET verdict = $1, findings = $2, revision = revision + 1
         WHERE id = $3 AND state = $4 AND round = $5",
        vals![&report.verdict, findings, row.id, row.state, row.round],
    )
    .await?;
    tx.exec(
        "INSERT INTO reports (version, round, sha256, verdict, body, envelope, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (version, round) DO UPDATE SET sha256 = excluded.sha256, verdict = excluded.verdict,
             body = excluded.body, envelope = excluded.envelope, at = excluded.at",
        vals![row.id, row.round, report.sha256, &report.verdict, &report.body, report.envelope.as_ref(), now],
    )
    .await?;
    Ok(())
}

/// The newest report of a version.
///
/// # Errors
/// When the engine is away.
pub async fn newest(db: &Db, version: VersionId) -> Result<Option<ReportRow>> {
    db.opt(
        "SELECT * FROM reports WHERE version = $1 ORDER BY round DESC LIMIT 1",
        vals![version],
    )
    .await?
    .map(|row| {
        Ok(ReportRow {
            sha256: row.parse("sha256")?,
            verdict: row.text("verdict")?,
            body: row.json("body")?,
            envelope: super::row::opt_json(&row, "envelope")?,
        })
    })
    .transpose()
}

/// How many of the newest `limit` reports there are, and how many of those did not block.
///
/// # Errors
/// When the engine is away.
pub async fn pass_rate(db: &Db, limit: u32) -> Result<(i64, i64)> {
    let row = db
        .one(
            "count",
            "SELECT COUNT(*) AS n, CAST(COALESCE(SUM(CASE WHEN verdict = 'blocked' THEN 0 ELSE 1 END), 0) AS BIGINT) AS passed
             FROM (SELECT verdict FROM reports WHERE envelope IS NOT NULL ORDER BY at DESC LIMIT $1) AS recent",
            vals![limit],
        )
        .await?;
    Ok((row.int("n")?, row.int("passed")?))
}
