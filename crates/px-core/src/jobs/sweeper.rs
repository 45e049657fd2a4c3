//! Finds installs nobody works on, or that stay too long, and moves them on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use px_model::{InstallId, InstallState};
use px_store::{Actor, Result, StoreError};
use px_work::{JobError, Periodic};
use tracing::warn;

use super::machine::Machine;
use super::watch::since;
use crate::app::authority::TenantScope;
use crate::app::install::probation::fault_in;
use crate::app::install::{Install, overdue};
use crate::app::ports::Vitals;
use crate::jobs::ledger::Ledger;
use crate::store::installed;
use crate::store::installs::{self, Filter, Note};

/// Sweeps every five seconds, in every process.
pub struct Sweeper {
    machine: Arc<Machine>,
    /// Where the present window of each guarded install began.
    windows: Mutex<HashMap<InstallId, (Duration, Vitals)>>,
}

/// An install that nothing happened to for this long is looked at, in case its job was lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Deeds are judged over windows of this length, so that a rare fault a day is not a loop of them.
const WINDOW: Duration = Duration::from_secs(120);

#[async_trait]
impl Periodic for Sweeper {
    fn name(&self) -> &'static str {
        "core.sweep"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn everywhere(&self) -> bool {
        true
    }

    async fn tick(&self) -> Result<(), JobError> {
        self.sweep().await?;
        self.guard().await?;
        self.recover().await?;
        Ok(())
    }
}

impl Sweeper {
    /// A sweeper for one process's machine.
    #[must_use]
    pub fn new(machine: Arc<Machine>) -> Self {
        Self {
            machine,
            windows: Mutex::default(),
        }
    }

    /// One sweep over installs that have not ended.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn sweep(&self) -> Result<()> {
        let filter = Filter {
            active: true,
            limit: 1000,
            ..Filter::default()
        };
        let db = &self.machine.db;
        for mut install in installs::list(db, &TenantScope::every(), &filter).await? {
            match self.look_at(&mut install).await {
                // Whoever was faster did what had to be done.
                Err(StoreError::Stale(_)) | Ok(()) => {}
                Err(error) => warn!(install = %install.id, %error, "not swept"),
            }
        }
        Ok(())
    }

    async fn look_at(&self, install: &mut Install) -> Result<()> {
        let (machine, now) = (&self.machine, self.machine.db.env().now());
        let late = overdue(install, machine.settings.limits, now);
        let moved = late.is_some();
        if let Some((to, fault)) = late {
            let actor = Actor::system("sweeper");
            let note = Note::fault(&fault);
            machine.ledger.enter(install, to, &actor, &note).await?;
        }
        if install.state.is_final() {
            return Ok(());
        }
        let held =
            install.state == InstallState::Waiting && install.not_before.is_some_and(|at| at > now);
        let quiet = now < install.due + PATIENCE;
        if !moved && install.ask.is_none() && (held || quiet) {
            return Ok(());
        }
        let mut tx = machine.db.begin().await?;
        Ledger::drive_in(&mut tx, install.id, None).await?;
        tx.commit().await
    }

    /// Lets plugins serve again whose version works after all.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn recover(&self) -> Result<()> {
        let machine = &self.machine;
        for row in installed::held(&machine.db, &TenantScope::every()).await? {
            let Some(release) = &row.route.committed else {
                continue;
            };
            if machine
                .runtime
                .probe(&row.route.unit(release))
                .await
                .is_err()
            {
                continue;
            }
            let (tenant, plugin) = (row.route.tenant, &row.route.plugin);
            let scope = TenantScope::one(tenant);
            let mut tx = machine.db.begin().await?;
            installed::health(&mut tx, &scope, tenant, plugin, "healthy", false).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Keeps watching committed versions while the one before is kept.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn guard(&self) -> Result<()> {
        let machine = &self.machine;
        let now = machine.db.env().now();
        for mut install in installs::guarded(&machine.db, now).await? {
            let Some(vitals) = self.in_window(&install) else {
                continue;
            };
            let Some(fault) = fault_in(&vitals, None, &machine.settings.bounds) else {
                continue;
            };
            let actor = Actor::system("guard");
            let to = InstallState::RollingBack;
            let note = Note::fault(&fault);
            match machine.ledger.enter(&mut install, to, &actor, &note).await {
                Ok(_) => {
                    let mut tx = machine.db.begin().await?;
                    Ledger::drive_in(&mut tx, install.id, None).await?;
                    tx.commit().await?;
                }
                Err(StoreError::Stale(_)) => {}
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What a guarded version did in the present window.
    fn in_window(&self, install: &Install) -> Option<Vitals> {
        let vitals = self.machine.runtime.vitals(&install.unit())?;
        let now = self.machine.clock.elapsed();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.retain(|_, (at, _)| now < *at + WINDOW * 2);
        let window = windows
            .entry(install.id)
            .or_insert_with(|| (now, Vitals::default()));
        let did = since(&vitals, &window.1);
        if now > window.0 + WINDOW {
            *window = (now, vitals);
        }
        Some(did)
    }
}
