//! Scheduling upgrades and steering rollouts.

use std::time::Duration;

use px_api::core::{BatchPlan, InstallRequest, ScheduleAnswer, ScheduleRequest};
use px_api::market::ListedVersion;
use px_api::{Code, Problem};
use px_model::{AuditId, Channel, RolloutId, UpgradePolicy};

use super::install::not_listed;
use crate::Core;
use crate::app::authority::{PlatformOps, TenantAdmin, TenantScope};
use crate::app::error::{AppError, AppResult};
use crate::app::news::{Holding, plan_of};
use crate::app::rollout::{Candidate, Ring, RolloutState, assign, rings_of};
use crate::store::{catalog, holdings, rollouts};

impl Core {
    /// Schedules one tenant's upgrade.
    ///
    /// # Errors
    /// As [`Core::install`].
    pub async fn schedule(
        &self,
        admin: &TenantAdmin,
        request: &ScheduleRequest,
        key: Option<&str>,
    ) -> AppResult<ScheduleAnswer> {
        let install = InstallRequest {
            tenant_id: None,
            version_id: None,
            plugin_id: Some(request.plugin_id.clone()),
            version: request.version.clone(),
            channel: request.channel,
            url: None,
            sha256: None,
            not_before: request.not_before,
            acknowledged_permissions: request.acknowledged_permissions.clone(),
            acknowledge_high_risk: request.acknowledge_high_risk,
        };
        let accepted = self.install(admin, &install, key).await?;
        Ok(ScheduleAnswer {
            install_job_id: Some(accepted.install_job_id),
            rollout_id: None,
            audit_id: Some(accepted.audit_id),
        })
    }

    /// Schedules a rollout over every tenant that has the plugin, unless its policy is `off`.
    ///
    /// # Errors
    /// `PX-0403` not listed, `PX-0408` when the version has a rollout already.
    pub async fn schedule_rollout(
        &self,
        ops: &PlatformOps,
        request: &ScheduleRequest,
    ) -> AppResult<ScheduleAnswer> {
        let channel = request.channel.unwrap_or(Channel::Stable);
        let version = request.version.as_ref();
        let listed = catalog::pick(self.db(), &request.plugin_id, version, channel).await?;
        let listed = listed.ok_or_else(|| not_listed(request.plugin_id.as_str()))?;
        let mut rings = rings_for(&listed, &request.batches)?;
        if let (Some(first), Some(at)) = (rings.first_mut(), request.not_before) {
            first.start_at = first.start_at.max(Some(at));
        }
        let mut tx = self.db().begin().await?;
        let all = holdings::of_plugin(&mut tx, &ops.scope(), &listed.plugin_id).await?;
        let candidates: Vec<Candidate> = all
            .iter()
            .filter(|h| wants(h, &listed))
            .map(Holding::candidate)
            .collect();
        let members = assign(&candidates, &listed.version_id.to_string(), &rings);
        let about = (
            &listed.plugin_id,
            &listed.version,
            listed.version_id,
            channel,
        );
        let id = rollouts::create(&mut tx, &ops.actor, about, &rings, members).await?;
        let id = id.ok_or_else(|| {
            let text = "This version has a rollout already; pause, resume or end that one.";
            AppError::new(Code::InstallBusy, text)
        })?;
        tx.commit().await?;
        Ok(ScheduleAnswer {
            install_job_id: None,
            rollout_id: Some(id),
            audit_id: None,
        })
    }

    /// Stops a rollout for the time being.
    ///
    /// # Errors
    /// 404 when there is no such rollout, `PX-0408` when it has ended.
    pub async fn pause(&self, ops: &PlatformOps, id: RolloutId, why: &str) -> AppResult<AuditId> {
        self.steer(ops, id, RolloutState::Paused, why).await
    }

    /// Goes on with a rollout; failures so far are no reason to stop again.
    ///
    /// # Errors
    /// As [`Core::pause`].
    pub async fn resume(&self, ops: &PlatformOps, id: RolloutId, why: &str) -> AppResult<AuditId> {
        self.steer(ops, id, RolloutState::Running, why).await
    }

