//! Installs: every change is fenced, and state, step, audit entry and event are one transaction.

use jiff::Timestamp;
use px_model::{
    AuditId, InstallId, InstallState, MAX_TRANSITIONS, PluginId, RolloutId, TenantId, VersionId,
};
use px_store::{Actor, AuditEntry, Db, NewEvent, Result, StoreError, Tx, vals};
use serde_json::json;

use super::install_row::{actor_json, ask_json, from_row, opt_json};
pub use super::wishes::wish;
use crate::app::authority::TenantScope;
use crate::app::fault::{Blame, Fault};
use crate::app::install::{Ask, Install};
use crate::app::ports::Unit;

/// Event type of a transition that is neither an end nor a roll-back.
pub const CHANGED: &str = "plugin.install.changed";

/// Topic that a transaction touches when somebody leaves a wish with a running install.
pub const ASKS: &str = "install.asks";

/// Why a state is entered.
#[derive(Debug, Clone, Default)]
pub struct Note<'a> {
    /// Facts worth telling.
    pub detail: String,
    /// The reason, when it is not the straight way.
    pub fault: Option<&'a Fault>,
}

impl<'a> Note<'a> {
    /// A fact on the straight way.
    pub fn fact(detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            fault: None,
        }
    }

    /// A reason to leave it.
    #[must_use]
    pub fn fault(fault: &'a Fault) -> Self {
        Self {
            detail: fault.to_string(),
            fault: Some(fault),
        }
    }
}

/// Writes a new install with its first step, audit entry and event.
///
/// # Errors
/// A conflict (see [`StoreError::is_conflict`]) when another operation on the plugin is under way.
pub async fn insert(tx: &mut Tx, source: &str, install: &Install) -> Result<AuditId> {
    tx.exec(
        "INSERT INTO installs (id, tenant, plugin, name, version, version_id, digest, size, source,
             started_by, rollout, listed, granted, secret, actor, previous, state, state_since, due_at,
             attempts, transitions, generation, active, not_before, migrated, was_committed, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
             0, 0, $20, 1, $21, 0, 0, $18)",
        vals![
            install.id,
            install.tenant,
            &install.plugin,
            &install.name,
            &install.version,
            install.version_id,
            install.digest,
            install.size,
            &install.source,
            install.trigger.as_str(),
            install.rollout,
            opt_json(install.listed.as_ref())?,
            serde_json::to_string(&install.granted)?,
            &install.secret,
            actor_json(&install.actor),
            opt_json(install.previous.as_ref())?,
            install.state,
            install.created,
            install.due,
            install.generation,
            install.not_before
        ],
    )
    .await?;
    record(tx, source, install, None, &install.actor, &Note::default()).await
}

/// Enters a state. A wish that somebody left in the meantime stays until the install ends, and keeps
/// it from being committed. The row must still be of the generation and state `install` was read with.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it or left a wish first; then the transaction must be dropped.
pub async fn enter(
    tx: &mut Tx,
    source: &str,
    install: &mut Install,
    to: InstallState,
    actor: &Actor,
    note: &Note<'_>,
) -> Result<AuditId> {
    let from = install.state;
    from.advance(to).map_err(|e| StoreError::Corrupt {
        column: "state".to_owned(),
        found: install.id.to_string(),
        reason: e.to_string(),
    })?;
    let now = tx.env().now();
    let before = install.generation;
    tx.leaves("install", from.as_str(), install.tenant);
    apply(install, to, now, note);
    tx.exec_one(
        "install",
        "UPDATE installs SET state = $1, state_since = $2, due_at = $2, attempts = 0,
             transitions = $3, generation = $4, active = $5, confirm_by = $6, was_committed = $7,
             problem = $8, cause = $9, blame = $10, rollback_at = $11, rollback_micros = $12,
             finished_at = $13, facts = $14, previous = $15,
             ask = CASE WHEN $5 = 0 THEN NULL ELSE ask END
         WHERE id = $16 AND generation = $17 AND state = $18
           AND ($1 <> 'committed' OR ask IS NULL)",
        vals![
            to,
            now,
            install.transitions,
            install.generation,
            !to.is_final(),
            install.confirm_by,
            install.was_committed,
            opt_json(install.problem.as_ref())?,
            install.cause.as_deref(),
            install.blame.map(Blame::as_str),
            install.rollback_at,
            install.rollback_micros,
            install.finished,
            opt_json(install.facts.as_ref())?,
            opt_json(install.previous.as_ref())?,
            install.id,
            before,
            from
        ],
    )
    .await?;
    record(tx, source, install, Some(from), actor, note).await
}

