//! What tenants have to do with a plugin: installed, subscribed.

use px_model::{AuditId, Channel, PluginId, TenantId};
use px_store::{Actor, AuditEntry, Result, Row, Tx, vals};
use serde_json::json;

use super::install_row::from_json;
use crate::app::authority::TenantScope;
use crate::app::news::Holding;

/// Tenants within reach that have the plugin or asked to be told about it.
///
/// # Errors
/// When the engine is away.
pub async fn of_plugin(
    tx: &mut Tx,
    scope: &TenantScope,
    plugin: &PluginId,
) -> Result<Vec<Holding>> {
    let rows = tx
        .rows(
            "SELECT t.id AS tenant, t.name AS name, t.ring AS ring, i.committed AS committed,
                 i.policy AS policy, i.channel AS channel, s.channel AS subscribed
             FROM tenants t
             LEFT JOIN installed i ON i.tenant = t.id AND i.plugin = $1 AND i.committed IS NOT NULL
             LEFT JOIN subscriptions s ON s.tenant = t.id AND s.plugin = $1
             WHERE (i.plugin IS NOT NULL OR s.plugin IS NOT NULL) AND ($2 IS NULL OR t.id = $2)
             ORDER BY t.id",
            vals![plugin, scope.tenant()],
        )
        .await?;
    rows.iter().map(holding).collect()
}

fn holding(row: &Row) -> Result<Holding> {
    let installed = match from_json(row, "committed")? {
        None => None,
        Some(release) => Some((release, row.parse("policy")?, row.parse("channel")?)),
    };
    Ok(Holding {
        tenant: row.parse("tenant")?,
        name: row.text("name")?,
        internal: row.text("ring")? == "internal",
        installed,
        subscribed: row.opt_parse("subscribed")?,
    })
}

/// Remembers that a tenant wants to be told about a plugin.
///
/// # Errors
/// When the engine is away.
pub async fn subscribe(
    tx: &mut Tx,
    actor: &Actor,
    tenant: TenantId,
    plugin: &PluginId,
    channel: Channel,
) -> Result<AuditId> {
    let now = tx.env().now();
    tx.exec(
        "INSERT INTO subscriptions (tenant, plugin, channel, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, plugin) DO UPDATE SET channel = $3",
        vals![tenant, plugin, channel, now],
    )
    .await?;
    audit(tx, actor, "subscription.made", tenant, plugin).await
}

/// Forgets it; answers whether there was something to forget.
///
/// # Errors
/// When the engine is away.
pub async fn unsubscribe(
    tx: &mut Tx,
    actor: &Actor,
    tenant: TenantId,
    plugin: &PluginId,
) -> Result<AuditId> {
    tx.exec(
        "DELETE FROM subscriptions WHERE tenant = $1 AND plugin = $2",
        vals![tenant, plugin],
    )
    .await?;
    audit(tx, actor, "subscription.ended", tenant, plugin).await
}

async fn audit(
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    tenant: TenantId,
    plugin: &PluginId,
) -> Result<AuditId> {
    tx.audit(AuditEntry {
        actor: actor.clone(),
        action: action.to_owned(),
        subject: plugin.to_string(),
        tenant: Some(tenant),
        detail: json!({}),
    })
    .await
}
