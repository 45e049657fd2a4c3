//! Carries rollouts forward, as [`plan_rollout`] says.

use std::time::Duration;

use async_trait::async_trait;
use px_api::Code;
use px_model::{InstallState, RolloutId, VersionState};
use px_notify::{NewAlert, Severity, Text2, raise_alert};
use px_store::{Actor, Result, StoreError, Tx};
use px_work::{JobError, Periodic};
use tracing::warn;

use crate::Core;
use crate::app::actions::InstallOrder;
use crate::app::authority::TenantScope;
use crate::app::error::AppError;
use crate::app::fault::Fault;
use crate::app::install::request::{Asker, Terms, Wanted};
use crate::app::install::{Ask, Trigger};
use crate::app::rollout::{MemberState, RolloutState, Step, View, plan_rollout};
use crate::app::said::chinese_text;
use crate::jobs::ledger::Ledger;
use crate::store::aftermath::OPERATORS;
use crate::store::installs::{self, Filter, Note};
use crate::store::rollouts::{self, Rollout};
use crate::store::{catalog, installed};

/// Steps of one rollout in one look.
const STEPS: usize = 12;

/// Looks at every open rollout, in one process at a time.
pub struct Rollouts(pub Core);

#[async_trait]
impl Periodic for Rollouts {
    fn name(&self) -> &'static str {
        "core.rollouts"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn tick(&self) -> Result<(), JobError> {
        self.look().await.map_err(Into::into)
    }
}