fn apply(install: &mut Install, to: InstallState, now: Timestamp, note: &Note<'_>) {
    install.state = to;
    install.since = now;
    install.due = now;
    install.attempts = 0;
    install.transitions = (install.transitions + 1).min(MAX_TRANSITIONS + 4);
    // Whoever read the row before this transition can no longer write it.
    install.generation += 1;
    if to == InstallState::Committed {
        install.was_committed = true;
    }
    if to == InstallState::RollingBack {
        install.rollback_at = Some(now);
        install.finished = None;
    }
    if let (InstallState::RolledBack, Some(since)) = (to, install.rollback_at) {
        let micros = now.as_microsecond() - since.as_microsecond();
        install.rollback_micros = Some(micros.max(0));
    }
    if to.is_final() {
        install.finished = Some(now);
        install.ask = None;
        install.confirm_by = None;
    }
    if let Some(fault) = note.fault {
        install.problem = Some(fault.problem());
        install.cause = Some(fault.cause.clone());
        install.blame = Some(fault.blame);
    }
}

async fn record(
    tx: &mut Tx,
    source: &str,
    install: &Install,
    from: Option<InstallState>,
    actor: &Actor,
    note: &Note<'_>,
) -> Result<AuditId> {
    let now = tx.env().now();
    tx.later(
        "INSERT INTO install_steps (install, seq, state, at, detail) VALUES ($1, $2, $3, $4, $5)",
        vals![
            install.id,
            install.transitions,
            install.state,
            now,
            &note.detail
        ],
    );
    let detail = json!({
        "plugin": install.plugin, "version": install.version, "from": from, "to": install.state,
        "previous": install.previous.as_ref().map(|p| &p.version), "trigger": install.trigger.as_str(),
        "reason": note.detail, "cause": note.fault.map(|f| &f.cause), "code": note.fault.map(|f| f.code.as_str()),
    });
    let audit = tx
        .audit(AuditEntry {
            actor: actor.clone(),
            action: format!("install.{}", install.state),
            subject: install.id.to_string(),
            tenant: Some(install.tenant),
            detail: detail.clone(),
        })
        .await?;
    tx.emit(NewEvent {
        kind: event_kind(install.state),
        source: source.to_owned(),
        subject: install.id.to_string(),
        data: json!({"installJobId": install.id, "tenantId": install.tenant, "change": detail}),
    })
    .await?;
    Ok(audit)
}

const fn event_kind(state: InstallState) -> &'static str {
    match state {
        InstallState::Committed => px_model::event_type::INSTALL_COMMITTED,
        InstallState::Failed | InstallState::Quarantined => px_model::event_type::INSTALL_FAILED,
        InstallState::RolledBack => px_model::event_type::INSTALL_ROLLED_BACK,
        _ => CHANGED,
    }
}

/// Whether the install is still of this generation.
///
/// # Errors
/// When the engine is away.
pub async fn is_of(db: &Db, id: InstallId, generation: i64) -> Result<bool> {
    let row = db
        .opt(
            "SELECT id FROM installs WHERE id = $1 AND generation = $2",
            vals![id, generation],
        )
        .await?;
    Ok(row.is_some())
}

/// Takes the install over: whoever held it before can no longer write. The clock of the first state
/// begins when somebody has a place for the install.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else did so first.
pub async fn take(db: &Db, install: &mut Install) -> Result<()> {
    let mut tx = db.begin().await?;
    let first = install.state == InstallState::Requested;
    let since = if first { tx.env().now() } else { install.since };
    tx.exec_one(
        "install",
        "UPDATE installs SET generation = generation + 1, state_since = $3
         WHERE id = $1 AND generation = $2",
        vals![install.id, install.generation, since],
    )
    .await?;
    tx.commit().await?;
    install.generation += 1;
    install.since = since;
    Ok(())
}

/// Keeps everybody else from changing an install until the transaction ends; answers its state, `None`
/// when there is no such install.
///
/// # Errors
/// When the engine is away.
pub async fn lock(tx: &mut Tx, id: InstallId) -> Result<Option<InstallState>> {
    let row = tx
        .opt(
            "UPDATE installs SET generation = generation WHERE id = $1 RETURNING state",
            vals![id],
        )
        .await?;
    row.map(|row| row.parse("state")).transpose()
}

/// Puts the install off after a failed try.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it first.
pub async fn put_off(db: &Db, install: &mut Install, due: Timestamp) -> Result<()> {
    let mut tx = db.begin().await?;
    tx.exec_one(
        "install",
        "UPDATE installs SET due_at = $1, attempts = attempts + 1 WHERE id = $2 AND generation = $3",
        vals![due, install.id, install.generation],
    )
    .await?;
    tx.commit().await?;
    install.due = due;
    install.attempts += 1;
    Ok(())
}

/// Notes that migrations begin, before they do.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed the install first.
pub async fn migrating(db: &Db, install: &mut Install) -> Result<()> {
    let mut tx = db.begin().await?;
    tx.exec_one(
        "install",
        "UPDATE installs SET migrated = 1 WHERE id = $1 AND generation = $2",
        vals![install.id, install.generation],
    )
    .await?;
    tx.commit().await?;
    install.migrated = true;
    Ok(())
}

