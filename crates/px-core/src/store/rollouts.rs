//! Rollouts, their batches and tenants.

use jiff::{SignedDuration, Timestamp};
use px_model::{AuditId, Channel, InstallId, PluginId, RolloutId, TenantId, Version, VersionId};
use px_store::{Actor, AuditEntry, Db, Result, Row, Tx, vals};
use serde_json::json;

use crate::app::authority::TenantScope;
use crate::app::fault::Blame;
use crate::app::rollout::{BatchRow, Member, MemberState, Ring, RolloutState, View};

/// A rollout as stored.
#[derive(Debug, Clone)]
pub struct Rollout {
    /// Its id.
    pub id: RolloutId,
    /// Plugin.
    pub plugin: PluginId,
    /// Version being rolled out.
    pub version: Version,
    /// The Marketplace's id of it.
    pub version_id: VersionId,
    /// Channel.
    pub channel: Channel,
    /// State.
    pub state: RolloutState,
    /// Why it stands still.
    pub reason: Option<String>,
    /// Fencing token.
    pub generation: i64,
    /// When it began.
    pub created: Timestamp,
}

/// Writes a rollout with its batches and tenants; `None` when the version has one already.
///
/// # Errors
/// When the engine is away.
pub async fn create(
    tx: &mut Tx,
    actor: &Actor,
    listed: (&PluginId, &Version, VersionId, Channel),
    rings: &[Ring],
    members: impl IntoIterator<Item = (TenantId, usize)>,
) -> Result<Option<RolloutId>> {
    let (plugin, version, version_id, channel) = listed;
    let id = RolloutId::from_uuid(tx.env().uuid());
    let now = tx.env().now();
    let written = tx
        .exec(
            "INSERT INTO rollouts (id, plugin, version, version_id, channel, state, generation, created_at)
             VALUES ($1, $2, $3, $4, $5, 'running', 0, $6) ON CONFLICT (version_id) DO NOTHING",
            vals![id, plugin, version, version_id, channel, now],
        )
        .await?;
    if written == 0 {
        return Ok(None);
    }
    for (index, ring) in rings.iter().enumerate() {
        tx.exec(
            "INSERT INTO rollout_batches (rollout, batch, percentage, wait_seconds, start_at)
             VALUES ($1, $2, $3, $4, $5)",
            vals![
                id,
                index,
                ring.percentage,
                ring.wait.as_secs(),
                ring.start_at
            ],
        )
        .await?;
    }
    let mut count = 0;
    for (tenant, batch) in members {
        join(tx, id, tenant, batch).await?;
        count += 1;
    }
    let detail =
        json!({"plugin": plugin, "version": version, "batches": rings.len(), "tenants": count});
    audit(tx, actor, "rollout.created", id, detail).await?;
    Ok(Some(id))
}

/// Adds a tenant to a rollout; one that is in it stays where it is.
///
/// # Errors
/// When the engine is away.
pub async fn join(tx: &mut Tx, id: RolloutId, tenant: TenantId, batch: usize) -> Result<()> {
    tx.exec(
        "INSERT INTO rollout_members (rollout, tenant, batch, state) VALUES ($1, $2, $3, 'pending')
         ON CONFLICT (rollout, tenant) DO NOTHING",
        vals![id, tenant, batch],
    )
    .await?;
    Ok(())
}

/// Changes a rollout's state, fenced by its generation, with an audit entry.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when somebody else changed it first.
pub async fn set_state(
    tx: &mut Tx,
    rollout: &Rollout,
    to: RolloutState,
    reason: Option<&str>,
    actor: &Actor,
) -> Result<AuditId> {
    let now = tx.env().now();
    let ended = !matches!(to, RolloutState::Running | RolloutState::Paused);
    tx.exec_one(
        "rollout",
        "UPDATE rollouts SET state = $1, reason = $2, generation = generation + 1, finished_at = $3
         WHERE id = $4 AND generation = $5",
        vals![
            to.as_str(),
            reason,
            ended.then_some(now),
            rollout.id,
            rollout.generation
        ],
    )
    .await?;
    let detail = json!({"from": rollout.state.as_str(), "to": to.as_str(), "reason": reason});
    audit(
        tx,
        actor,
        &format!("rollout.{}", to.as_str()),
        rollout.id,
        detail,
    )
    .await
}

async fn audit(
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    id: RolloutId,
    detail: serde_json::Value,
) -> Result<AuditId> {
    tx.audit(AuditEntry {
        actor: actor.clone(),
        action: action.to_owned(),
        subject: id.to_string(),
        tenant: None,
        detail,
    })
    .await
}

/// Failures so far are no reason to stop again.
///
/// # Errors
/// When the engine is away.
pub async fn forgive(tx: &mut Tx, id: RolloutId) -> Result<u64> {
    tx.exec(
        "UPDATE rollout_members SET state = 'forgiven' WHERE rollout = $1 AND state = 'failed'",
        vals![id],
    )
    .await
}

