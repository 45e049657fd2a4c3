//! Approvals given so far, each bound to the bytes and capabilities that were looked at.

use px_model::VersionId;
use px_store::{Db, Result, Tx, vals};

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRow {
    /// Account that approved.
    pub account: String,
    /// Its name.
    pub name: String,
}

/// Records an approval; the same twice is one.
///
/// # Errors
/// When the engine is away.
pub async fn add(
    tx: &mut Tx,
    version: VersionId,
    approval: &ApprovalRow,
    bound_to: &str,
) -> Result<()> {
    let now = tx.env().now();
    tx.exec(
        "INSERT INTO approvals (version, account, name, bound_to, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (version, account, bound_to) DO NOTHING",
        vals![version, &approval.account, &approval.name, bound_to, now],
    )
    .await?;
    Ok(())
}

/// Approvals for exactly `bound_to`, oldest first.
///
/// # Errors
/// When the engine is away.
pub async fn list_tx(tx: &mut Tx, version: VersionId, bound_to: &str) -> Result<Vec<ApprovalRow>> {
    let rows = tx
        .rows(
            "SELECT account, name FROM approvals WHERE version = $1 AND bound_to = $2 ORDER BY at, account",
            vals![version, bound_to],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// As [`list_tx`], outside a transaction.
///
/// # Errors
/// When the engine is away.
pub async fn list(db: &Db, version: VersionId, bound_to: &str) -> Result<Vec<ApprovalRow>> {
    let rows = db
        .rows(
            "SELECT account, name FROM approvals WHERE version = $1 AND bound_to = $2 ORDER BY at, account",
            vals![version, bound_to],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &px_store::Row) -> Result<ApprovalRow> {
    Ok(ApprovalRow {
        account: row.text("account")?,
        name: row.text("name")?,
    })
}
