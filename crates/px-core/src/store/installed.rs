//! What serves each tenant: the rows the gateway's table is made of.

use jiff::Timestamp;
use px_model::{
    Channel, InstallId, InstallState, Permission, PluginId, Risk, TenantId, UpgradePolicy,
};
use px_store::{Db, Result, Row, Tx, vals};

use super::install_row::from_json;
use crate::app::authority::TenantScope;
use crate::app::install::Install;
use crate::app::route::{Release, Route};

/// A plugin of a tenant.
#[derive(Debug, Clone)]
pub struct Installed {
    /// What serves.
    pub route: Route,
    /// Permissions of the version that serves for good.
    pub permissions: Vec<Permission>,
    /// Runtime kind.
    pub kind: String,
    /// Risk of the permissions granted.
    pub risk: Risk,
    /// Install whose candidate is on probation.
    pub candidate_install: Option<InstallId>,
    /// Install that made the committed version permanent.
    pub commit_install: Option<InstallId>,
    /// Until when the previous version is kept.
    pub pinned_until: Option<Timestamp>,
    /// What happens when a new version is listed.
    pub policy: UpgradePolicy,
    /// Channel followed.
    pub channel: Channel,
    /// `healthy`, `degraded`, `down` or `idle`.
    pub health: String,
}

/// Puts a candidate in place; for a first install the row is made.
///
/// # Errors
/// When the engine is away.
pub async fn activate(tx: &mut Tx, install: &Install) -> Result<Route> {
    let now = tx.env().now();
    let kind = install.facts.as_ref().map_or("wasm", |f| f.kind.as_str());
    let risk = crate::app::install::resolve::risk(&install.granted);
    let candidate = serde_json::to_string(&install.release())?;
    tx.exec(
        "INSERT INTO installed (tenant, plugin, name, kind, risk, candidate, candidate_install,
             permissions, policy, channel, secret, health, held, beat, generation, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'notify', $9, $10, 'idle', 0, 0, 1, $11)
         ON CONFLICT (tenant, plugin) DO UPDATE SET candidate = $6, candidate_install = $7,
             beat = installed.beat + 1, generation = installed.generation + 1, changed_at = $11",
        vals![
            install.tenant,
            &install.plugin,
            &install.name,
            kind,
            risk,
            candidate,
            install.id,
            serde_json::to_string(&install.granted)?,
            install
                .listed
                .as_ref()
                .map_or(Channel::Stable, |l| l.channel),
            &install.secret,
            now
        ],
    )
    .await?;
    route_in(tx, install.tenant, &install.plugin).await
}

/// Makes the candidate permanent and keeps the version before it until `pinned_until`.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when the candidate is not this install's any more.
pub async fn commit(tx: &mut Tx, install: &Install, pinned_until: Timestamp) -> Result<Route> {
    let now = tx.env().now();
    let facts = install.facts.as_ref();
    tx.exec_one(
        "candidate",
        "UPDATE installed SET previous = committed, committed = candidate, candidate = NULL,
             candidate_install = NULL, commit_install = $1, pinned_until = $2, permissions = $3,
             risk = $4, kind = $5, name = $6, held = 0, health = 'healthy',
             generation = generation + 1, changed_at = $7
         WHERE tenant = $8 AND plugin = $9 AND candidate_install = $1",
        vals![
            install.id,
            pinned_until,
            serde_json::to_string(&install.granted)?,
            crate::app::install::resolve::risk(&install.granted),
            facts.map_or("wasm", |f| f.kind.as_str()),
            &install.name,
            now,
            install.tenant,
            &install.plugin
        ],
    )
    .await?;
    route_in(tx, install.tenant, &install.plugin).await
}

