//! How the plugins that run here are doing and how much they are used, for the pages.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use px_store::Result;
use px_work::{JobError, Periodic};

use super::machine::Machine;
use super::watch::since;
use crate::app::authority::TenantScope;
use crate::app::ports::{Unit, Vitals};
use crate::gateway::Table;
use crate::store::usage::{Hour, Whose, hour_of};
use crate::store::{installed, usage};

/// Requests in a window below which a rate says nothing.
const SAMPLE: u64 = 20;

/// Looks at every running unit every quarter of a minute, in every process.
pub struct Pulse {
    machine: Arc<Machine>,
    table: Arc<Table>,
    last: Mutex<HashMap<Unit, (Vitals, &'static str)>>,
    /// Use that is not written yet, with the hour it belongs to.
    counted: Mutex<BTreeMap<(Whose, Timestamp), (u64, u64)>>,
}

impl Pulse {
    /// For one process's instances.
    #[must_use]
    pub fn new(machine: Arc<Machine>, table: Arc<Table>) -> Self {
        Self {
            machine,
            table,
            last: Mutex::default(),
            counted: Mutex::default(),
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
        self.write_use().await
    }

    /// Writes what was counted; what cannot be written is kept for the next look.
    async fn write_use(&self) -> Result<()> {
        let counted = std::mem::take(&mut *lock(&self.counted));
        if counted.is_empty() {
            return Ok(());
        }
        let hour = |at: Timestamp, (requests, errors): (u64, u64)| Hour {
            at,
            requests,
            errors,
        };
        let rows: Vec<_> = counted
            .iter()
            .map(|((whose, at), n)| (whose.clone(), hour(*at, *n)))
            .collect();
        let written = async {
            let mut tx = self.machine.db.begin().await?;
            usage::add(&mut tx, &rows).await?;
            tx.commit().await
        };
        let written = written.await;
        if written.is_err() {
            let mut again = lock(&self.counted);
            for (key, (requests, errors)) in counted {
                let n = again.entry(key).or_default();
                *n = (n.0 + requests, n.1 + errors);
            }
        }
        written
    }

    fn count(&self, unit: &Unit, did: &Vitals) {
        if did.requests == 0 {
            return;
        }
        let hour = hour_of(self.machine.db.env().now());
        let mut counted = lock(&self.counted);
        let n = counted
            .entry(((unit.tenant, unit.plugin.clone()), hour))
            .or_default();
        *n = (n.0 + did.requests, n.1 + did.errors);
    }

    fn changed(&self) -> Vec<(Unit, &'static str)> {
        let mut last = lock(&self.last);
        let mut next = HashMap::new();
        let mut changed = Vec::new();
        for unit in self.table.serving_units() {
            let Some(now) = self.machine.runtime.vitals(&unit) else {
                continue;
            };
            let before = last.remove(&unit);
            let did = before
                .as_ref()
                .map_or_else(|| now.clone(), |b| since(&now, &b.0));
            self.count(&unit, &did);
            let word = word(&did);
            if before.is_none_or(|b| b.1 != word) {
                changed.push((unit.clone(), word));
            }
            next.insert(unit, (now, word));
        }
        *last = next;
        changed
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
