//! Asking for an install.

use px_api::core::{InstallAccepted, InstallRequest};
use px_api::{Code, Problem};
use px_model::{AuditId, Channel, InstallId, InstallState};
use px_store::{Actor, Replay, StoreError, Tx, recall, remember};
use serde_json::json;

use crate::Core;
use crate::app::authority::{TenantAdmin, TenantScope};
use crate::app::error::{AppError, AppResult};
use crate::app::fault::Fault;
use crate::app::install::request::{Asker, Fresh, Terms, Wanted, plan_install};
use crate::app::install::{Install, Trigger};
use crate::app::route::Route;
use crate::jobs::ledger::Ledger;
use crate::jobs::origin::HttpOrigin;
use crate::store::installs::{self, Note};
use crate::store::{catalog, installed};

/// Everything that leads to an install.
#[derive(Debug, Clone)]
pub struct InstallOrder {
    /// Who asks, for whom.
    pub asker: Asker,
    /// What is wanted.
    pub wanted: Wanted,
    /// Consent and timing.
    pub terms: Terms,
}

impl Core {
    /// `POST /api/v1/admin/plugins/install/url`: accepts an install, which then runs by itself. The
    /// same `key` with the same request answers the same install.
    ///
    /// # Errors
    /// `PX-0402` switched off, `PX-0403` not listed, `PX-0401` host not allowed, `PX-0407`
    /// permissions, `PX-0408` busy, `PX-0415` installed already.
    pub async fn install(
        &self,
        admin: &TenantAdmin,
        request: &InstallRequest,
        key: Option<&str>,
    ) -> AppResult<InstallAccepted> {
        if !self.config().online_install {
            let text = "The operator has switched installing off (PX_ONLINE_INSTALL).";
            return Err(AppError::new(Code::InstallDisabled, text));
        }
        let (wanted, trigger) = self.wanted(request).await?;
        let order = InstallOrder {
            asker: Asker {
                tenant: admin.tenant,
                actor: admin.actor.clone(),
                trigger,
                rollout: None,
            },
            wanted,
            terms: Terms {
                acknowledged: request.acknowledged_permissions.clone(),
                high_risk: request.acknowledge_high_risk,
                not_before: request.not_before,
            },
        };
        let body = serde_json::to_vec(request).map_err(StoreError::from)?;
        let scope = format!("install:{}", admin.tenant);
        match self
            .install_once(order, key.map(|key| (scope.as_str(), key, body.as_slice())))
            .await
        {
            Err(error) => match key {
                // The same request may have come twice at once: both get the one answer.
                Some(key) => {
                    let mut tx = self.db().begin().await?;
                    match recall(&mut tx, &scope, key, &body).await? {
                        Replay::Same(answer) => Ok(answer),
                        Replay::New => Err(error),
                    }
                }
                None => Err(error),
            },
            done => done,
        }
    }

    async fn install_once(
        &self,
        order: InstallOrder,
        key: Option<(&str, &str, &[u8])>,
    ) -> AppResult<InstallAccepted> {
        let mut tx = self.db().begin().await?;
        if let Some((scope, key, body)) = key
            && let Replay::Same(answer) = recall(&mut tx, scope, key, body).await?
        {
            return Ok(answer);
        }
        let (install, audit, superseded) = self.order_in(&mut tx, order).await?;
        let answer = InstallAccepted {
            install_job_id: install.id,
            status: install.state,
            status_url: format!("/api/v1/admin/plugins/install/status?jobId={}", install.id),
            audit_id: audit.to_string(),
        };
        if let Some((scope, key, body)) = key {
            remember(&mut tx, scope, key, body, &answer)?;
        }
        tx.commit().await?;
        if let Some(route) = superseded {
            self.machine().traffic.routed(route);
        }
        Ok(answer)
    }

    /// Writes an order's install and has it driven, in the caller's transaction.
    ///
    /// # Errors
    /// As [`Core::install`].
    pub(crate) async fn order_in(
        &self,
        tx: &mut Tx,
        order: InstallOrder,
    ) -> AppResult<(Install, AuditId, Option<Route>)> {
        let (tenant, plugin) = (order.asker.tenant, order.wanted.plugin.clone());
        let scope = TenantScope::one(tenant);
        let mut superseded = None;
        if let Some(active) = installs::active_in(tx, &scope, tenant, &plugin).await? {
            if !gives_way(&active, order.asker.trigger) {
                return Err(busy(&active));
            }
            let text = "A person asked for something else.";
            let fault = Fault::tenant(Code::InstallBusy, "superseded", text);
            let ledger = &self.machine().ledger;
            let (to, note) = (InstallState::Superseded, Note::fault(&fault));
            let done = ledger.enter_in(tx, &active, to, &order.asker.actor, &note);
            superseded = done.await?.2;
        }
        let route = installed::route_of(tx, &scope, tenant, &plugin).await?;
        let fresh = Fresh {
            id: InstallId::from_uuid(tx.env().uuid()),
            secret: tx.env().secret(32),
            now: tx.env().now(),
        };
        let install = plan_install(
            order.asker,
            order.wanted,
            &order.terms,
            route.as_ref(),
            fresh,
        )
        .map_err(AppError::from)?;
        let source = self.config().source();
        let audit = match installs::insert(tx, &source, &install).await {
            Err(error) if error.is_conflict() => return Err(busy(&install)),
            other => other?,
        };
        Ledger::drive_in(tx, install.id, None).await?;
        Ok((install, audit, superseded))
    }

