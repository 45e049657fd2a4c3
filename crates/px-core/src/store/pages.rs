//! Queries that only pages need.

use px_api::Problem;
use px_model::{InstallId, InstallState, PluginId, RolloutId, TenantId};
use px_store::{Db, Result, Row, vals};

use super::install_row::from_json;
use crate::app::authority::TenantScope;
use crate::app::fault::Blame;
use crate::app::rollout::{Member, MemberState};

/// A tenant of a rollout with everything that tells why it is where it is.
#[derive(Debug, Clone)]
pub struct MemberRow {
    /// Where it stands, as the plan sees it.
    pub member: Member,
    /// Tenant's name.
    pub name: String,
    /// Its install, when one was started.
    pub install: Option<InstallId>,
    /// Why it was left out, when it was.
    pub reason: Option<String>,
    /// What its install ended with.
    pub problem: Option<Problem>,
}

/// Tenants of a rollout within reach, by batch and name.
///
/// # Errors
/// When the engine is away.
pub async fn members(db: &Db, scope: &TenantScope, id: RolloutId) -> Result<Vec<MemberRow>> {
    let rows = db
        .rows(
            "SELECT m.tenant AS tenant, m.batch AS batch, m.state AS state, m.install AS install,
                 m.reason AS reason, t.name AS name, i.state AS install_state, i.cause AS cause,
                 i.blame AS blame, i.problem AS problem
             FROM rollout_members m JOIN tenants t ON t.id = m.tenant
             LEFT JOIN installs i ON i.id = m.install
             WHERE m.rollout = $1 AND ($2 IS NULL OR m.tenant = $2) ORDER BY m.batch, t.name",
            vals![id, scope.tenant()],
        )
        .await?;
    rows.iter().map(member).collect()
}

fn member(row: &Row) -> Result<MemberRow> {
    let tenant: TenantId = row.parse("tenant")?;
    let install: Option<InstallState> = row.opt_parse("install_state")?;
    Ok(MemberRow {
        member: Member {
            tenant,
            batch: usize::try_from(row.int("batch")?).unwrap_or(0),
            state: MemberState::from_word(&row.text("state")?),
            install,
            cause: row.opt_text("cause")?,
            blame: row.opt_text("blame")?.map(|w| Blame::from_word(&w)),
        },
        name: row.text("name")?,
        install: row.opt_parse("install")?,
        reason: row.opt_text("reason")?,
        problem: from_json(row, "problem")?,
    })
}

/// Whether a tenant within reach asked to be told about a plugin.
///
/// # Errors
/// When the engine is away.
pub async fn subscribed(db: &Db, scope: &TenantScope, plugin: &PluginId) -> Result<bool> {
    let row = db
        .opt(
            "SELECT tenant FROM subscriptions WHERE plugin = $1 AND ($2 IS NULL OR tenant = $2) LIMIT 1",
            vals![plugin, scope.tenant()],
        )
        .await?;
    Ok(row.is_some())
}
