//! A started core behind px-web's layers, with accounts and tokens.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode};
use px_core::app::ports::Monotonic;
use px_core::{Core, CoreConfig, CoreRunning};
use px_model::{Role, Scope, TenantId};
use px_runtime::{Host, HostConfig};
use px_store::{Actor, Db, Env};
use px_testkit::{Engine, TestDb, test_db_with};
use px_web::http::{Limits, Rate};
use px_web::i18n::Words;
use px_web::identity::store::{NewAccount, NewToken, create_account, grant, issue_token};
use px_web::identity::{Grant, Reach};
use px_web::{Site as WebSite, Web, WebConfig};
use serde_json::Value;
use tower::ServiceExt;

use super::market::Market;
use crate::support::tenant;

struct SinceStart(Instant);

impl Monotonic for SinceStart {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

pub struct Site {
    pub core: Core,
    pub market: Market,
    pub running: Option<CoreRunning>,
    app: Router,
    _database: TestDb,
    folder: tempfile::TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    pub fn code(&self) -> String {
        let code = self.json()["code"].as_str().unwrap_or_default().to_owned();
        format!("{} {code}", self.status.as_u16())
    }
}

impl Site {
    /// A site whose core is not started yet.
    pub async fn new(engine: Engine, change: impl FnOnce(&mut CoreConfig)) -> Self {
        let sets = [
            px_store::MIGRATIONS,
            px_web::identity::MIGRATIONS,
            px_work::MIGRATIONS,
            px_notify::MIGRATIONS,
            px_core::MIGRATIONS,
        ];
        let database = test_db_with(engine, &sets, Env::system()).await;
        let market = Market::start().await;
        let folder = tempfile::tempdir().unwrap();
        let version = "1.0.0".parse().unwrap();
        let mut config =
            CoreConfig::new(folder.path().join("data"), version, market.address.clone());
        config.probation.duration = Duration::from_millis(600);
        config.probe_every = Duration::from_millis(100);
        change(&mut config);
        let host = HostConfig {
            max_requests: 16,
            ..HostConfig::new(folder.path().join("compiled"), Arc::new(SystemTime::now))
        };
        let host = Host::new(host).unwrap();
        let clock = Arc::new(SinceStart(Instant::now()));
        let core = Core::new(database.db.clone(), host, clock, config).unwrap();
        let rate = Rate {
            burst: 10_000,
            per_minute: 600_000,
        };
        let web = Web::new(WebConfig {
            db: database.db.clone(),
            words: Words::shared().unwrap(),
            site: WebSite::new("test", "Test", "menu", |_, _| Vec::new()),
            secure_cookies: false,
            trust_forwarded: false,
            limits: Limits {
                per_address: rate,
                per_caller: rate,
            },
        });
        Self {
            app: px_web::wrap(&web, core.router()),
            core,
            market,
            running: None,
            _database: database,
            folder,
        }
    }

    pub async fn started(engine: Engine, change: impl FnOnce(&mut CoreConfig)) -> Self {
        let mut site = Self::new(engine, change).await;
        site.running = Some(site.core.start().await.unwrap());
        site
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub fn db(&self) -> &Db {
        self.core.db()
    }

    /// A tenant with an administrator's token.
    pub async fn tenant(&self, name: &str) -> (TenantId, String) {
        let id = tenant(self.db(), name).await;
        let token = self
            .token(
                name,
                Role::TenantAdmin,
                Reach::Tenant(id),
                Scope::TenantPlugins,
            )
            .await;
        (id, token)
    }

    /// A token of somebody who runs the installation.
    pub async fn ops(&self) -> String {
        let (role, scope) = (Role::PlatformOps, Scope::PlatformOperate);
        self.token("ops", role, Reach::Everywhere, scope).await
    }

    pub async fn token(&self, login: &str, role: Role, reach: Reach, scope: Scope) -> String {
        let actor = Actor::system("test");
        let mut tx = self.db().begin().await.unwrap();
        let new = NewAccount {
            login: login.to_owned(),
            name: login.to_owned(),
            email: None,
            password: None,
            installation: None,
        };
        let account = create_account(&mut tx, &actor, new).await.unwrap();
        grant(&mut tx, &actor, account, Grant { role, reach })
            .await
            .unwrap();
        let token = NewToken {
            account,
            name: "test".to_owned(),
            scopes: [scope].into_iter().collect(),
            lifetime: jiff::SignedDuration::from_hours(1),
            secret: None,
        };
        let issued = issue_token(&mut tx, &actor, token).await.unwrap();
        tx.commit().await.unwrap();
        issued.secret.clone()
    }

    pub async fn ask(&self, method: Method, path: &str, token: &str, body: Value) -> Answer {
        self.ask_with(method, path, token, body, &[]).await
    }

    pub async fn ask_with(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.pass(request.body(body).unwrap()).await
    }

    /// Sends plain text.
    pub async fn send(&self, method: Method, path: &str, token: &str, text: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"));
        let body = Body::from(text.to_owned());
        self.pass(request.body(body).unwrap()).await
    }

    async fn pass(&self, request: Request<Body>) -> Answer {
        let answer = self.app.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 1 << 24).await.unwrap();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status, body }
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(Method::GET, path, token, Value::Null).await
    }

    /// Waits until an install has ended; answers its last status.
    pub async fn ended(&self, id: &str, token: &str) -> Value {
        let path = format!("/api/v1/admin/plugins/install/status?jobId={id}");
        for _ in 0..1500 {
            let view = self.get(&path, token).await.json();
            let status = view["status"].as_str().unwrap_or_default();
            let status: px_model::InstallState = status.parse().unwrap();
            if status.is_final() {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{id} does not end: {}", self.get(&path, token).await.body);
    }

    /// Waits until `ask` answers something.
    pub async fn until<T>(&self, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
        for _ in 0..1500 {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{what} did not happen");
    }
}
