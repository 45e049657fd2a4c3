//! Going back by hand, policies, subscriptions.

use px_api::core::{InstallAccepted, PolicyRequest, RollbackRequest};
use px_api::{Code, Problem};
use px_model::{AuditId, Channel, InstallState, PluginId, UpgradePolicy};
use px_store::AuditEntry;
use serde_json::json;

use super::install::{asked, busy};
use crate::Core;
use crate::app::authority::TenantAdmin;
use crate::app::error::{AppError, AppResult};
use crate::app::fault::Fault;
use crate::app::install::{Ask, Install};
use crate::jobs::ledger::Ledger;
use crate::store::installs::{self, Note};
use crate::store::{holdings, installed};

impl Core {
    /// `POST /api/v1/admin/plugins/upgrade/rollback`: takes a plugin back to its previous version. A
    /// candidate on probation is taken back; a committed version while the one before is kept.
    ///
    /// # Errors
    /// `PX-0416` not installed, `PX-0409` nothing to go back to, `PX-0408` another operation.
    pub async fn roll_back(
        &self,
        admin: &TenantAdmin,
        request: &RollbackRequest,
    ) -> AppResult<InstallAccepted> {
        if request.reason.trim().is_empty() {
            return Err(Problem::new(Code::InvalidField, "A reason is needed.")
                .field("/reason", "is empty", "say why; the publisher reads it")
                .into());
        }
        let (scope, plugin) = (admin.scope(), &request.plugin_id);
        let mut tx = self.db().begin().await?;
        if let Some(active) = installs::active_in(&mut tx, &scope, admin.tenant, plugin).await? {
            if !active.state.touched_traffic() {
                return Err(busy(&active));
            }
            let ask = Ask::RollBack(request.reason.clone());
            installs::ask(&mut tx, &scope, active.id, &ask).await?;
            let action = "install.rollback_asked";
            let audit = asked(&mut tx, &admin.actor, &active, action, &request.reason).await?;
            Ledger::drive_in(&mut tx, active.id, None).await?;
            tx.commit().await?;
            return Ok(accepted(&active, active.state, audit));
        }
        let row = installed::get_in(&mut tx, &scope, admin.tenant, plugin).await?;
        let row = row.filter(|r| r.route.committed.is_some());
        let row = row.ok_or_else(|| AppError::new(Code::PluginNotInstalled, plugin.as_str()))?;
        let nothing = || {
            let text = "No earlier version is kept.";
            AppError::new(Code::NothingToRollBack, text)
        };
        let now = tx.env().now();
        let kept = row.route.previous.is_some() && row.pinned_until.is_some_and(|at| at > now);
        let id = row.commit_install.filter(|_| kept).ok_or_else(nothing)?;
        let install = installs::get_in(&mut tx, &scope, id).await?;
        let install = install.ok_or_else(nothing)?;
        let fault = Fault::tenant(Code::ProbationFailed, "by_hand", request.reason.clone());
        let (to, note) = (InstallState::RollingBack, Note::fault(&fault));
        let ledger = &self.machine().ledger;
        let (next, audit, route) = ledger
            .enter_in(&mut tx, &install, to, &admin.actor, &note)
            .await?;
        Ledger::drive_in(&mut tx, id, None).await?;
        tx.commit().await?;
        if let Some(route) = route {
            self.machine().traffic.routed(route);
        }
        Ok(accepted(&next, next.state, audit))
    }

    /// `PUT /api/v1/admin/plugins/{pluginId}/policy`.
    ///
    /// # Errors
    /// `PX-0416` when the plugin is not installed for the tenant.
    pub async fn set_policy(
        &self,
        admin: &TenantAdmin,
        plugin: &PluginId,
        request: &PolicyRequest,
    ) -> AppResult<AuditId> {
        let scope = admin.scope();
        let mut tx = self.db().begin().await?;
        let before = installed::get_in(&mut tx, &scope, admin.tenant, plugin).await?;
        let before = before.filter(|r| r.route.committed.is_some());
        let before =
            before.ok_or_else(|| AppError::new(Code::PluginNotInstalled, plugin.as_str()))?;
        let (policy, channel) = (request.policy, request.channel);
        installed::set_policy(&mut tx, &scope, admin.tenant, plugin, policy, channel).await?;
        // Whoever asked for silence is not told by the Marketplace either.
        holdings::changed(&mut tx, admin.tenant, Some(plugin)).await?;
        let audit = tx
            .audit(AuditEntry {
                actor: admin.actor.clone(),
                action: "plugin.policy_set".to_owned(),
                subject: plugin.to_string(),
                tenant: Some(admin.tenant),
                detail: json!({
                    "before": {"policy": before.policy, "channel": before.channel},
                    "after": {"policy": policy, "channel": channel.unwrap_or(before.channel)},
                }),
            })
            .await?;
        tx.commit().await?;
        if policy == UpgradePolicy::Auto {
            self.join_rollout(admin, plugin).await?;
        }
        Ok(audit)
    }

    /// A tenant wants to be told about a plugin it has not installed.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn subscribe(
        &self,
        admin: &TenantAdmin,
        plugin: &PluginId,
        channel: Channel,
    ) -> AppResult<AuditId> {
        let mut tx = self.db().begin().await?;
        let audit =
            holdings::subscribe(&mut tx, &admin.actor, admin.tenant, plugin, channel).await?;
        tx.commit().await?;
        Ok(audit)
    }

    /// A tenant no longer wants to be told.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn unsubscribe(&self, admin: &TenantAdmin, plugin: &PluginId) -> AppResult<AuditId> {
        let mut tx = self.db().begin().await?;
        let audit = holdings::unsubscribe(&mut tx, &admin.actor, admin.tenant, plugin).await?;
        tx.commit().await?;
        Ok(audit)
    }
}

fn accepted(install: &Install, status: InstallState, audit: AuditId) -> InstallAccepted {
    InstallAccepted {
        install_job_id: install.id,
        status,
        status_url: format!("/api/v1/admin/plugins/install/status?jobId={}", install.id),
        audit_id: audit.to_string(),
    }
}
