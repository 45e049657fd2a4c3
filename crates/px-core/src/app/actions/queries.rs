//! What pages and the API show.

use px_api::Code;
use px_api::core::{
    BatchView, CatalogState, CatalogVersion, ExplainView, InstallFigures, InstallView,
    InstalledPlugin, LogLine, RolloutView,
};
use px_api::market::ListedVersion;
use px_model::{Channel, InstallId, PluginId, TenantId, VersionState};

use crate::Core;
use crate::app::authority::{Caller, TenantScope};
use crate::app::error::{AppError, AppResult};
use crate::app::install::Install;
use crate::app::install::resolve::{self, Demands, Present};
use crate::app::rollout::{MemberState, RolloutState, Situation, View, explain};
use crate::jobs::watchman;
use crate::store::aftermath::micros_to_seconds;
use crate::store::installed::Installed;
use crate::store::installs::{self, Filter};
use crate::store::rollouts::{self, Rollout};
use crate::store::{catalog, installed, logs};

impl Core {
    /// An install and where it stands.
    ///
    /// # Errors
    /// 404 when the caller may not see such an install.
    pub async fn install_view(&self, caller: &Caller, id: InstallId) -> AppResult<InstallView> {
        let scope = caller.scope();
        let install = installs::get(self.db(), &scope, id).await?;
        let install = install.ok_or_else(|| AppError::missing("install"))?;
        self.view_of(&scope, install).await
    }

    async fn view_of(&self, scope: &TenantScope, install: Install) -> AppResult<InstallView> {
        let steps = logs::steps(self.db(), scope, install.id).await?;
        let (done, total) = logs::progress_of(self.db(), &install.digest).await?;
        Ok(InstallView {
            install_job_id: install.id,
            tenant_id: install.tenant,
            plugin_id: install.plugin,
            name: install.name,
            version: install.version,
            previous_version: install.previous.map(|p| p.version),
            status: install.state,
            trigger: install.trigger.as_str().to_owned(),
            steps,
            bytes_done: done,
            bytes_total: total.max(install.size),
            confirm_by: install.confirm_by,
            problem: install.problem,
            rollback_seconds: install.rollback_micros.map(micros_to_seconds),
            created_at: install.created,
            finished_at: install.finished,
        })
    }

