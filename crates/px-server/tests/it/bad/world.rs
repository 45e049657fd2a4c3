//! Both servers in a temporary folder, and how tests speak to them.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use px_api::Code;
use px_server::local::Local;
use px_server::settings::Settings;
use px_store::Db;
use px_testkit::{Engine, test_db};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;

/// Marketplace and core with demo accounts.
pub struct World {
    pub local: Local,
    pub settings: Settings,
    pub http: reqwest::Client,
    folder: TempDir,
}

/// What can be left behind by a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Marks {
    files: BTreeSet<String>,
    versions: Vec<String>,
    listed: Value,
    installs: Vec<String>,
    installed: Vec<String>,
}

impl World {
    /// The servers on databases of this engine, with settings of the test on top.
    pub async fn start_on(engine: Engine, set: &[(&str, &str)]) -> Self {
        let mut all = set.to_vec();
        let mut databases = Vec::new();
        if engine == Engine::Postgres {
            for name in ["MKP_DATABASE_URL", "POWERX_DATABASE_URL"] {
                databases.push((name, test_db(engine, &[]).await));
            }
        }
        all.extend(databases.iter().map(|(n, db)| (*n, db.address.as_str())));
        Self::start(&all).await
    }

    /// The servers with settings of the test on top.
    pub async fn start(set: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut settings = Settings::resolve(None, |_| None)
            .unwrap()
            .with("MKP_LISTEN", "127.0.0.1:0")
            .with("POWERX_LISTEN", "127.0.0.1:0")
            .with("MKP_DATA_DIR", path("market"))
            .with("POWERX_DATA_DIR", path("core"))
            .with("PX_PROBATION_SECONDS", "1")
            .with("PX_PROBE_SECONDS", "0.2")
            .with("PX_LOG", "off");
        for (name, value) in set {
            settings = settings.with(name, *value);
        }
        let local = Local::start(&settings).await.unwrap();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            local,
            settings,
            http,
            folder,
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The Marketplace's database, for setting a scene that no API makes.
    pub async fn market_db(&self) -> Db {
        px_server::market::database(&self.settings).await.unwrap()
    }

    /// The core's database, likewise.
    pub async fn core_db(&self) -> Db {
        px_server::core::database(&self.settings).await.unwrap()
    }

    /// The token of a demo account.
    pub fn token(&self, login: &str) -> String {
        self.local.accounts.get(login).unwrap().token.clone()
    }

    /// The tenant of a demo account.
    pub fn tenant(&self, login: &str) -> String {
        let account = self.local.accounts.get(login).unwrap();
        account.tenant.unwrap().to_string()
    }

    /// A request to the Marketplace; no token when it is empty.
    pub fn market(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.request(method, self.local.market_url.join(path).unwrap(), token)
    }

    /// A request to the core.
    pub fn core(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.request(method, self.local.core_url.join(path).unwrap(), token)
    }

    fn request(&self, method: Method, url: url::Url, token: &str) -> RequestBuilder {
        let request = self.http.request(method, url);
        if token.is_empty() {
            request
        } else {
            request.bearer_auth(token)
        }
    }

    /// Everything that requests could leave behind, on disk and in both servers' lists.
    pub async fn marks(&self) -> Marks {
        let publisher = self.token("publisher");
        let ops = self.token("ops");
        let versions = "/api/marketplace/publisher/versions?limit=200";
        let catalog = "/api/marketplace/plugins";
        let installs = "/api/v1/admin/plugins/installs?limit=200";
        let installed = "/api/v1/admin/plugins/installed";
        let read = async |request: RequestBuilder| ok(request).await;
        let all = read(self.market(Method::GET, versions, &publisher)).await;
        let jobs = read(self.core(Method::GET, installs, &ops)).await;
        let plugins = read(self.core(Method::GET, installed, &ops)).await;
        Marks {
            files: files(self.folder.path()),
            versions: lines(&all, &["versionId", "version", "state", "receivedBytes"]),
            listed: read(self.market(Method::GET, catalog, "")).await["total"].clone(),
            installs: lines(&jobs, &["installJobId", "version", "status"]),
            installed: lines(&plugins, &["tenantId", "pluginId", "version", "policy"]),
        }
    }

    /// Sends what must be refused: as a problem with this code that names `names`, without a trace
    /// in either server.
    pub async fn refuses(
        &self,
        case: &str,
        request: RequestBuilder,
        code: Code,
        names: &str,
    ) -> Value {
        let before = self.marks().await;
        let problem = go(request).await.refused(case, code, names);
        assert_eq!(self.marks().await, before, "{case}: something stayed");
        problem
    }

    /// Both audit chains are whole; then the servers end.
    pub async fn end(self) {
        let market = self.market(
            Method::GET,
            "/api/marketplace/audit/verify",
            &self.token("operator"),
        );
        let core = self.core(
            Method::GET,
            "/api/v1/admin/audit/verify",
            &self.token("ops"),
        );
        for chain in [market, core] {
            let verdict = ok(chain).await;
            assert_eq!(verdict["firstBad"], Value::Null, "{verdict}");
            assert!(verdict["entries"].as_i64().unwrap() > 0, "{verdict}");
        }
        self.local.stop().await;
    }
}

fn lines(list: &Value, fields: &[&str]) -> Vec<String> {
    let rows = list.as_array().unwrap().iter();
    let line = |row: &Value| {
        let parts = fields.iter().map(|f| row[*f].to_string());
        parts.collect::<Vec<_>>().join(" ")
    };
    rows.map(line).collect()
}

/// Bundles, uploads, downloads and unpacked plugins; not databases, locks, keys and caches.
fn files(folder: &Path) -> BTreeSet<String> {
    let kept = ["blobs", "uploads", "bundles", "installed", "tenants"];
    let mut found = BTreeSet::new();
    for side in ["market", "core"] {
        for part in kept {
            walk(&folder.join(side).join(part), &mut found);
        }
    }
    found
}

fn walk(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_none_or(|e| e != "lock") {
            let bytes = entry.metadata().map_or(0, |m| m.len());
            found.insert(format!("{} {bytes}", path.display()));
        }
    }
}