/// Takes an install's version off the data plane: its candidate is cleared, or, after the commit,
/// the previous version becomes the permanent one again. Repeating it changes nothing.
///
/// # Errors
/// When the engine is away.
pub async fn take_back(tx: &mut Tx, install: &Install) -> Result<Option<Route>> {
    let now = tx.env().now();
    tx.exec(
        "UPDATE installed SET candidate = NULL, candidate_install = NULL,
             generation = generation + 1, changed_at = $1
         WHERE tenant = $2 AND plugin = $3 AND candidate_install = $4",
        vals![now, install.tenant, &install.plugin, install.id],
    )
    .await?;
    if let Some(previous) = install.previous.as_ref().filter(|_| install.was_committed) {
        tx.exec(
            "UPDATE installed SET committed = $1, previous = NULL, pinned_until = NULL,
                 commit_install = NULL, generation = generation + 1, changed_at = $2
             WHERE tenant = $3 AND plugin = $4 AND commit_install = $5",
            vals![
                serde_json::to_string(previous)?,
                now,
                install.tenant,
                &install.plugin,
                install.id
            ],
        )
        .await?;
    }
    let row = tx
        .opt(
            "SELECT * FROM installed WHERE tenant = $1 AND plugin = $2",
            vals![install.tenant, &install.plugin],
        )
        .await?;
    row.map(|row| from_row(&row).map(|i| i.route)).transpose()
}

/// A sign of life for the candidate of an install that is still held with `install.generation`.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when the install was taken over.
pub async fn beat(db: &Db, install: &Install) -> Result<Route> {
    let mut tx = db.begin().await?;
    let now = tx.env().now();
    tx.exec_one(
        "install",
        "UPDATE installed SET beat = beat + 1, changed_at = $1
         WHERE tenant = $2 AND plugin = $3 AND candidate_install = $4
           AND EXISTS (SELECT 1 FROM installs i WHERE i.id = $4 AND i.generation = $5 AND i.state = $6)",
        vals![
            now,
            install.tenant,
            &install.plugin,
            install.id,
            install.generation,
            InstallState::Probation
        ],
    )
    .await?;
    let route = route_in(&mut tx, install.tenant, &install.plugin).await?;
    tx.commit().await?;
    Ok(route)
}

/// Notes the health seen, and whether requests are to be answered with a maintenance notice.
///
/// # Errors
/// When the engine is away.
pub async fn health(
    tx: &mut Tx,
    scope: &TenantScope,
    tenant: TenantId,
    plugin: &PluginId,
    health: &str,
    held: bool,
) -> Result<()> {
    let now = tx.env().now();
    tx.exec(
        "UPDATE installed SET health = $1, held = $2, changed_at = $3
         WHERE tenant = $4 AND plugin = $5 AND ($6 IS NULL OR tenant = $6)
           AND (health <> $1 OR held <> $2)",
        vals![health, held, now, tenant, plugin, scope.tenant()],
    )
    .await?;
    Ok(())
}

/// Notes how the running version is doing; a held plugin stays held.
///
/// # Errors
/// When the engine is away.
pub async fn pulse(
    tx: &mut Tx,
    scope: &TenantScope,
    tenant: TenantId,
    plugin: &PluginId,
    health: &str,
) -> Result<()> {
    tx.exec(
        "UPDATE installed SET health = $1 WHERE tenant = $2 AND plugin = $3
           AND held = 0 AND ($4 IS NULL OR tenant = $4)",
        vals![health, tenant, plugin, scope.tenant()],
    )
    .await?;
    Ok(())
}