    /// Installs the caller may see, newest first.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn installs(&self, caller: &Caller, filter: &Filter) -> AppResult<Vec<InstallView>> {
        let scope = caller.scope();
        let mut views = Vec::new();
        for install in installs::list(self.db(), &scope, filter).await? {
            views.push(self.view_of(&scope, install).await?);
        }
        Ok(views)
    }

    /// The log of an install, oldest line first.
    ///
    /// # Errors
    /// 404 when the caller may not see such an install.
    pub async fn install_log(&self, caller: &Caller, id: InstallId) -> AppResult<Vec<LogLine>> {
        let scope = caller.scope();
        if installs::get(self.db(), &scope, id).await?.is_none() {
            return Err(AppError::missing("install"));
        }
        Ok(logs::lines(self.db(), &scope, id).await?)
    }

    /// Plugins installed for the tenants the caller may see.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn installed(&self, caller: &Caller) -> AppResult<Vec<InstalledPlugin>> {
        let scope = caller.scope();
        let rows = installed::list(self.db(), &scope, None).await?;
        let listed = catalog::list(self.db(), None, None).await?;
        let filter = Filter {
            active: true,
            limit: 1000,
            ..Filter::default()
        };
        let active = installs::list(self.db(), &scope, &filter).await?;
        let views = rows.into_iter().filter_map(|row| {
            let update = newest(&listed, &row);
            let operation = active
                .iter()
                .find(|i| i.tenant == row.route.tenant && i.plugin == row.route.plugin);
            plugin_view(row, update, operation.map(|i| i.id))
        });
        Ok(views.collect())
    }

    /// Listed versions, of one plugin when given, seen from a tenant.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn versions(
        &self,
        tenant: TenantId,
        plugin: Option<&PluginId>,
        channel: Option<Channel>,
    ) -> AppResult<Vec<CatalogVersion>> {
        let scope = TenantScope::one(tenant);
        let rows = installed::list(self.db(), &scope, None).await?;
        let listed = catalog::list(self.db(), plugin, channel).await?;
        Ok(listed
            .into_iter()
            .map(|l| self.seen_from(&rows, l))
            .collect())
    }

    fn seen_from(&self, rows: &[Installed], listed: ListedVersion) -> CatalogVersion {
        let own = rows.iter().find(|r| r.route.plugin == listed.plugin_id);
        let own = own.and_then(|r| r.route.committed.as_ref());
        let installed = own.is_some_and(|c| c.digest == listed.artifact.sha256);
        let granted = own.map_or(&[][..], |c| c.granted.as_slice());
        let present: Vec<Present> = rows
            .iter()
            .filter(|r| r.route.plugin != listed.plugin_id)
            .filter_map(|r| {
                Some(Present {
                    plugin: r.route.plugin.clone(),
                    version: r.route.committed.as_ref()?.version.clone(),
                })
            })
            .collect();
        let demands = Demands {
            requires: &listed.dependencies,
            conflicts: &[],
            corex_version: listed.corex_version.as_deref(),
            permissions: &[],
        };
        let core = &self.config().core_version;
        let mut why_not = Vec::new();
        if listed.state != VersionState::Listed {
            why_not.push(format!("The version is {}.", listed.state));
        }
        if !self.config().online_install {
            why_not.push("Installing is switched off (PX_ONLINE_INSTALL).".to_owned());
        }
        if let Err(fault) = resolve::resolve(demands, core, &present, &[]) {
            why_not.push(fault.detail);
        }
        CatalogVersion {
            installed,
            installable: why_not.is_empty() && !installed,
            asks_more: resolve::missing(&listed.permissions, granted),
            why_not,
            listed,
        }
    }

    /// Rollouts with their batches, of one plugin when given, newest first. Tenants see only
    /// themselves counted.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn rollouts(
        &self,
        caller: &Caller,
        plugin: Option<&PluginId>,
    ) -> AppResult<Vec<RolloutView>> {
        let mut views = Vec::new();
        for rollout in rollouts::list(self.db(), plugin, false).await? {
            let view = rollouts::view(self.db(), &caller.scope(), &rollout).await?;
            views.push(rollout_view(&rollout, &view));
        }
        Ok(views)
    }

    /// Why a tenant is not on the newest version yet.
    ///
    /// # Errors
    /// `PX-0403` when the plugin has no listed version.
    pub async fn explain(&self, tenant: TenantId, plugin: &PluginId) -> AppResult<ExplainView> {
        let scope = TenantScope::one(tenant);
        let row = installed::get(self.db(), &scope, tenant, plugin).await?;
        let channel = row.as_ref().map_or(Channel::Stable, |r| r.channel);
        let listed = catalog::pick(self.db(), plugin, None, channel).await?;
        let listed = listed.ok_or_else(|| {
            let text = format!("The catalog has no listed version of `{plugin}`.");
            AppError::new(Code::VersionNotListed, text)
        })?;
        let filter = Filter {
            plugin: Some(plugin.clone()),
            limit: 20,
            ..Filter::default()
        };
        let tries = installs::list(self.db(), &scope, &filter).await?;
        let same = tries
            .iter()
            .filter(|i| i.version_id == Some(listed.version_id));
        let last_problem = same.clone().find_map(|i| i.problem.as_ref());
        let open = rollouts::list(self.db(), Some(plugin), false).await?;
        let rollout = open.into_iter().find(|r| r.version_id == listed.version_id);
        let view = match &rollout {
            Some(rollout) => Some(rollouts::view(self.db(), &scope, rollout).await?),
            None => None,
        };
        let committed = row.as_ref().and_then(|r| r.route.committed.as_ref());
        let granted = committed.map_or(&[][..], |c| c.granted.as_slice());
        let situation = Situation {
            newest: listed.version.clone(),
            has: committed.map(|c| c.version.clone()),
            policy: row
                .as_ref()
                .map_or(px_model::UpgradePolicy::Off, |r| r.policy),
            auto_allowed: self.config().auto_upgrade,
            asks_more: resolve::missing(&listed.permissions, granted),
            rollout: rollout.map(|r| (r.state, r.reason)),
            member: view.as_ref().and_then(place_of),
            current_batch: view.as_ref().and_then(current_batch),
            operation: same.clone().next().map(|i| i.state),
            last_problem: last_problem.map(|p| p.detail.clone()),
        };
        Ok(ExplainView {
            plugin_id: plugin.clone(),
            installed: situation.has.clone(),
            newest: Some(listed.version),
            reasons: explain(&situation),
        })
    }

    /// How fresh the catalog is.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn catalog_state(&self) -> AppResult<CatalogState> {
        let source = self.config().marketplace.to_string();
        let state = catalog::sync_state(self.db(), &source).await?;
        let now = self.db().env().now();
        let limit = self.config().stale_after;
        Ok(CatalogState {
            source,
            cursor: state.cursor,
            head: state.head,
            polled_at: state.polled_at,
            event_at: state.event_at,
            gaps: state.gaps,
            refused: state.refused,
            stale: state.polled_at.is_none_or(|at| now > at + limit),
            error: state.error,
        })
    }

    /// Key figures of the last 24 hours, over all tenants.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn figures(&self) -> AppResult<InstallFigures> {
        let figures = watchman::current(self).await?;
        Ok(InstallFigures {
            committed: figures.committed,
            failed: figures.failed,
            rolled_back: figures.rolled_back,
            quarantined: figures.quarantined,
            success_rate: figures.success_rate(),
        })
    }
}

