//! Running instances: started on demand, stopped when nobody asks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use http::Request;
use px_api::Code;
use px_model::{PluginId, TenantId, Version};
use px_package::manifest::{Manifest, SmokeRequest};
use px_runtime::{Host, Instance, RunFault, empty, join_base_path};
use px_work::{JobError, Periodic};
use serde_json::json;

use super::launch::{self, AdminSide, launch_fault, run_fault};
use crate::app::fault::Fault;
use crate::app::ports::{Monotonic, Runtime, Unit, Vitals};
use crate::jobs::layout::Layout;

/// Pause after a failed start before a request tries again.
const RETRY: Duration = Duration::from_secs(2);

/// A unit that runs.
pub struct Running {
    /// The plugin's API.
    pub main: Option<Arc<Instance>>,
    /// Its administration pages; the same instance when it serves them itself.
    pub admin: Option<Arc<Instance>>,
    /// Whether `admin` is the plugin itself.
    pub admin_is_main: bool,
    /// Its manifest.
    pub manifest: Manifest,
}

impl Running {
    async fn health(&self) -> Result<(), RunFault> {
        for instance in self.main.iter().chain(&self.admin) {
            instance.health().await?;
        }
        Ok(())
    }

    async fn stop(&self) {
        for instance in self.main.iter().chain(&self.admin) {
            instance.stop().await;
        }
    }
}

#[derive(Default)]
struct Cell {
    running: tokio::sync::RwLock<Option<Arc<Running>>>,
    /// Milliseconds on the monotonic clock.
    touched: AtomicU64,
    failed: Mutex<Option<(Duration, Fault)>>,
}

/// All instances of this process.
pub struct Instances {
    host: Host,
    layout: Layout,
    clock: Arc<dyn Monotonic>,
    idle: Duration,
    cells: RwLock<HashMap<Unit, Arc<Cell>>>,
}

impl Instances {
    /// Nothing runs yet. Instances that nobody asked for `idle` are stopped.
    #[must_use]
    pub fn new(host: Host, layout: Layout, clock: Arc<dyn Monotonic>, idle: Duration) -> Self {
        Self {
            host,
            layout,
            clock,
            idle,
            cells: RwLock::default(),
        }
    }

    fn cell(&self, unit: &Unit) -> Arc<Cell> {
        let cells = self.cells.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(unit) {
            return Arc::clone(cell);
        }
        drop(cells);
        let mut cells = self.cells.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(unit.clone()).or_default())
    }

    fn known(&self, unit: &Unit) -> Option<Arc<Cell>> {
        let cells = self.cells.read().unwrap_or_else(PoisonError::into_inner);
        cells.get(unit).cloned()
    }

    fn now_millis(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The running unit, started when it is not. Starts of one unit take turns, and after a failed
    /// one requests are turned away for a moment instead of each starting it again.
    ///
    /// # Errors
    /// Why it cannot be started.
    pub async fn get(&self, unit: &Unit) -> Result<Arc<Running>, Fault> {
        let cell = self.cell(unit);
        cell.touched.store(self.now_millis(), Ordering::Relaxed);
        if let Some(running) = cell.running.read().await.as_ref() {
            return Ok(Arc::clone(running));
        }
        let mut slot = cell.running.write().await;
        if let Some(running) = slot.as_ref() {
            return Ok(Arc::clone(running));
        }
        let failed = cell
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((at, fault)) = failed
            && self.clock.elapsed() < at + RETRY
        {
            return Err(fault);
        }
        match self.start(unit).await {
            Ok(running) => {
                let running = Arc::new(running);
                *slot = Some(Arc::clone(&running));
                Ok(running)
            }
            Err(fault) => {
                let mut failed = cell.failed.lock().unwrap_or_else(PoisonError::into_inner);
                *failed = Some((self.clock.elapsed(), fault.clone()));
                Err(fault)
            }
        }
    }

    async fn start(&self, unit: &Unit) -> Result<Running, Fault> {
        let launch = launch::launch(&self.layout, unit).await?;
        let main = match launch.main {
            Some(spec) => Some(self.host.launch(spec).await.map_err(|e| launch_fault(&e))?),
            None => None,
        };
        let (admin, admin_is_main) = match launch.admin {
            AdminSide::None => (None, false),
            AdminSide::Main => (main.clone(), true),
            AdminSide::Own(spec) => match self.host.launch(*spec).await {
                Ok(instance) => (Some(instance), false),
                Err(fault) => {
                    if let Some(main) = &main {
                        main.stop().await;
                    }
                    return Err(launch_fault(&fault));
                }
            },
        };
        Ok(Running {
            main,
            admin,
            admin_is_main,
            manifest: launch.manifest,
        })
    }

    fn running(&self, unit: &Unit) -> Option<Arc<Running>> {
        self.known(unit)?.running.try_read().ok()?.clone()
    }

    /// Stops what nobody asked for lately; answers how many.
    pub async fn stop_idle(&self) -> usize {
        let limit = u64::try_from(self.idle.as_millis()).unwrap_or(u64::MAX);
        let now = self.now_millis();
        let idle: Vec<Unit> = {
            let cells = self.cells.read().unwrap_or_else(PoisonError::into_inner);
            let old = |c: &Cell| now.saturating_sub(c.touched.load(Ordering::Relaxed)) > limit;
            let found = cells.iter().filter(|(_, cell)| old(cell));
            found.map(|(unit, _)| unit.clone()).collect()
        };
        for unit in &idle {
            self.stop(unit).await;
        }
        idle.len()
    }

    /// Stops everything, for the end of the process.
    pub async fn stop_all(&self) {
        let all: Vec<Unit> = {
            let cells = self.cells.read().unwrap_or_else(PoisonError::into_inner);
            cells.keys().cloned().collect()
        };
        futures::future::join_all(all.iter().map(|unit| self.stop(unit))).await;
    }
}

