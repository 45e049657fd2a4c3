//! A Marketplace on a fresh database, with a clock moved by hand.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use futures::stream;
use jiff::{SignedDuration, Timestamp};
use px_api::market::{Artifact, DecisionRequest, PublishAnswer, PublishRequest};
use px_market::app::authority::{OperatorAuth, PublisherAuth, ReviewerAuth};
use px_market::app::error::AppError;
use px_market::app::facts::{BundleFacts, risk_of};
use px_market::app::scan::Conclusion;
use px_market::app::upload::WriteAt;
use px_market::jobs::Pipeline;
use px_market::{
    CompatibilityReport, CompatibilityRunner, CompatibilitySubject, Market, MarketConfig,
};
use px_model::{AccountId, Channel, Decision, Digest, PublisherId, UploadId, VersionId};
use px_review::{CheckId, CheckResult, Outcome};
use px_store::{Actor, Blobs, Clock, Db, Env, SystemRandomness};
use sha2::{Digest as _, Sha256};

/// Time as the test says.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_micros() as i64, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Stands in for the sandbox, which this crate never sees: out of order as often as a test says,
/// then content with everything.
#[derive(Default)]
pub struct Sandbox {
    pub out_of_order: AtomicI64,
}

#[async_trait]
impl CompatibilityRunner for Sandbox {
    async fn run(&self, _subject: &CompatibilitySubject) -> Result<CompatibilityReport, String> {
        if self.out_of_order.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Err("no sandbox on this machine".to_owned());
        }
        Ok(CompatibilityReport {
            results: vec![CheckResult {
                check: CheckId::Cmp04,
                outcome: Outcome::Pass,
            }],
            engines: vec![],
        })
    }
}

pub struct World {
    pub market: Market,
    pub clock: TestClock,
    pub sandbox: Arc<Sandbox>,
    _folder: tempfile::TempDir,
}

pub fn start_of_time() -> Timestamp {
    "2026-01-05T08:00:00Z".parse().unwrap()
}

/// Runs a test once per engine at hand.
pub async fn on_every_engine<F: AsyncFn(World)>(test: F) {
    test(World::new(None, |_| {}).await).await;
    if let Ok(server) = std::env::var("PX_TEST_POSTGRES_URL") {
        test(World::new(Some(&server), |_| {}).await).await;
    }
}