    /// Ends a rollout; tenants that have the version keep it.
    ///
    /// # Errors
    /// As [`Core::pause`].
    pub async fn end_rollout(
        &self,
        ops: &PlatformOps,
        id: RolloutId,
        why: &str,
    ) -> AppResult<AuditId> {
        self.steer(ops, id, RolloutState::Cancelled, why).await
    }

    async fn steer(
        &self,
        ops: &PlatformOps,
        id: RolloutId,
        to: RolloutState,
        why: &str,
    ) -> AppResult<AuditId> {
        if why.trim().is_empty() {
            return Err(Problem::new(Code::InvalidField, "A reason is needed.")
                .field(
                    "/reason",
                    "is empty",
                    "say why; it is kept in the audit log",
                )
                .into());
        }
        let rollout = rollouts::get(self.db(), id).await?;
        let rollout = rollout.ok_or_else(|| AppError::missing("rollout"))?;
        if !matches!(rollout.state, RolloutState::Running | RolloutState::Paused) {
            let state = rollout.state.as_str();
            return Err(Problem::new(Code::InstallBusy, format!("It is `{state}`."))
                .with_current(serde_json::json!({"state": state}))
                .into());
        }
        let mut tx = self.db().begin().await?;
        let audit = rollouts::set_state(&mut tx, &rollout, to, Some(why), &ops.actor).await?;
        if to == RolloutState::Running {
            rollouts::forgive(&mut tx, id).await?;
        }
        tx.commit().await?;
        Ok(audit)
    }

    /// Lets a tenant that has just become eligible join the open rollout of what it should have.
    ///
    /// # Errors
    /// When the engine is away.
    pub(super) async fn join_rollout(
        &self,
        admin: &TenantAdmin,
        plugin: &px_model::PluginId,
    ) -> AppResult<()> {
        let mut tx = self.db().begin().await?;
        let scope = TenantScope::one(admin.tenant);
        let open = rollouts::open_in(&mut tx, plugin).await?;
        let mine = holdings::of_plugin(&mut tx, &scope, plugin).await?;
        let Some(holding) = mine.first() else {
            return Ok(());
        };
        for rollout in &open {
            let listed = catalog::get(self.db(), rollout.version_id).await?;
            let Some(listed) = listed else { continue };
            let plan = plan_of(&listed);
            let auto = self.config().auto_upgrade;
            let meaning = crate::app::news::meaning(&listed, plan.as_ref(), holding, auto);
            if meaning != crate::app::news::Meaning::Automatic {
                continue;
            }
            let rings = rings_of(plan.as_ref(), listed.channel);
            let release = listed.version_id.to_string();
            let places = assign(&[holding.candidate()], &release, &rings);
            if let Some(batch) = places.get(&holding.tenant) {
                rollouts::join(&mut tx, rollout.id, holding.tenant, *batch).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

fn wants(holding: &Holding, listed: &ListedVersion) -> bool {
    holding
        .installed
        .as_ref()
        .is_some_and(|(release, policy, _)| {
            *policy != UpgradePolicy::Off && release.version < listed.version
        })
}

fn rings_for(listed: &ListedVersion, batches: &[BatchPlan]) -> AppResult<Vec<Ring>> {
    if batches.is_empty() {
        return Ok(rings_of(plan_of(listed).as_ref(), listed.channel));
    }
    let mut before = 0;
    for (index, batch) in batches.iter().enumerate() {
        if !(before + 1..=100).contains(&batch.percentage) {
            let pointer = format!("/batches/{index}/percentage");
            let text = format!("must be {} to 100", before + 1);
            return Err(
                Problem::new(Code::InvalidField, "Batches must grow to at most 100 %.")
                    .field(&pointer, text, "shares are counted from the beginning")
                    .into(),
            );
        }
        before = batch.percentage;
    }
    let ring = |batch: &BatchPlan| Ring {
        percentage: batch.percentage,
        start_at: batch.start_at,
        wait: Duration::from_secs(batch.wait_seconds),
        ..Ring::default()
    };
    Ok(batches.iter().map(ring).collect())
}