#[async_trait]
impl Runtime for Instances {
    async fn prepare(&self, plugin: &PluginId, version: &Version) -> Result<(), Fault> {
        let root = self.layout.version(plugin, version);
        let file = root.join(px_package::names::MANIFEST_JSON);
        let text = tokio::fs::read_to_string(&file)
            .await
            .map_err(|e| crate::jobs::fetch::disk(&e))?;
        let outcome = px_package::manifest::parse_manifest(&text);
        let entry = outcome
            .manifest
            .filter(|m| m.runtime.kind.as_str() == "wasm");
        let Some(entry) = entry.and_then(|m| m.runtime.entry) else {
            return Ok(());
        };
        match self.host.prepare(&root.join(entry)).await {
            Ok(_) => Ok(()),
            Err(e) if e.is_plugins() => {
                Err(Fault::plugin(Code::StagingFailed, e.code(), e.to_string()))
            }
            Err(e) => Err(launch_fault(&e)),
        }
    }

    async fn preflight(&self, unit: &Unit) -> Result<String, Fault> {
        let running = self.get(unit).await?;
        for request in &running.manifest.smoke {
            if let Err(fault) = smoke(&running, unit, request).await {
                self.stop(unit).await;
                return Err(fault);
            }
        }
        let count = running.manifest.smoke.len();
        Ok(format!(
            "healthy; {count} smoke requests answered as declared"
        ))
    }

    async fn migrate(&self, unit: &Unit, first: bool) -> Result<Option<String>, Fault> {
        let launch = launch::launch(&self.layout, unit).await?;
        let (Some(spec), Some(run)) = (launch.main, launch::migration(&launch.manifest, first))
        else {
            return Ok(None);
        };
        self.stop(unit).await;
        match self.host.run_migration(&spec, &run).await {
            Ok(log) => Ok(Some(format!("migrated in {} ms", log.duration_ms))),
            Err(e) => Err(Fault::plugin(
                Code::MigrationFailed,
                e.code(),
                e.to_string(),
            )),
        }
    }

    async fn probe(&self, unit: &Unit) -> Result<(), Fault> {
        let running = self.get(unit).await?;
        running.health().await.map_err(|e| run_fault(&e))
    }

    fn vitals(&self, unit: &Unit) -> Option<Vitals> {
        let running = self.running(unit)?;
        let instance = running.main.as_ref().or(running.admin.as_ref())?;
        let stats = instance.stats();
        Some(Vitals {
            requests: stats.requests,
            errors: stats.errors,
            traps: stats.traps,
            crashes: stats.crashes,
            up: stats.up,
            p50_us: stats.p50_us,
            last_fault: stats.last_fault.map(|f| f.code),
        })
    }

    async fn stop(&self, unit: &Unit) {
        let cell = {
            let mut cells = self.cells.write().unwrap_or_else(PoisonError::into_inner);
            cells.remove(unit)
        };
        let Some(cell) = cell else { return };
        let running = cell.running.write().await.take();
        if let Some(running) = running {
            running.stop().await;
        }
    }

    async fn stop_every(&self, tenant: TenantId, plugin: &PluginId) {
        let every: Vec<Unit> = {
            let cells = self.cells.read().unwrap_or_else(PoisonError::into_inner);
            let theirs = |unit: &&Unit| unit.tenant == tenant && unit.plugin == *plugin;
            cells.keys().filter(theirs).cloned().collect()
        };
        for unit in &every {
            self.stop(unit).await;
        }
    }
}

async fn smoke(running: &Running, unit: &Unit, smoke: &SmokeRequest) -> Result<(), Fault> {
    let failed = |text: String| Fault::plugin(Code::PreflightFailed, "smoke", text);
    let Some(main) = &running.main else {
        return Err(failed("Smoke requests need a backend.".to_owned()));
    };
    let path = join_base_path(&main.spec().base_path, &smoke.path);
    let mut request = Request::builder()
        .method(smoke.method.as_str())
        .uri(&path)
        .body(empty())
        .map_err(|e| failed(format!("{} {path}: {e}", smoke.method)))?;
    let context = json!({"tenantId": unit.tenant, "pluginId": unit.plugin, "smoke": true});
    main.identify(request.headers_mut(), Some(&context));
    let answer = main
        .handle(request)
        .await
        .map_err(|e| failed(format!("{} {path}: {e}", smoke.method)))?;
    if answer.status().as_u16() == smoke.expect_status {
        return Ok(());
    }
    Err(failed(format!(
        "{} {path} answered {}, not {}.",
        smoke.method,
        answer.status(),
        smoke.expect_status
    )))
}

/// Stops idle instances every half minute, in every process.
pub struct IdleStopper(pub Arc<Instances>);

#[async_trait]
impl Periodic for IdleStopper {
    fn name(&self) -> &'static str {
        "core.idle"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn everywhere(&self) -> bool {
        true
    }

    async fn tick(&self) -> Result<(), JobError> {
        self.0.stop_idle().await;
        Ok(())
    }
}