impl Rollouts {
    /// One look at every open rollout.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn look(&self) -> Result<()> {
        for rollout in rollouts::list(self.0.db(), None, true).await? {
            match self.carry_on(rollout.id).await {
                Ok(()) | Err(StoreError::Stale(_)) => {}
                Err(error) => warn!(rollout = %rollout.id, %error, "rollout not carried on"),
            }
        }
        Ok(())
    }

    /// Carries a rollout as far as it goes now: batches that are empty or settled are not waited for.
    async fn carry_on(&self, id: RolloutId) -> Result<()> {
        for _ in 0..STEPS {
            let Some(rollout) = rollouts::get(self.0.db(), id).await? else {
                return Ok(());
            };
            if !self.carry(&rollout).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// One look at one rollout; answers whether another look may find more to do.
    async fn carry(&self, rollout: &Rollout) -> Result<bool> {
        let db = self.0.db();
        let view = rollouts::view(db, &TenantScope::every(), rollout).await?;
        let steps = plan_rollout(&view, db.env().now());
        let (installs, others): (Vec<_>, Vec<_>) = steps
            .into_iter()
            .partition(|step| matches!(step, Step::Install(_)));
        if !others.is_empty() {
            let mut tx = db.begin().await?;
            for step in &others {
                write(&mut tx, rollout, &view, step).await?;
            }
            tx.commit().await?;
        }
        if let Some(Step::Halt(reason)) = others.iter().find(|s| matches!(s, Step::Halt(_))) {
            self.take_back(rollout, reason).await?;
            return Ok(false);
        }
        if installs.is_empty() || !self.0.config().auto_upgrade {
            return Ok(!others.is_empty());
        }
        let listed = catalog::get(db, rollout.version_id).await?;
        let Some(listed) = listed.filter(|l| l.state == VersionState::Listed) else {
            return Ok(false);
        };
        for step in installs {
            if let Step::Install(tenant) = step {
                let asker = Asker {
                    tenant,
                    actor: Actor::system("rollout"),
                    trigger: Trigger::Policy,
                    rollout: Some(rollout.id),
                };
                self.install(rollout, asker, Wanted::listed(listed.clone()))
                    .await?;
            }
        }
        Ok(false)
    }

    /// Takes the release back where it is: at once where it is watched, newest first where it was
    /// made permanent and the version before is kept. Nobody can install it here any more.
    async fn take_back(&self, rollout: &Rollout, reason: &str) -> Result<()> {
        let (db, every) = (self.0.db(), TenantScope::every());
        let mut tx = db.begin().await?;
        catalog::set_state(&mut tx, rollout.version_id, VersionState::Quarantined).await?;
        tx.commit().await?;
        let filter = Filter {
            rollout: Some(rollout.id),
            limit: 1000,
            ..Filter::default()
        };
        for mut install in installs::list(db, &every, &filter).await? {
            let actor = Actor::system("rollout");
            if !install.state.is_final() {
                let ask = if install.state.touched_traffic() {
                    Ask::RollBack(reason.to_owned())
                } else {
                    Ask::Cancel
                };
                let mut tx = db.begin().await?;
                installs::ask(&mut tx, &every, install.id, &ask).await?;
                Ledger::drive_in(&mut tx, install.id, None).await?;
                tx.commit().await?;
                continue;
            }
            let row = installed::get(db, &every, install.tenant, &install.plugin).await?;
            let kept = row.is_some_and(|r| {
                r.commit_install == Some(install.id) && r.route.previous.is_some()
            });
            if install.state == InstallState::Committed && kept {
                let fault = Fault::plugin(Code::ProbationFailed, "release_failed", reason);
                let (to, note) = (InstallState::RollingBack, Note::fault(&fault));
                let ledger = &self.0.machine().ledger;
                ledger.enter(&mut install, to, &actor, &note).await?;
                let mut tx = db.begin().await?;
                Ledger::drive_in(&mut tx, install.id, None).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    async fn install(&self, rollout: &Rollout, asker: Asker, wanted: Wanted) -> Result<()> {
        let tenant = asker.tenant;
        let mut tx = self.0.db().begin().await?;
        let order = InstallOrder {
            asker,
            wanted,
            terms: Terms::default(),
        };
        let (state, install, reason) = match self.0.order_in(&mut tx, order).await {
            Ok((install, _, _)) => (MemberState::Installing, Some(install.id), None),
            Err(AppError::Store(error)) => return Err(error),
            Err(AppError::Problem(problem)) => match Code::find(&problem.code) {
                Some(Code::AlreadyInstalled) => (MemberState::Committed, None, None),
                // Somebody is at it; the next look finds out how that ended.
                Some(Code::InstallBusy) => return tx.rollback().await,
                _ => (MemberState::Excluded, None, Some(problem.detail)),
            },
        };
        rollouts::member(
            &mut tx,
            rollout.id,
            tenant,
            state,
            install,
            reason.as_deref(),
        )
        .await?;
        tx.commit().await
    }
}

async fn write(tx: &mut Tx, rollout: &Rollout, view: &View, step: &Step) -> Result<()> {
    let actor = Actor::system("rollout");
    match step {
        Step::Settle(tenant, state) => {
            rollouts::member(tx, rollout.id, *tenant, *state, None, None).await
        }
        Step::Start(batch) => rollouts::batch_at(tx, rollout.id, *batch, false).await,
        Step::Pass(batch) => {
            let now = tx.env().now();
            let row = view.batches.iter().find(|b| b.batch == *batch);
            if let Some(started) = row.and_then(|b| b.started) {
                metrics::histogram!("plugins_auto_upgrade_batch_latency")
                    .record(now.duration_since(started).as_secs_f64());
            }
            rollouts::batch_at(tx, rollout.id, *batch, true).await
        }
        Step::Pause(reason) | Step::Halt(reason) => {
            let to = RolloutState::Paused;
            rollouts::set_state(tx, rollout, to, Some(reason), &actor).await?;
            paused(tx, rollout, reason).await
        }
        Step::Finish => {
            let to = RolloutState::Done;
            rollouts::set_state(tx, rollout, to, None, &actor)
                .await
                .map(drop)
        }
        Step::Install(_) => Ok(()),
    }
}

async fn paused(tx: &mut Tx, rollout: &Rollout, reason: &str) -> Result<()> {
    let what = format!("{} {}", rollout.plugin, rollout.version);
    raise_alert(
        tx,
        NewAlert {
            audience: OPERATORS.to_owned(),
            severity: Severity::Critical,
            kind: "rollout.paused".to_owned(),
            title: Text2::new(
                format!("The rollout of {what} was paused"),
                format!("{what} 的分批升级已暂停"),
            ),
            body: Text2::new(
                format!("{reason} Nobody else gets the version until somebody resumes or ends the rollout."),
                format!(
                    "{}。在恢复或终止之前，不会再升级其他租户。",
                    chinese_text(reason)
                ),
            ),
            tenant: None,
            subject: Some(rollout.id.to_string()),
            dedup: Some(format!("{}-paused-{}", rollout.id, rollout.generation)),
        },
    )
    .await
    .map(drop)
}
