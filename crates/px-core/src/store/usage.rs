//! How much a tenant's plugin was used, by the hour.

use jiff::{SignedDuration, Timestamp};
use px_model::{PluginId, TenantId};
use px_store::{Db, Result, Tx, vals};

use crate::app::authority::TenantScope;

/// What happened in one hour, or in a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hour {
    /// When the hour began.
    pub at: Timestamp,
    /// Requests passed to the plugin.
    pub requests: u64,
    /// Those among them that ended in a fault or a 5xx answer.
    pub errors: u64,
}

/// Whose use it was.
pub type Whose = (TenantId, PluginId);

/// The hour an instant belongs to.
#[must_use]
pub fn hour_of(at: Timestamp) -> Timestamp {
    let second = at.as_second().div_euclid(3600) * 3600;
    Timestamp::from_second(second).unwrap_or(at)
}

/// Adds what was counted since the last time; several processes may add to the same hour.
///
/// # Errors
/// When the engine is away.
pub async fn add(tx: &mut Tx, counted: &[(Whose, Hour)]) -> Result<()> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let rows = counted.iter().map(|((tenant, plugin), hour)| {
        let (requests, errors) = (number(hour.requests), number(hour.errors));
        vals![*tenant, plugin, hour.at, requests, errors]
    });
    let sql = "INSERT INTO usage (tenant, plugin, hour, requests, errors) VALUES {rows}
         ON CONFLICT (tenant, plugin, hour) DO UPDATE
         SET requests = usage.requests + excluded.requests, errors = usage.errors + excluded.errors";
    tx.exec_rows(sql, vals![], rows.collect()).await.map(drop)
}

/// The hours since an instant in which a plugin was used, the oldest first.
///
/// # Errors
/// When the engine is away.
pub async fn since(
    db: &Db,
    scope: &TenantScope,
    tenant: TenantId,
    plugin: &PluginId,
    from: Timestamp,
) -> Result<Vec<Hour>> {
    let rows = db
        .rows(
            "SELECT hour, requests, errors FROM usage WHERE tenant = $1 AND plugin = $2 AND hour >= $3
               AND ($4 IS NULL OR tenant = $4) ORDER BY hour",
            vals![tenant, plugin, from, scope.tenant()],
        )
        .await?;
    let number = |n: i64| u64::try_from(n).unwrap_or_default();
    rows.iter()
        .map(|row| {
            Ok(Hour {
                at: row.time("hour")?,
                requests: number(row.int("requests")?),
                errors: number(row.int("errors")?),
            })
        })
        .collect()
}

/// Forgets hours older than a month.
///
/// # Errors
/// When the engine is away.
pub async fn forget(tx: &mut Tx) -> Result<u64> {
    let month = SignedDuration::from_hours(24 * 31);
    let Ok(before) = tx.env().now().checked_sub(month) else {
        return Ok(0);
    };
    tx.exec("DELETE FROM usage WHERE hour < $1", vals![before])
        .await
}