/// Notes that a batch began, or that it is settled.
///
/// # Errors
/// When the engine is away.
pub async fn batch_at(tx: &mut Tx, id: RolloutId, batch: usize, settled: bool) -> Result<()> {
    let now = tx.env().now();
    let sql = if settled {
        "UPDATE rollout_batches SET settled_at = $1, started_at = COALESCE(started_at, $1)
         WHERE rollout = $2 AND batch = $3 AND settled_at IS NULL"
    } else {
        "UPDATE rollout_batches SET started_at = $1
         WHERE rollout = $2 AND batch = $3 AND started_at IS NULL"
    };
    tx.exec(sql, vals![now, id, batch]).await?;
    Ok(())
}

/// Writes a tenant's state, with its install when one was started and a reason when there is one.
///
/// # Errors
/// When the engine is away.
pub async fn member(
    tx: &mut Tx,
    id: RolloutId,
    tenant: TenantId,
    state: MemberState,
    install: Option<InstallId>,
    reason: Option<&str>,
) -> Result<()> {
    tx.exec(
        "UPDATE rollout_members SET state = $1, install = COALESCE($2, install), reason = $3
         WHERE rollout = $4 AND tenant = $5",
        vals![state.as_str(), install, reason, id, tenant],
    )
    .await?;
    Ok(())
}

/// Rollouts, newest first: of one plugin when given, only open ones when asked.
///
/// # Errors
/// When the engine is away.
pub async fn list(db: &Db, plugin: Option<&PluginId>, open_only: bool) -> Result<Vec<Rollout>> {
    let rows = db
        .rows(
            "SELECT * FROM rollouts WHERE ($1 IS NULL OR plugin = $1)
               AND ($2 = 0 OR state IN ('running', 'paused'))
             ORDER BY created_at DESC, id DESC LIMIT 500",
            vals![plugin, open_only],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Open rollouts of a plugin, inside a transaction.
///
/// # Errors
/// When the engine is away.
pub async fn open_in(tx: &mut Tx, plugin: &PluginId) -> Result<Vec<Rollout>> {
    let rows = tx
        .rows(
            "SELECT * FROM rollouts WHERE plugin = $1 AND state IN ('running', 'paused')",
            vals![plugin],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// One rollout.
///
/// # Errors
/// When the engine is away.
pub async fn get(db: &Db, id: RolloutId) -> Result<Option<Rollout>> {
    let row = db
        .opt("SELECT * FROM rollouts WHERE id = $1", vals![id])
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// A rollout with its batches and those of its tenants that are within reach.
///
/// # Errors
/// When the engine is away.
pub async fn view(db: &Db, scope: &TenantScope, rollout: &Rollout) -> Result<View> {
    let batches = db
        .rows(
            "SELECT * FROM rollout_batches WHERE rollout = $1 ORDER BY batch",
            vals![rollout.id],
        )
        .await?;
    let members = db
        .rows(
            "SELECT m.tenant AS tenant, m.batch AS batch, m.state AS state, i.state AS install_state,
                 i.cause AS cause, i.blame AS blame
             FROM rollout_members m LEFT JOIN installs i ON i.id = m.install
             WHERE m.rollout = $1 AND ($2 IS NULL OR m.tenant = $2) ORDER BY m.tenant",
            vals![rollout.id, scope.tenant()],
        )
        .await?;
    Ok(View {
        state: rollout.state,
        batches: batches.iter().map(batch_from).collect::<Result<_>>()?,
        members: members.iter().map(member_from).collect::<Result<_>>()?,
    })
}

fn from_row(row: &Row) -> Result<Rollout> {
    Ok(Rollout {
        id: row.parse("id")?,
        plugin: row.parse("plugin")?,
        version: row.parse("version")?,
        version_id: row.parse("version_id")?,
        channel: row.parse("channel")?,
        state: RolloutState::from_word(&row.text("state")?),
        reason: row.opt_text("reason")?,
        generation: row.int("generation")?,
        created: row.time("created_at")?,
    })
}

fn batch_from(row: &Row) -> Result<BatchRow> {
    Ok(BatchRow {
        batch: usize::try_from(row.int("batch")?).unwrap_or(0),
        percentage: u32::try_from(row.int("percentage")?).unwrap_or(0),
        start_at: row.opt_time("start_at")?,
        wait: SignedDuration::from_secs(row.int("wait_seconds")?),
        started: row.opt_time("started_at")?,
        settled: row.opt_time("settled_at")?,
    })
}

fn member_from(row: &Row) -> Result<Member> {
    Ok(Member {
        tenant: row.parse("tenant")?,
        batch: usize::try_from(row.int("batch")?).unwrap_or(0),
        state: MemberState::from_word(&row.text("state")?),
        install: row.opt_parse("install_state")?,
        cause: row.opt_text("cause")?,
        blame: row.opt_text("blame")?.map(|w| Blame::from_word(&w)),
    })
}
