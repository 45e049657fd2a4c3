//! What all instances share.

use crate::compile::Compiled;
use crate::fault::LaunchFault;
use crate::instance::Instance;
use crate::process::Spawner;
use crate::spec::LaunchSpec;
use crate::ticker::Ticker;
use crate::wasm::Guest;
use crate::{MigrationFault, MigrationLog, MigrationRun, Prepared, SandboxReport};
use px_model::Digest;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::time::SystemTime;
use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
};

/// Wall clock, passed in.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Settings of a [`Host`].
#[derive(Clone)]
pub struct HostConfig {
    /// Folder of compiled components; belongs to this host alone.
    pub cache_dir: PathBuf,
    /// Upper bound of [`crate::Limits::memory_bytes`] for components, in bytes.
    pub max_memory_bytes: u64,
    /// Requests to components at once, over all instances.
    pub max_requests: u32,
    /// Largest component, in bytes.
    pub max_component_bytes: u64,
    /// Compilations at once.
    pub compilations: usize,
    /// Whether granted hosts may resolve to loopback, private and link-local addresses.
    pub allow_private_addresses: bool,
    /// Whether processes are refused on machines where the file system cannot be closed to them.
    pub require_sandbox: bool,
    /// User and group that processes run as, when this host may change to it.
    pub run_as: Option<(u32, u32)>,
    /// Wall clock.
    pub clock: Clock,
}

impl HostConfig {
    /// Defaults: 256 MiB and 256 requests at once, all but one core for compilations.
    #[must_use]
    pub fn new(cache_dir: impl Into<PathBuf>, clock: Clock) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cache_dir: cache_dir.into(),
            max_memory_bytes: 256 << 20,
            max_requests: 256,
            max_component_bytes: 64 << 20,
            compilations: cores.saturating_sub(1).max(1),
            allow_private_addresses: false,
            require_sandbox: false,
            run_as: None,
            clock,
        }
    }
}

/// Shared state behind every instance.
pub(crate) struct Shared {
    pub(crate) config: HostConfig,
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Guest>,
    pub(crate) compile_permits: Semaphore,
    pub(crate) compiled: Mutex<HashMap<Digest, Weak<Compiled>>>,
    pub(crate) tls: Arc<tokio_rustls::rustls::ClientConfig>,
    pub(crate) spawner: Spawner,
    pub(crate) ticker: Ticker,
}

/// Runs plugins. Cheap to clone.
#[derive(Clone)]
pub struct Host(pub(crate) Arc<Shared>);

impl Host {
    /// Starts the engine.
    ///
    /// # Errors
    /// [`LaunchFault::Host`] when the cache folder or the engine cannot be made.
    pub fn new(config: HostConfig) -> Result<Self, LaunchFault> {
        make_private_dir(&config.cache_dir)?;
        let engine = engine(&config)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(LaunchFault::host)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)
            .map_err(LaunchFault::host)?;
        Ok(Self(Arc::new(Shared {
            compile_permits: Semaphore::new(config.compilations.max(1)),
            compiled: Mutex::new(HashMap::new()),
            tls: crate::wasm::tls_config()?,
            spawner: Spawner::start()?,
            ticker: Ticker::start(&engine)?,
            engine,
            linker,
            config,
        })))
    }

    /// Compiles the component at `component` ahead of time, or finds that done already. Belongs to
    /// staging: [`Host::launch`] then only loads it.
    ///
    /// # Errors
    /// [`LaunchFault::File`] and [`LaunchFault::Component`].
    pub async fn prepare(&self, component: &Path) -> Result<Prepared, LaunchFault> {
        crate::compile::prepare(&self.0, component).await
    }

    /// Starts the plugin and waits until its health path answers 2xx.
    ///
    /// # Errors
    /// See [`LaunchFault`]; whatever was started is stopped again.
    pub async fn launch(&self, spec: LaunchSpec) -> Result<Arc<Instance>, LaunchFault> {
        Instance::launch(&self.0, spec).await
    }

    /// Runs the migration entry of a process plugin in the plugin's own sandbox, without a port.
    /// The plugin must not be running on the same data.
    ///
    /// # Errors
    /// See [`MigrationFault`]; the data is then as far as the migration got.
    pub async fn run_migration(
        &self,
        spec: &LaunchSpec,
        run: &MigrationRun,
    ) -> Result<MigrationLog, MigrationFault> {
        crate::process::run_migration(&self.0, spec, run).await
    }

    /// Which protections processes get on this machine, and which they do not.
    #[must_use]
    pub fn sandbox_report(&self) -> SandboxReport {
        crate::process::sandbox_report(&self.0.config)
    }
}

fn make_private_dir(dir: &Path) -> Result<(), LaunchFault> {
    std::fs::create_dir_all(dir).map_err(|e| LaunchFault::file(dir, &e))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(dir, mode).map_err(|e| LaunchFault::file(dir, &e))?;
    }
    Ok(())
}

fn engine(config: &HostConfig) -> Result<Engine, LaunchFault> {
    let mut base = Config::new();
    base.epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        // One core per compilation, so that the semaphore is a cap.
        .parallel_compilation(false);
    let mut pooled = base.clone();
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)));
    Engine::new(&pooled)
        .or_else(|error| {
            // Address space may be limited (containers, `ulimit -v`): slower is better than not at all.
            tracing::warn!(%error, "no instance pool; components are instantiated on demand");
            Engine::new(&base)
        })
        .map_err(LaunchFault::host)
}

fn pool(config: &HostConfig) -> PoolingAllocationConfig {
    let requests = config.max_requests;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(requests)
        .total_stacks(requests)
        // A component made of a module and its adapters instantiates several core modules.
        .total_core_instances(requests.saturating_mul(8))
        .max_core_instances_per_component(64)
        .total_memories(requests.saturating_mul(2))
        .max_memories_per_component(8)
        .total_tables(requests.saturating_mul(8))
        .max_tables_per_component(32)
        .table_elements(50_000)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_memory_size(usize::try_from(config.max_memory_bytes).unwrap_or(usize::MAX))
        .linear_memory_keep_resident(512 << 10)
        .table_keep_resident(16 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}