    async fn wanted(&self, request: &InstallRequest) -> AppResult<(Wanted, Trigger)> {
        unambiguous(request)?;
        match (&request.url, request.version_id, &request.plugin_id) {
            (Some(url), None, _) => Ok((self.wanted_at(request, url).await?, Trigger::Url)),
            (None, Some(id), _) => {
                let listed = catalog::get(self.db(), id).await?;
                let listed = listed.filter(|l| l.state == px_model::VersionState::Listed);
                let listed = listed.ok_or_else(|| not_listed(&id.to_string()))?;
                Ok((Wanted::listed(listed), Trigger::Person))
            }
            (None, None, Some(plugin)) => {
                let channel = request.channel.unwrap_or(Channel::Stable);
                let version = request.version.as_ref();
                let listed = catalog::pick(self.db(), plugin, version, channel).await?;
                let listed = listed.ok_or_else(|| not_listed(plugin.as_str()))?;
                Ok((Wanted::listed(listed), Trigger::Person))
            }
            _ => Err(Problem::new(
                Code::InvalidField,
                "It must be clear which version is meant.",
            )
            .field(
                "/versionId",
                "exactly one of versionId, pluginId and url is needed",
                "give one of them",
            )
            .into()),
        }
    }

    async fn wanted_at(&self, request: &InstallRequest, url: &str) -> AppResult<Wanted> {
        let missing = |pointer: &str, why: &str| {
            Problem::new(
                Code::InvalidField,
                "An install by URL needs to know what will come.",
            )
            .field(pointer, "is missing", why)
        };
        let url = HttpOrigin::check(&self.config().origin(), url)?;
        let digest = request
            .sha256
            .ok_or_else(|| missing("/sha256", "give the SHA-256 of the bundle"))?;
        if let Some(listed) = catalog::by_digest(self.db(), &digest).await? {
            return Ok(Wanted {
                source: url.to_string(),
                ..Wanted::listed(listed)
            });
        }
        let why = "give it: the Marketplace does not list this bundle";
        let plugin = request.plugin_id.clone();
        let plugin = plugin.ok_or_else(|| missing("/pluginId", why))?;
        let version = request.version.clone();
        let version = version.ok_or_else(|| missing("/version", why))?;
        Ok(Wanted {
            name: plugin.to_string(),
            plugin,
            version,
            digest,
            size: 0,
            source: url.to_string(),
            listed: None,
        })
    }

    /// Stops an install before anything is put in place.
    ///
    /// # Errors
    /// `PX-0418` when the version serves already.
    pub async fn cancel(&self, admin: &TenantAdmin, id: InstallId) -> AppResult<AuditId> {
        let scope = admin.scope();
        let mut tx = self.db().begin().await?;
        let install = installs::get_in(&mut tx, &scope, id).await?;
        let install = install.ok_or_else(|| AppError::missing("install"))?;
        if install.state.is_final() || install.state.touched_traffic() {
            let text = format!("It is in `{}`.", install.state);
            return Err(Problem::new(Code::CannotCancel, text)
                .with_current(json!({"status": install.state}))
                .into());
        }
        installs::ask(&mut tx, &scope, id, &crate::app::install::Ask::Cancel).await?;
        let audit = asked(&mut tx, &admin.actor, &install, "install.cancel_asked", "").await?;
        Ledger::drive_in(&mut tx, id, None).await?;
        tx.commit().await?;
        Ok(audit)
    }
}

/// A version named by its id is named by nothing else: the two could differ.
fn unambiguous(request: &InstallRequest) -> AppResult<()> {
    if request.version_id.is_none() {
        return Ok(());
    }
    let others = [
        ("/pluginId", request.plugin_id.is_some()),
        ("/version", request.version.is_some()),
        ("/channel", request.channel.is_some()),
        ("/url", request.url.is_some()),
    ];
    let given: Vec<&str> = others.iter().filter(|o| o.1).map(|o| o.0).collect();
    if given.is_empty() {
        return Ok(());
    }
    let text = "`versionId` names one version; nothing else may name one beside it.";
    let problem = Problem::new(Code::InvalidField, text);
    let problem = given.into_iter().fold(problem, |problem, pointer| {
        problem.field(
            pointer,
            "is given beside versionId",
            "leave it out, or leave versionId out",
        )
    });
    Err(problem.into())
}

/// An audit entry of a person's wish.
pub(super) async fn asked(
    tx: &mut Tx,
    actor: &Actor,
    install: &Install,
    action: &str,
    reason: &str,
) -> px_store::Result<AuditId> {
    tx.audit(px_store::AuditEntry {
        actor: actor.clone(),
        action: action.to_owned(),
        subject: install.id.to_string(),
        tenant: Some(install.tenant),
        detail: json!({"plugin": install.plugin, "status": install.state, "reason": reason}),
    })
    .await
}

/// Whether an install that waits for its batch gives way to a person's wish.
fn gives_way(active: &Install, asker: Trigger) -> bool {
    let early = matches!(
        active.state,
        InstallState::Requested | InstallState::Resolved | InstallState::Waiting
    );
    early && active.trigger == Trigger::Policy && asker != Trigger::Policy
}

pub(super) fn busy(active: &Install) -> AppError {
    let text = format!("{} {} is on its way.", active.plugin, active.version);
    let current = json!({"installJobId": active.id, "status": active.state});
    Problem::new(Code::InstallBusy, text)
        .with_current(current)
        .into()
}

pub(super) fn not_listed(what: &str) -> AppError {
    let text = format!("The catalog has no listed version of `{what}` that fits.");
    AppError::new(Code::VersionNotListed, text)
}
