//! The core as a whole: what px-server builds, starts and serves.

use std::sync::Arc;
use std::time::Duration;

use px_api::client::Client;
use px_runtime::Host;
use px_store::Db;
use px_work::{Running, Workers};
use tokio::task::JoinHandle;

use crate::CoreConfig;
use crate::app::fault::Fault;
use crate::app::ports::{Marketplace, Monotonic, Origin, Runtime, Verifier};
use crate::gateway::{Gateway, IdleStopper, Instances, Reconciler, Table};
use crate::jobs::cleaner::Cleaner;
use crate::jobs::fetch::{Fetcher, Turns};
use crate::jobs::layout::Layout;
use crate::jobs::ledger::Ledger;
use crate::jobs::machine::{Machine, Settings};
use crate::jobs::marketplace::HttpMarketplace;
use crate::jobs::origin::HttpOrigin;
use crate::jobs::places::Places;
use crate::jobs::presence::Presence;
use crate::jobs::pulse::Pulse;
use crate::jobs::reporter::Reporter;
use crate::jobs::rollouts::Rollouts;
use crate::jobs::subscriber::Subscriber;
use crate::jobs::sweeper::Sweeper;
use crate::jobs::syncer::Syncer;
use crate::jobs::verify::PackageVerifier;
use crate::jobs::watchman::Watchman;

/// Outside parts of a core; the real ones are made by [`Core::new`].
pub struct Ports {
    /// Runs plugins for the install machine.
    pub runtime: Arc<dyn Runtime>,
    /// Decides about bytes and listings.
    pub verifier: Arc<dyn Verifier>,
    /// Where bundles come from.
    pub origin: Arc<dyn Origin>,
    /// The Marketplace.
    pub marketplace: Arc<dyn Marketplace>,
}

struct Inner {
    db: Db,
    config: CoreConfig,
    machine: Arc<Machine>,
    gateway: Gateway,
    syncer: Arc<Syncer>,
    marketplace: Arc<dyn Marketplace>,
}

/// PowerX core; cheap to clone.
#[derive(Clone)]
pub struct Core(Arc<Inner>);

