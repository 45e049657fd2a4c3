//! A machine with stand-ins around it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use px_api::market::{Artifact, ListedVersion};
use px_core::app::authority::TenantScope;
use px_core::app::install::request::{Asker, Fresh, Terms, Wanted, plan_install};
use px_core::app::install::{Install, Limits, Trigger, probation::Bounds};
use px_core::app::ports::Monotonic;
use px_core::gateway::{Served, Table};
use px_core::jobs::fetch::{FetchLimits, Fetcher, Turns};
use px_core::jobs::layout::Layout;
use px_core::jobs::ledger::Ledger;
use px_core::jobs::machine::{Machine, Settings};
use px_core::jobs::places::Places;
use px_core::store::{installed, installs, tenants};
use px_model::{Channel, Digest, InstallId, PluginId, Risk, TenantId, VersionId, VersionState};
use px_store::{Actor, Db, Env};
use sha2::Digest as _;

use super::{Database, FakeOrigin, FakeRuntime, FakeVerifier, Script, bundle};

struct SinceStart(Instant);

impl Monotonic for SinceStart {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// One process: a machine, its table, its stand-ins.
pub struct Bench {
    pub machine: Arc<Machine>,
    pub table: Arc<Table>,
    pub runtime: Arc<FakeRuntime>,
    pub origin: Arc<FakeOrigin>,
    pub script: Script,
    pub db: Db,
}

impl Bench {
    /// A process on `database`, with its folders.
    pub fn new(database: &Database, db: Db) -> Self {
        let script = Script::default();
        let clock: Arc<dyn Monotonic> = Arc::new(SinceStart(Instant::now()));
        let table = Arc::new(Table::new(Arc::clone(&clock)));
        let runtime = Arc::new(FakeRuntime {
            script: script.clone(),
            ..FakeRuntime::default()
        });
        let verifier = Arc::new(FakeVerifier::new(script.clone()));
        let origin = Arc::new(FakeOrigin::new(script.clone()));
        let layout = Layout::at(database.folder.path().join("data"));
        let machine = Machine {
            db: db.clone(),
            settings: Settings {
                core_version: "1.0.0".parse().unwrap(),
                limits: Limits {
                    first_pause: Duration::from_millis(2),
                    ..Limits::default()
                },
                bounds: Bounds {
                    duration: Duration::from_millis(30),
                    ..Bounds::default()
                },
                probe_every: Duration::from_millis(5),
            },
            layout: layout.clone(),
            places: Places::new(8),
            ledger: Ledger {
                db: db.clone(),
                source: "/powerx/test".to_owned(),
                traffic: Arc::clone(&table) as _,
                pin: SignedDuration::from_hours(24),
            },
            fetcher: Fetcher {
                db: db.clone(),
                layout,
                origin: Arc::clone(&origin) as _,
                clock: Arc::clone(&clock),
                limits: FetchLimits {
                    reopen_after: Duration::from_millis(1),
                    ..FetchLimits::default()
                },
                turns: Turns::default(),
            },
            runtime: Arc::clone(&runtime) as _,
            verifier: Arc::clone(&verifier) as _,
            traffic: Arc::clone(&table) as _,
            clock,
        };
        Self {
            machine: Arc::new(machine),
            table,
            runtime,
            origin,
            script,
            db,
        }
    }

    /// Asks for a listed version and answers the install, not yet driven.
    pub async fn request(&self, tenant: TenantId, listed: ListedVersion) -> Install {
        *self.runtime.new.lock().unwrap() = Some(listed.version.clone());
        let scope = TenantScope::one(tenant);
        let had = installed::get(&self.db, &scope, tenant, &listed.plugin_id)
            .await
            .unwrap();
        let env = self.db.env();
        let install = plan_install(
            Asker {
                tenant,
                actor: Actor::system("test"),
                trigger: Trigger::Person,
                rollout: None,
            },
            Wanted::listed(listed),
            &Terms::default(),
            had.as_ref().map(|i| &i.route),
            Fresh {
                id: InstallId::from_uuid(env.uuid()),
                secret: env.secret(16),
                now: env.now(),
            },
        )
        .unwrap();
        let mut tx = self.db.begin().await.unwrap();
        installs::insert(&mut tx, "/powerx/test", &install)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        install
    }

    /// Drives an install to its end, sleeping through no long waits.
    pub async fn finish(&self, database: &Database, id: InstallId) -> Install {
        for _ in 0..40 {
            match self.machine.drive(id).await.unwrap() {
                None => break,
                Some(_) => database.clock.advance(61),
            }
        }
        self.install(id).await
    }

    pub async fn install(&self, id: InstallId) -> Install {
        installs::get(&self.db, &TenantScope::every(), id)
            .await
            .unwrap()
            .unwrap()
    }

    /// The version this process's gateway would ask now.
    pub fn serving(&self, tenant: TenantId, plugin: &PluginId) -> Option<String> {
        match self.table.serving(tenant, plugin)? {
            Served::By(unit) => Some(unit.version.to_string()),
            Served::Held => Some("held".to_owned()),
        }
    }
}

pub async fn tenant(db: &Db, name: &str) -> TenantId {
    let mut tx = db.begin().await.unwrap();
    let tenant = tenants::create(&mut tx, &Actor::system("test"), name, false)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    tenant.id
}

/// A listed version of `com.example.notes`.
pub fn listed(version: &str) -> ListedVersion {
    let source = format!("/{version}.pxp");
    let bytes = bundle(&source);
    let digest = Digest::from_bytes(sha2::Sha256::digest(&bytes).into());
    ListedVersion {
        version_id: VersionId::from_uuid(Env::system().uuid()),
        plugin_id: "com.example.notes".parse().unwrap(),
        name: "Notes".to_owned(),
        summary: "Takes notes".to_owned(),
        publisher: "Example".to_owned(),
        version: version.parse().unwrap(),
        channel: Channel::Stable,
        state: VersionState::Listed,
        artifact: Artifact {
            sha256: digest,
            size: bytes.len() as u64,
        },
        bundle_url: source,
        permissions: vec![],
        dependencies: vec![],
        corex_version: None,
        kind: "wasm".to_owned(),
        risk: Risk::Low,
        notes: None,
        rollout: None,
        listed_at: Env::system().now(),
        listing: serde_json::Value::Null,
    }
}