/// An answer, read to its end.
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// It is a problem document with this code, says what is wrong, and names `names`.
    pub fn refused(&self, case: &str, code: Code, names: &str) -> Value {
        let text = self.text();
        let said = (self.status, self.header("content-type"));
        let expected = (code.status(), "application/problem+json");
        assert_eq!(said, expected, "{case}: {text}");
        let problem = self.json();
        assert_eq!(problem["code"], code.as_str(), "{case}: {text}");
        assert_eq!(problem["status"], code.status(), "{case}: {text}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.len() > 5, "{case}: no detail in {text}");
        assert!(problem["requestId"].is_string(), "{case}: no id in {text}");
        assert!(text.contains(names), "{case}: no `{names}` in {text}");
        for field in problem["errors"].as_array().into_iter().flatten() {
            for part in ["pointer", "detail", "remedy"] {
                let told = field[part].as_str().is_some_and(|t| !t.is_empty());
                assert!(told, "{case}: a field without {part} in {text}");
            }
        }
        problem
    }
}

/// Sends a request.
pub async fn go(request: RequestBuilder) -> Reply {
    let answer = request.send().await.unwrap();
    Reply {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: answer.bytes().await.unwrap_or_default().to_vec(),
    }
}

/// Sends a request that must succeed; its document.
pub async fn ok(request: RequestBuilder) -> Value {
    let reply = go(request).await;
    let good = (200..300).contains(&reply.status);
    assert!(good, "{} {}", reply.status, reply.text());
    reply.json()
}

/// Asks until there is an answer.
pub async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what} did not come about");
}