/// Leaves a person's wish with a running install; not fenced, the wish waits for whoever works.
///
/// # Errors
/// [`StoreError::Stale`] when the install has ended in the meantime.
pub async fn ask(tx: &mut Tx, scope: &TenantScope, id: InstallId, ask: &Ask) -> Result<()> {
    tx.touch(ASKS);
    tx.exec_one(
        "install",
        "UPDATE installs SET ask = $1 WHERE id = $2 AND active = 1 AND ($3 IS NULL OR tenant = $3)",
        vals![ask_json(ask).to_string(), id, scope.tenant()],
    )
    .await
}

/// Asks every install of a version that has not touched traffic to stop.
///
/// # Errors
/// When the engine is away.
pub async fn cancel_early(tx: &mut Tx, version: VersionId) -> Result<u64> {
    tx.touch(ASKS);
    tx.exec(
        "UPDATE installs SET ask = $1 WHERE version_id = $2 AND active = 1
           AND state NOT IN ('activating', 'probation', 'rolling_back')",
        vals![ask_json(&Ask::Cancel).to_string(), version],
    )
    .await
}

/// One install.
///
/// # Errors
/// When the engine is away.
pub async fn get(db: &Db, scope: &TenantScope, id: InstallId) -> Result<Option<Install>> {
    let row = db
        .opt(
            "SELECT * FROM installs WHERE id = $1 AND ($2 IS NULL OR tenant = $2)",
            vals![id, scope.tenant()],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// As [`get`], inside a transaction.
///
/// # Errors
/// When the engine is away.
pub async fn get_in(tx: &mut Tx, scope: &TenantScope, id: InstallId) -> Result<Option<Install>> {
    let row = tx
        .opt(
            "SELECT * FROM installs WHERE id = $1 AND ($2 IS NULL OR tenant = $2)",
            vals![id, scope.tenant()],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The operation under way on a plugin of a tenant.
///
/// # Errors
/// When the engine is away.
pub async fn active_in(
    tx: &mut Tx,
    scope: &TenantScope,
    tenant: TenantId,
    plugin: &PluginId,
) -> Result<Option<Install>> {
    let row = tx
        .opt(
            "SELECT * FROM installs WHERE tenant = $1 AND plugin = $2 AND active = 1
             AND ($3 IS NULL OR tenant = $3)",
            vals![tenant, plugin, scope.tenant()],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The newest install that verified the bytes of a unit, for bringing them to another machine.
///
/// # Errors
/// When the engine is away.
pub async fn bringing(db: &Db, unit: &Unit) -> Result<Option<Install>> {
    let row = db
        .opt(
            "SELECT * FROM installs WHERE plugin = $1 AND version = $2 AND digest = $3
               AND facts IS NOT NULL ORDER BY created_at DESC LIMIT 1",
            vals![&unit.plugin, &unit.version, unit.digest],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Which installs to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this plugin.
    pub plugin: Option<PluginId>,
    /// Only those that have not ended.
    pub active: bool,
    /// Only those of a rollout.
    pub rollout: Option<RolloutId>,
    /// At most this many, newest first.
    pub limit: u32,
}

/// Installs, newest first.
///
/// # Errors
/// When the engine is away.
pub async fn list(db: &Db, scope: &TenantScope, filter: &Filter) -> Result<Vec<Install>> {
    let rows = db
        .rows(
            "SELECT * FROM installs
             WHERE ($1 IS NULL OR tenant = $1) AND ($2 IS NULL OR plugin = $2)
               AND ($3 = 0 OR active = 1) AND ($4 IS NULL OR rollout = $4)
             ORDER BY created_at DESC, id DESC LIMIT $5",
            vals![
                scope.tenant(),
                filter.plugin.as_ref(),
                filter.active,
                filter.rollout,
                filter.limit.clamp(1, 1000)
            ],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// How installs that ended after `since` ended: `(state, blame, number)`.
///
/// # Errors
/// When the engine is away.
pub async fn ends(db: &Db, since: Timestamp) -> Result<Vec<(InstallState, Option<Blame>, i64)>> {
    let rows = db
        .rows(
            "SELECT state, blame, COUNT(*) AS n FROM installs WHERE finished_at > $1 GROUP BY state, blame",
            vals![since],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let blame = row.opt_text("blame")?.map(|w| Blame::from_word(&w));
            Ok((row.parse("state")?, blame, row.int("n")?))
        })
        .collect()
}

/// Installs that wait for an operator.
///
/// # Errors
/// When the engine is away.
pub async fn quarantined(db: &Db, scope: &TenantScope) -> Result<Vec<Install>> {
    let rows = db
        .rows(
            "SELECT * FROM installs WHERE state = $1 AND ($2 IS NULL OR tenant = $2)",
            vals![InstallState::Quarantined, scope.tenant()],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Committed installs whose previous version is still kept, for the post-commit guard.
///
/// # Errors
/// When the engine is away.
pub async fn guarded(db: &Db, now: Timestamp) -> Result<Vec<Install>> {
    let rows = db
        .rows(
            "SELECT i.* FROM installs i JOIN installed d ON d.commit_install = i.id
             WHERE i.state = 'committed' AND d.pinned_until > $1 AND d.previous IS NOT NULL",
            vals![now],
        )
        .await?;
    rows.iter().map(from_row).collect()
}
