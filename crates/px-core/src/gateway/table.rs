//! The in-memory table behind the gateway, kept in step with the database.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use px_model::{PluginId, TenantId};
use px_store::{Db, Result};
use px_work::{JobError, Periodic};

use crate::app::ports::{Monotonic, Traffic, Unit};
use crate::app::route::{Live, Route};
use crate::store::installed;

/// What answers a request.
#[derive(Debug, Clone)]
pub enum Served {
    /// This unit.
    By(Arc<Unit>),
    /// Nothing at the moment: the tenant has a maintenance notice.
    Held,
}

/// Routes of every tenant.
pub struct Table {
    routes: RwLock<HashMap<TenantId, HashMap<PluginId, Live>>>,
    clock: Arc<dyn Monotonic>,
}

impl Table {
    /// An empty table; [`Reconciler`] fills it.
    pub fn new(clock: Arc<dyn Monotonic>) -> Self {
        Self {
            routes: RwLock::default(),
            clock,
        }
    }

    /// What answers a tenant's requests to a plugin; `None` when it is not installed.
    #[must_use]
    pub fn serving(&self, tenant: TenantId, plugin: &PluginId) -> Option<Served> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let live = routes.get(&tenant)?.get(plugin)?;
        if live.route.held {
            return Some(Served::Held);
        }
        let unit = live.serving(self.clock.elapsed())?;
        Some(Served::By(Arc::clone(unit)))
    }

    /// What serves each tenant now.
    #[must_use]
    pub fn serving_units(&self) -> Vec<Unit> {
        let now = self.clock.elapsed();
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let live = routes.values().flat_map(HashMap::values);
        live.filter_map(|live| live.serving(now).map(|unit| Unit::clone(unit)))
            .collect()
    }

    /// Every unit that may be asked for: what serves, and candidates.
    #[must_use]
    pub fn wanted(&self) -> Vec<Unit> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        routes
            .values()
            .flat_map(HashMap::values)
            .flat_map(|live| {
                let route = &live.route;
                let releases = [&route.committed, &route.candidate];
                releases.into_iter().flatten().map(|r| route.unit(r))
            })
            .collect()
    }
}

impl Traffic for Table {
    fn routed(&self, route: Route) {
        let now = self.clock.elapsed();
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let plugins = routes.entry(route.tenant).or_default();
        match plugins.get_mut(&route.plugin) {
            Some(live) => live.update(route, now),
            None => {
                plugins.insert(route.plugin.clone(), Live::new(route));
            }
        }
    }

    fn lease(&self, tenant: TenantId, plugin: &PluginId, generation: i64, ttl: Duration) {
        let now = self.clock.elapsed();
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(live) = routes.get_mut(&tenant).and_then(|map| map.get_mut(plugin)) {
            live.lease(generation, now, ttl);
        }
    }
}

/// Brings the table in step with the database every second, in every process.
pub struct Reconciler {
    db: Db,
    table: Arc<Table>,
    seen: tokio::sync::Mutex<Option<Timestamp>>,
}

/// Rows are read again that changed this long before the last look: clocks of replicas differ.
const OVERLAP: SignedDuration = SignedDuration::from_secs(30);

impl Reconciler {
    /// Keeps `table` in step with `db`.
    #[must_use]
    pub fn new(db: Db, table: Arc<Table>) -> Self {
        Self {
            db,
            table,
            seen: tokio::sync::Mutex::default(),
        }
    }

    /// One look. The first one reads everything.
    ///
    /// # Errors
    /// When the engine is away; the table then stays as it is and goes on serving.
    pub async fn reconcile(&self) -> Result<()> {
        let mut seen = self.seen.lock().await;
        let now = self.db.env().now();
        // A clock that went back, or a first look: everything.
        let since = match *seen {
            Some(at) if at <= now => at.checked_sub(OVERLAP).unwrap_or(Timestamp::MIN),
            _ => Timestamp::UNIX_EPOCH,
        };
        for route in installed::changed_since(&self.db, since).await? {
            self.table.routed(route);
        }
        *seen = Some(now);
        Ok(())
    }
}

#[async_trait]
impl Periodic for Reconciler {
    fn name(&self) -> &'static str {
        "core.gateway"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn everywhere(&self) -> bool {
        true
    }

    async fn tick(&self) -> Result<(), JobError> {
        self.reconcile().await.map_err(Into::into)
    }
}