/// Plugins whose tenants get a maintenance notice.
///
/// # Errors
/// When the engine is away.
pub async fn held(db: &Db, scope: &TenantScope) -> Result<Vec<Installed>> {
    let rows = db
        .rows(
            "SELECT * FROM installed WHERE held = 1 AND ($1 IS NULL OR tenant = $1)",
            vals![scope.tenant()],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Sets policy and channel.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when the plugin is not installed for the tenant.
pub async fn set_policy(
    tx: &mut Tx,
    scope: &TenantScope,
    tenant: TenantId,
    plugin: &PluginId,
    policy: UpgradePolicy,
    channel: Option<Channel>,
) -> Result<()> {
    let now = tx.env().now();
    tx.exec_one(
        "installed plugin",
        "UPDATE installed SET policy = $1, channel = COALESCE($2, channel), changed_at = $3
         WHERE tenant = $4 AND plugin = $5 AND committed IS NOT NULL AND ($6 IS NULL OR tenant = $6)",
        vals![policy, channel, now, tenant, plugin, scope.tenant()],
    )
    .await
}

/// One plugin of a tenant.
///
/// # Errors
/// When the engine is away.
pub async fn get(
    db: &Db,
    scope: &TenantScope,
    tenant: TenantId,
    plugin: &PluginId,
) -> Result<Option<Installed>> {
    let row = db
        .opt(
            "SELECT * FROM installed WHERE tenant = $1 AND plugin = $2 AND ($3 IS NULL OR tenant = $3)",
            vals![tenant, plugin, scope.tenant()],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// As [`get`], inside a transaction.
///
/// # Errors
/// When the engine is away.
pub async fn get_in(
    tx: &mut Tx,
    scope: &TenantScope,
    tenant: TenantId,
    plugin: &PluginId,
) -> Result<Option<Installed>> {
    let row = tx
        .opt(
            "SELECT * FROM installed WHERE tenant = $1 AND plugin = $2 AND ($3 IS NULL OR tenant = $3)",
            vals![tenant, plugin, scope.tenant()],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The route of one plugin of a tenant, inside a transaction.
///
/// # Errors
/// When the engine is away.
pub async fn route_of(
    tx: &mut Tx,
    scope: &TenantScope,
    tenant: TenantId,
    plugin: &PluginId,
) -> Result<Option<Route>> {
    let row = get_in(tx, scope, tenant, plugin).await?;
    Ok(row.map(|row| row.route))
}

/// Plugins within reach that have a version or a candidate.
///
/// # Errors
/// When the engine is away.
pub async fn list(
    db: &Db,
    scope: &TenantScope,
    plugin: Option<&PluginId>,
) -> Result<Vec<Installed>> {
    let rows = db
        .rows(
            "SELECT * FROM installed WHERE ($1 IS NULL OR tenant = $1) AND ($2 IS NULL OR plugin = $2)
             AND (committed IS NOT NULL OR candidate IS NOT NULL) ORDER BY plugin, tenant",
            vals![scope.tenant(), plugin],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Rows changed at or after `since`, for the gateway's table of every tenant.
///
/// # Errors
/// When the engine is away.
pub async fn changed_since(db: &Db, since: Timestamp) -> Result<Vec<Route>> {
    let rows = db
        .rows(
            "SELECT * FROM installed WHERE changed_at >= $1",
            vals![since],
        )
        .await?;
    rows.iter()
        .map(|row| from_row(row).map(|i| i.route))
        .collect()
}

async fn route_in(tx: &mut Tx, tenant: TenantId, plugin: &PluginId) -> Result<Route> {
    let row = tx
        .one(
            "installed plugin",
            "SELECT * FROM installed WHERE tenant = $1 AND plugin = $2",
            vals![tenant, plugin],
        )
        .await?;
    from_row(&row).map(|i| i.route)
}

fn from_row(row: &Row) -> Result<Installed> {
    Ok(Installed {
        route: Route {
            tenant: row.parse("tenant")?,
            plugin: row.parse("plugin")?,
            name: row.text("name")?,
            committed: from_json::<Release>(row, "committed")?,
            candidate: from_json::<Release>(row, "candidate")?,
            previous: from_json::<Release>(row, "previous")?,
            secret: row.text("secret")?,
            held: row.bool("held")?,
            beat: row.int("beat")?,
            generation: row.int("generation")?,
        },
        permissions: row.json("permissions")?,
        kind: row.text("kind")?,
        risk: match row.text("risk")?.as_str() {
            "high" => Risk::High,
            "medium" => Risk::Medium,
            _ => Risk::Low,
        },
        candidate_install: row.opt_parse("candidate_install")?,
        commit_install: row.opt_parse("commit_install")?,
        pinned_until: row.opt_time("pinned_until")?,
        policy: row.parse("policy")?,
        channel: row.parse("channel")?,
        health: row.text("health")?,
    })
}