/// Why a core could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// A data folder could not be made.
    #[error("data folder: {0}")]
    Folder(#[from] std::io::Error),
    /// An HTTP client could not be made.
    #[error("http client: {0}")]
    Client(#[from] reqwest::Error),
    /// The trust document of the settings cannot be used.
    #[error("trust document: {0}")]
    Trust(Fault),
}

impl Core {
    /// A core with the real parts. `db` is migrated already; `host` runs plugins; `clock` never jumps.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn new(
        db: Db,
        host: Host,
        clock: Arc<dyn Monotonic>,
        config: CoreConfig,
    ) -> Result<Self, CoreError> {
        let layout = Layout::at(&config.data_dir);
        let instances = Instances::new(host, layout, Arc::clone(&clock), config.idle);
        let instances = Arc::new(instances);
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(config.feed_wait + Duration::from_secs(30))
            .build()?;
        let client = Client::new(http, config.marketplace.clone(), config.token.clone());
        let verifier = PackageVerifier::new(db.env().clone());
        let ports = Ports {
            runtime: Arc::clone(&instances) as _,
            verifier: Arc::new(verifier),
            origin: Arc::new(HttpOrigin::new(config.origin())?),
            marketplace: Arc::new(HttpMarketplace(client)),
        };
        Self::assemble(db, instances, clock, config, ports)
    }

    /// A core with the outside parts given.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn assemble(
        db: Db,
        instances: Arc<Instances>,
        clock: Arc<dyn Monotonic>,
        config: CoreConfig,
        ports: Ports,
    ) -> Result<Self, CoreError> {
        if let Some(document) = &config.trust {
            ports.verifier.trust(document).map_err(CoreError::Trust)?;
        }
        let layout = Layout::at(&config.data_dir);
        std::fs::create_dir_all(layout.root().join("bundles"))?;
        let table = Arc::new(Table::new(Arc::clone(&clock)));
        let machine = Machine {
            db: db.clone(),
            settings: Settings {
                core_version: config.core_version.clone(),
                limits: config.limits,
                bounds: config.probation,
                probe_every: config.probe_every,
            },
            layout: layout.clone(),
            ledger: Ledger {
                db: db.clone(),
                source: config.source(),
                traffic: Arc::clone(&table) as _,
                pin: config.pin,
            },
            fetcher: Fetcher {
                db: db.clone(),
                layout,
                origin: ports.origin,
                clock: Arc::clone(&clock),
                limits: config.fetch,
                turns: Turns::default(),
            },
            places: Places::new(config.parallel_installs),
            runtime: ports.runtime,
            verifier: Arc::clone(&ports.verifier),
            traffic: Arc::clone(&table) as _,
            clock,
        };
        let syncer = Syncer {
            db: db.clone(),
            source: config.marketplace.to_string(),
            marketplace: Arc::clone(&ports.marketplace),
            verifier: ports.verifier,
            trust: config.trust.clone(),
            auto_upgrade: config.auto_upgrade,
            wait: config.feed_wait,
        };
        Ok(Self(Arc::new(Inner {
            db,
            machine: Arc::new(machine),
            gateway: Gateway { table, instances },
            syncer: Arc::new(syncer),
            marketplace: ports.marketplace,
            config,
        })))
    }

    /// The core's database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Settings.
    #[must_use]
    pub fn config(&self) -> &CoreConfig {
        &self.0.config
    }

    /// Drives installs.
    #[must_use]
    pub fn machine(&self) -> &Arc<Machine> {
        &self.0.machine
    }

    /// Passes requests to plugins.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.0.gateway
    }

    /// Follows the Marketplace.
    #[must_use]
    pub fn syncer(&self) -> &Arc<Syncer> {
        &self.0.syncer
    }

    /// Everything that runs in the background, except installs and the follower of the feed, added
    /// to `workers`.
    #[must_use]
    pub fn workers(&self, workers: Workers) -> Workers {
        let (db, inner) = (self.0.db.clone(), &self.0);
        let table = Arc::clone(&inner.gateway.table);
        workers
            .handler(Arc::new(Reporter(Arc::clone(&inner.marketplace))))
            .handler(Arc::new(Subscriber {
                db: db.clone(),
                marketplace: Arc::clone(&inner.marketplace),
            }))
            .periodic(Arc::new(Sweeper::new(Arc::clone(&inner.machine))))
            .periodic(Arc::new(Presence::new(
                Arc::clone(&inner.machine),
                Arc::clone(&table),
            )))
            .periodic(Arc::new(Pulse::new(
                Arc::clone(&inner.machine),
                Arc::clone(&table),
            )))
            .periodic(Arc::new(Reconciler::new(db, table)))
            .periodic(Arc::new(IdleStopper(Arc::clone(&inner.gateway.instances))))
            .periodic(Arc::new(Rollouts(self.clone())))
            .periodic(Arc::new(Watchman(self.clone())))
            .periodic(Arc::new(Cleaner(self.clone())))
    }

    /// Reads the gateway's table, then starts everything that runs in the background.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn start(&self) -> px_store::Result<CoreRunning> {
        let (db, inner) = (self.0.db.clone(), &self.0);
        Reconciler::new(db.clone(), Arc::clone(&inner.gateway.table))
            .reconcile()
            .await?;
        // Installs have places of their own: a probation takes minutes and must not hold up reports.
        let lease = inner.config.job_lease;
        let workers = |db| Workers::new(db).lease_at_most(lease);
        let installs = workers(db.clone()).handler(Arc::clone(&inner.machine) as _);
        let syncer = Arc::clone(&inner.syncer);
        Ok(CoreRunning {
            installs: installs.start(UNDER_WAY),
            others: self.workers(workers(db)).start(8),
            syncer: tokio::spawn(async move { syncer.run().await }),
            instances: Arc::clone(&inner.gateway.instances),
        })
    }
}

/// Installs that one process has under way, most of them on probation; how many may work at the same
/// time is a setting.
const UNDER_WAY: usize = 4096;

/// A started core.
pub struct CoreRunning {
    installs: Running,
    others: Running,
    syncer: JoinHandle<()>,
    instances: Arc<Instances>,
}

impl CoreRunning {
    /// Stops following, working and serving, in this order. Installs that are cut off are taken over
    /// when their lease ends; candidates on probation are taken back by that.
    pub async fn stop(self) {
        self.syncer.abort();
        // A probation lasts minutes; its lease, not this process, decides about its end.
        let patience = Duration::from_secs(3);
        let both = async { tokio::join!(self.installs.stop(), self.others.stop()) };
        let _ = tokio::time::timeout(patience, both).await;
        self.instances.stop_all().await;
    }
}
