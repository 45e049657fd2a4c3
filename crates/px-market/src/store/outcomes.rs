//! What became of versions at tenants.

use px_api::market::OutcomeReport;
use px_model::{InstallationId, VersionId};
use px_store::{Db, Result, Tx, vals};

/// Writes a report; answers whether it is new.
///
/// # Errors
/// When the engine is away.
pub async fn insert(
    tx: &mut Tx,
    installation: InstallationId,
    outcome: &str,
    report: &OutcomeReport,
) -> Result<bool> {
    let now = tx.env().now();
    let millis = report
        .seconds
        .filter(|s| s.is_finite())
        .map(|s| (s * 1000.0) as i64);
    let written = tx
        .exec(
            "INSERT INTO outcomes (installation, report_id, tenant_ref, plugin, version, install, outcome, reason, code,
                 at, millis, received_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (installation, report_id) DO NOTHING",
            vals![
                installation, &report.report_id, &report.tenant_ref, &report.plugin_id, report.version_id,
                report.install_id, outcome, report.reason.as_deref(), report.code.as_deref(), report.at, millis, now
            ],
        )
        .await?;
    Ok(written == 1)
}

/// Notes that a tenant has a version installed.
///
/// # Errors
/// When the engine is away.
pub async fn installed(
    tx: &mut Tx,
    installation: InstallationId,
    report: &OutcomeReport,
) -> Result<()> {
    tx.exec(
        "INSERT INTO plugin_installs (plugin, installation, tenant_ref, version, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (plugin, installation, tenant_ref) DO UPDATE SET version = excluded.version, at = excluded.at",
        vals![&report.plugin_id, installation, &report.tenant_ref, report.version_id, report.at],
    )
    .await?;
    Ok(())
}

/// Reports of one kind about a version so far.
///
/// # Errors
/// When the engine is away.
pub async fn count_tx(tx: &mut Tx, version: VersionId, outcome: &str) -> Result<u64> {
    let row = tx
        .one(
            "count",
            "SELECT COUNT(*) AS n FROM outcomes WHERE version = $1 AND outcome = $2",
            vals![version, outcome],
        )
        .await?;
    super::row::unsigned(&row, "n")
}

/// Reports about a version by kind.
///
/// # Errors
/// When the engine is away.
pub async fn counts(db: &Db, version: VersionId) -> Result<Vec<(String, u64)>> {
    let rows = db
        .rows(
            "SELECT outcome, COUNT(*) AS n FROM outcomes WHERE version = $1 GROUP BY outcome ORDER BY outcome",
            vals![version],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.text("outcome")?, super::row::unsigned(row, "n")?)))
        .collect()
}
