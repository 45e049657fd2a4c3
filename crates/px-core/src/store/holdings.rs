//! What tenants have to do with a plugin: installed, subscribed.

use px_model::{AuditId, Channel, PluginId, SubscriptionId, TenantId};
use px_store::{Actor, AuditEntry, Db, Result, Row, Tx, vals};
use px_work::NewJob;
use serde_json::json;

use super::install_row::from_json;
use crate::app::authority::TenantScope;
use crate::app::news::Holding;
use crate::jobs::subscriber::{About, SUBSCRIBE_JOB};

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
    changed(tx, tenant, Some(plugin)).await?;
    audit(tx, actor, "subscription.made", tenant, plugin).await
}

/// Forgets it, at the Marketplace too.
///
/// # Errors
/// When the engine is away.
pub async fn unsubscribe(
    tx: &mut Tx,
    actor: &Actor,
    tenant: TenantId,
    plugin: &PluginId,
) -> Result<AuditId> {
    let row = tx
        .opt(
            "DELETE FROM subscriptions WHERE tenant = $1 AND plugin = $2 RETURNING remote",
            vals![tenant, plugin],
        )
        .await?;
    if let Some(remote) = row
        .map(|row| row.opt_parse("remote"))
        .transpose()?
        .flatten()
    {
        enqueue(tx, tenant, plugin.clone(), Some(remote)).await?;
    }
    audit(tx, actor, "subscription.ended", tenant, plugin).await
}

/// Makes sure that a tenant that has a plugin is told about it.
///
/// # Errors
/// When the engine is away.
pub async fn follow(
    tx: &mut Tx,
    tenant: TenantId,
    plugin: &PluginId,
    channel: Channel,
) -> Result<()> {
    let now = tx.env().now();
    let made = tx
        .exec(
            "INSERT INTO subscriptions (tenant, plugin, channel, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant, plugin) DO NOTHING",
            vals![tenant, plugin, channel, now],
        )
        .await?;
    if made == 1 {
        changed(tx, tenant, Some(plugin)).await?;
    }
    Ok(())
}

/// What the Marketplace should know about a tenant's subscription, or about all of them, is
/// another thing than before: a job for each brings it in line.
///
/// # Errors
/// When the engine is away.
pub async fn changed(tx: &mut Tx, tenant: TenantId, plugin: Option<&PluginId>) -> Result<()> {
    let wish = tx.env().uuid().to_string();
    let rows = tx
        .rows(
            "UPDATE subscriptions SET wish = $1 WHERE tenant = $2 AND ($3 IS NULL OR plugin = $3)
             RETURNING plugin",
            vals![wish, tenant, plugin],
        )
        .await?;
    for row in &rows {
        enqueue(tx, tenant, row.parse("plugin")?, None).await?;
    }
    Ok(())
}

/// Jobs are not unique: one that runs already has read what was wished before, and one that finds
/// nothing to do costs one query.
async fn enqueue(
    tx: &mut Tx,
    tenant: TenantId,
    plugin: PluginId,
    end: Option<SubscriptionId>,
) -> Result<()> {
    let about = About {
        tenant,
        plugin,
        end,
    };
    let job = NewJob::new(SUBSCRIBE_JOB, serde_json::to_value(about)?);
    px_work::enqueue(tx, job.attempts(100)).await.map(drop)
}

/// A tenant's wish to be told about a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Channel.
    pub channel: Channel,
    /// The Marketplace's id of it, once that knows.
    pub remote: Option<SubscriptionId>,
    /// Another one after every change.
    pub wish: String,
    /// The wish the Marketplace knows.
    pub told: Option<String>,
}

/// A tenant's wish to be told about a plugin, when it has one.
///
/// # Errors
/// When the engine is away.
pub async fn wish(
    db: &Db,
    scope: &TenantScope,
    tenant: TenantId,
    plugin: &PluginId,
) -> Result<Option<Wish>> {
    let row = db
        .opt(
            "SELECT channel, remote, wish, told FROM subscriptions WHERE tenant = $1 AND plugin = $2
               AND ($3 IS NULL OR tenant = $3)",
            vals![tenant, plugin, scope.tenant()],
        )
        .await?;
    row.map(|row| {
        Ok(Wish {
            channel: row.parse("channel")?,
            remote: row.opt_parse("remote")?,
            wish: row.text("wish")?,
            told: row.opt_text("told")?,
        })
    })
    .transpose()
}

/// Notes that the Marketplace knows a wish, and under which id. Answers the present wish; `None`
/// when there is none any more.
///
/// # Errors
/// When the engine is away.
pub async fn subscribed(
    tx: &mut Tx,
    scope: &TenantScope,
    tenant: TenantId,
    plugin: &PluginId,
    (remote, told): (SubscriptionId, &str),
) -> Result<Option<String>> {
    let row = tx
        .opt(
            "UPDATE subscriptions SET remote = $1, told = $2, refused = NULL
             WHERE tenant = $3 AND plugin = $4 AND ($5 IS NULL OR tenant = $5) RETURNING wish",
            vals![remote, told, tenant, plugin, scope.tenant()],
        )
        .await?;
    row.map(|row| row.text("wish")).transpose()
}

/// Notes what the Marketplace has against a wish.
///
/// # Errors
/// When the engine is away.
pub async fn refused(
    tx: &mut Tx,
    scope: &TenantScope,
    tenant: TenantId,
    plugin: &PluginId,
    why: &str,
) -> Result<()> {
    tx.exec(
        "UPDATE subscriptions SET refused = $1
         WHERE tenant = $2 AND plugin = $3 AND ($4 IS NULL OR tenant = $4)",
        vals![why, tenant, plugin, scope.tenant()],
    )
    .await?;
    Ok(())
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
