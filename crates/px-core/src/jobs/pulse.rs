//! How the plugins that run here are doing, for the pages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use px_store::Result;
use px_work::{JobError, Periodic};

use super::machine::Machine;
use super::watch::since;
use crate::app::authority::TenantScope;
use crate::app::ports::{Unit, Vitals};
use crate::gateway::Table;
use crate::store::installed;

/// Requests in a window below which a rate says nothing.
const SAMPLE: u64 = 20;

/// Looks at every running unit every quarter of a minute, in every process.
pub struct Pulse {
    machine: Arc<Machine>,
    table: Arc<Table>,
    last: Mutex<HashMap<Unit, (Vitals, &'static str)>>,
}

impl Pulse {
    /// For one process's instances.
    #[must_use]
    pub fn new(machine: Arc<Machine>, table: Arc<Table>) -> Self {
        Self {
            machine,
            table,
            last: Mutex::default(),
        }
    }

    /// Writes what has changed since the last look.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn look(&self) -> Result<()> {
        for (unit, word) in self.changed() {
            let scope = TenantScope::one(unit.tenant);
            let mut tx = self.machine.db.begin().await?;
            installed::pulse(&mut tx, &scope, unit.tenant, &unit.plugin, word).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    fn changed(&self) -> Vec<(Unit, &'static str)> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = HashMap::new();
        let mut changed = Vec::new();
        for unit in self.table.serving_units() {
            let Some(now) = self.machine.runtime.vitals(&unit) else {
                continue;
            };
            let before = last.remove(&unit);
            let word = word(
                &before
                    .as_ref()
                    .map_or_else(|| now.clone(), |b| since(&now, &b.0)),
            );
            if before.is_none_or(|b| b.1 != word) {
                changed.push((unit.clone(), word));
            }
            next.insert(unit, (now, word));
        }
        *last = next;
        changed
    }
}

/// `down`, `degraded` (more than 5 % of the requests failed) or `healthy`.
fn word(did: &Vitals) -> &'static str {
    if !did.up {
        "down"
    } else if did.requests >= SAMPLE && did.errors * 20 > did.requests {
        "degraded"
    } else {
        "healthy"
    }
}

#[async_trait]
impl Periodic for Pulse {
    fn name(&self) -> &'static str {
        "core.pulse"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(15)
    }

    fn everywhere(&self) -> bool {
        true
    }

    async fn tick(&self) -> Result<(), JobError> {
        self.look().await.map_err(Into::into)
    }
}