impl World {
    pub async fn new(server: Option<&str>, set: impl FnOnce(&mut MarketConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = match server {
            None => format!("sqlite:{}", folder.path().join("market.db").display()),
            Some(server) => fresh_database(server).await,
        };
        Self::open(&address, folder, set).await
    }

    async fn open(
        address: &str,
        folder: tempfile::TempDir,
        set: impl FnOnce(&mut MarketConfig),
    ) -> Self {
        let clock = TestClock(Arc::new(AtomicI64::new(start_of_time().as_microsecond())));
        let env = Env::new(clock.clone(), SystemRandomness);
        let db = Db::open(address, env).await.unwrap();
        db.migrate(&[
            px_store::MIGRATIONS,
            px_work::MIGRATIONS,
            px_notify::MIGRATIONS,
            px_web::identity::MIGRATIONS,
            px_market::MIGRATIONS,
        ])
        .await
        .unwrap();
        let blobs = Blobs::in_folder(&folder.path().join("blobs")).unwrap();
        let mut config = MarketConfig::new(
            folder.path().join("data"),
            "http://market.example/".parse().unwrap(),
        );
        config.supported_cores = vec!["0.1.0".parse().unwrap()];
        set(&mut config);
        let sandbox = Arc::new(Sandbox::default());
        let market = Market::new(db, blobs, config, sandbox.clone()).unwrap();
        Self {
            market,
            clock,
            sandbox,
            _folder: folder,
        }
    }

    pub fn operator(&self) -> OperatorAuth {
        OperatorAuth {
            actor: actor("operator"),
        }
    }

    /// A verified publisher.
    pub async fn publisher(&self, name: &str) -> PublisherAuth {
        let publisher = PublisherId::from_uuid(self.market.db().env().uuid());
        let operator = self.operator();
        self.market
            .put_publisher(&operator, publisher, name)
            .await
            .unwrap();
        self.market
            .verify_publisher(&operator, publisher, true, "domain proof")
            .await
            .unwrap();
        PublisherAuth {
            publisher,
            actor: actor(name),
        }
    }

    pub fn reviewer(&self, name: &str) -> ReviewerAuth {
        let account = AccountId::from_uuid(self.market.db().env().uuid()).to_string();
        ReviewerAuth {
            account,
            publishers: vec![],
            actor: actor(name),
        }
    }

    /// Registers, uploads and submits.
    pub async fn submitted(
        &self,
        auth: &PublisherAuth,
        request: &PublishRequest,
        bytes: &[u8],
    ) -> PublishAnswer {
        let answer = self.market.publish(auth, request).await.unwrap();
        let upload = upload_of(&answer);
        self.write(auth, upload, WriteAt::Offset(0, None), bytes)
            .await
            .unwrap();
        self.market
            .submit_review(auth, answer.version_id)
            .await
            .unwrap();
        answer
    }

    /// Registers, uploads, submits, and passes the checks with `verdict`.
    pub async fn in_review(
        &self,
        auth: &PublisherAuth,
        request: &PublishRequest,
        bytes: &[u8],
        verdict: &'static str,
    ) -> VersionId {
        let version = self.submitted(auth, request, bytes).await.version_id;
        self.concluded(version, request, verdict).await;
        version
    }

    /// Concludes the checks of a submitted version.
    pub async fn concluded(
        &self,
        version: VersionId,
        request: &PublishRequest,
        verdict: &'static str,
    ) {
        let market = &self.market;
        let round = px_market::store::versions::get(market.db(), version)
            .await
            .unwrap()
            .round;
        let row = market
            .begin_scan(&Pipeline {
                version_id: version,
                round,
            })
            .await
            .unwrap()
            .unwrap();
        let conclusion = Conclusion {
            verdict,
            report: serde_json::json!({ "schema": 1 }),
            findings: u32::from(verdict != "clean"),
            facts: Some(facts(request)),
            reason: "SEC-02: a known test file".to_owned(),
        };
        let mut tx = market.db().begin().await.unwrap();
        market
            .conclude_scan(&mut tx, &row, &conclusion)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn write(
        &self,
        auth: &PublisherAuth,
        upload: UploadId,
        at: WriteAt,
        bytes: &[u8],
    ) -> Result<px_market::app::upload::UploadInfo, AppError> {
        let chunks: Vec<Result<bytes::Bytes, std::io::Error>> = bytes
            .chunks(7)
            .map(|c| Ok(bytes::Bytes::copy_from_slice(c)))
            .collect();
        self.market
            .write_upload(auth, upload, at, stream::iter(chunks))
            .await
    }

    /// Waits until the background work has brought a version out of the automated states.
    pub async fn settled(&self, version: VersionId) -> px_market::store::row::VersionRow {
        use px_model::VersionState::{Scanning, Submitted};
        for _ in 0..3000 {
            let row = px_market::store::versions::get(self.market.db(), version)
                .await
                .unwrap();
            if !matches!(row.state, Submitted | Scanning) {
                return row;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{version} is not settled after half a minute")
    }

    /// Starts the background work of this Marketplace.
    pub fn work(&self) -> px_work::Running {
        self.market
            .register(px_work::Workers::new(self.market.db().clone()))
            .start(4)
    }

    /// Does the background work until every subscriber of what was listed has its notices.
    pub async fn told(&self) {
        let running = self.work();
        let mut left = true;
        for _ in 0..3000 {
            let counts = px_work::counts(self.market.db()).await.unwrap();
            left = counts.iter().any(|c| {
                c.kind == px_market::jobs::TELL && matches!(c.state.as_str(), "ready" | "running")
            });
            if !left {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        running.stop().await;
        assert!(!left, "not everybody is told after half a minute");
    }

    /// A second process on the same database and folders.
    pub fn replica(&self) -> Market {
        let market = &self.market;
        Market::new(
            market.db().clone(),
            market.blobs().clone(),
            market.config().clone(),
            self.sandbox.clone(),
        )
        .unwrap()
    }

    pub fn data(&self) -> &Path {
        &self.market.config().data_dir
    }
}

pub fn actor(name: &str) -> Actor {
    Actor {
        kind: "account".to_owned(),
        id: format!("acc-{name}"),
        name: name.to_owned(),
    }
}

pub fn digest(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

pub fn request(key: &str, plugin: &str, version: &str, bytes: &[u8]) -> PublishRequest {
    PublishRequest {
        publish_request_id: key.to_owned(),
        plugin_id: plugin.parse().unwrap(),
        version: version.parse().unwrap(),
        channel: Channel::Stable,
        artifact: Artifact {
            sha256: digest(bytes),
            size: bytes.len() as u64,
        },
        permissions: vec!["kv:read".parse().unwrap()],
        dependencies: vec![],
        signatures: vec![],
        notes: Some("What is new".to_owned()),
        rollout: None,
    }
}

pub fn facts(request: &PublishRequest) -> BundleFacts {
    BundleFacts {
        name: "Notes".to_owned(),
        summary: "Takes notes".to_owned(),
        category: Some("productivity".to_owned()),
        kind: "wasm".to_owned(),
        corex_version: Some(">=0.1.0".to_owned()),
        permissions: request.permissions.clone(),
        dependencies: request.dependencies.clone(),
        conflicts: vec![],
        risk: risk_of(&request.permissions, Some("wasm")),
        readme: Some("# Notes".to_owned()),
    }
}

pub fn upload_of(answer: &PublishAnswer) -> UploadId {
    answer
        .upload_url
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

pub fn decision(decision: Decision) -> DecisionRequest {
    DecisionRequest {
        decision,
        notes: Some("looked at everything".to_owned()),
        approvers: vec![],
        claim_token: None,
        overrule_reason: None,
    }
}

pub fn code(result: Result<impl std::fmt::Debug, AppError>) -> String {
    result.unwrap_err().problem().code
}

async fn fresh_database(server: &str) -> String {
    let system = Env::system();
    let name = format!("m{}", system.secret(12));
    let admin = Db::open(server, system).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    admin.rows(create, vec![]).await.unwrap();
    admin.close().await;
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}