/// The newest listed version a row could be upgraded to.
fn newest(listed: &[ListedVersion], row: &Installed) -> Option<px_model::Version> {
    let has = &row.route.committed.as_ref()?.version;
    listed
        .iter()
        .filter(|l| l.plugin_id == row.route.plugin && l.state == VersionState::Listed)
        .filter(|l| row.channel == Channel::Beta || l.channel == Channel::Stable)
        .map(|l| &l.version)
        .filter(|v| *v > has)
        .max()
        .cloned()
}

fn plugin_view(
    row: Installed,
    update: Option<px_model::Version>,
    operation: Option<InstallId>,
) -> Option<InstalledPlugin> {
    let route = row.route;
    let path = format!("/_p/{}/", route.plugin);
    let serves = route.committed.as_ref().or(route.candidate.as_ref())?;
    Some(InstalledPlugin {
        tenant_id: route.tenant,
        version: serves.version.clone(),
        candidate: route.candidate.map(|r| r.version),
        previous: route.previous.map(|r| r.version),
        plugin_id: route.plugin,
        name: route.name,
        update,
        health: row.health,
        kind: row.kind,
        permissions: row.permissions,
        risk: row.risk,
        policy: row.policy,
        operation,
        path,
    })
}

fn rollout_view(rollout: &Rollout, view: &View) -> RolloutView {
    let count = |batch: usize, state: &[MemberState]| {
        let members = view.members.iter().filter(|m| m.batch == batch);
        let n = members.filter(|m| state.contains(&m.outcome())).count();
        u32::try_from(n).unwrap_or(u32::MAX)
    };
    let current = view.batches.iter().position(|b| b.settled.is_none());
    let batches = view.batches.iter().enumerate().map(|(index, batch)| {
        let state = match (batch.settled, batch.started) {
            (Some(_), _) => "passed",
            _ if current == Some(index) && rollout.state == RolloutState::Paused => "paused",
            (None, Some(_)) => "running",
            (None, None) => "pending",
        };
        BatchView {
            rollout_id: rollout.id.to_string(),
            plugin_id: rollout.plugin.clone(),
            version: rollout.version.clone(),
            batch: u32::try_from(index + 1).unwrap_or(u32::MAX),
            percentage: batch.percentage,
            state: state.to_owned(),
            start_at: batch.start_at,
            tenants: u32::try_from(view.members.iter().filter(|m| m.batch == index).count())
                .unwrap_or(u32::MAX),
            committed: count(index, &[MemberState::Committed]),
            failed: count(index, &[MemberState::Failed, MemberState::Forgiven]),
        }
    });
    RolloutView {
        rollout_id: rollout.id,
        plugin_id: rollout.plugin.clone(),
        version: rollout.version.clone(),
        channel: rollout.channel,
        state: rollout.state.as_str().to_owned(),
        reason: rollout.reason.clone(),
        created_at: rollout.created,
        batches: batches.collect(),
    }
}

fn place_of(view: &View) -> Option<(usize, Option<jiff::Timestamp>, MemberState)> {
    let member = view.members.first()?;
    let batch = view.batches.get(member.batch)?;
    Some((member.batch + 1, batch.start_at, member.outcome()))
}

fn current_batch(view: &View) -> Option<usize> {
    let current = view.batches.iter().position(|b| b.settled.is_none())?;
    view.batches[current].started.map(|_| current + 1)
}
