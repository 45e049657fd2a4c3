//! A core behind px-web's layers, and a browser that keeps cookies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode, header};
use px_core::app::ports::Monotonic;
use px_core::{Core, CoreConfig};
use px_runtime::{Host, HostConfig};
use px_store::{Db, Env, SystemRandomness};
use px_web::http::{Limits, Rate};
use px_web::i18n::Words;
use px_web::{Web, WebConfig};
use tower::ServiceExt;

use super::seed::{CORE, PASSWORD, Seed, Shift};

struct SinceStart(Instant);

impl Monotonic for SinceStart {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

pub struct Site {
    pub seed: Seed,
    app: Router,
    _folder: tempfile::TempDir,
}

impl Site {
    /// An empty installation; its clock starts this many seconds ago.
    pub async fn new(ago: i64) -> Self {
        Self::with(ago, |_| {}).await
    }

    /// The same with settings changed.
    pub async fn with(ago: i64, change: impl FnOnce(&mut CoreConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("core.db");
        let clock = Shift::ago(ago);
        let env = Env::new(clock.clone(), SystemRandomness);
        let db = Db::open(&format!("sqlite:{}", file.display()), env)
            .await
            .unwrap();
        db.migrate(&[
            px_store::MIGRATIONS,
            px_web::identity::MIGRATIONS,
            px_work::MIGRATIONS,
            px_notify::MIGRATIONS,
            px_core::MIGRATIONS,
        ])
        .await
        .unwrap();
        let market = "http://127.0.0.1:9/".parse().unwrap();
        let mut config = CoreConfig::new(folder.path().join("data"), CORE.parse().unwrap(), market);
        change(&mut config);
        let host = HostConfig {
            max_requests: 2,
            ..HostConfig::new(folder.path().join("compiled"), Arc::new(SystemTime::now))
        };
        let since = Arc::new(SinceStart(Instant::now()));
        let core = Core::new(db.clone(), Host::new(host).unwrap(), since, config).unwrap();
        let rate = Rate {
            burst: 10_000,
            per_minute: 600_000,
        };
        let web = Web::new(WebConfig {
            db,
            words: px_core::ui::words(Words::shared().unwrap()).unwrap(),
            site: px_core::ui::site(&core.config().console),
            secure_cookies: false,
            trust_forwarded: false,
            limits: Limits {
                per_address: rate,
                per_caller: rate,
            },
        });
        let routes = px_core::ui::routes(core.clone())
            .merge(core.router())
            .merge(px_web::identity::routes());
        Self {
            app: px_web::wrap(&web, routes),
            seed: Seed { core, clock },
            _folder: folder,
        }
    }

    /// Somebody signed in.
    pub async fn visitor(&self, login: &str) -> Browser<'_> {
        let mut browser = self.stranger();
        browser.get("/sign-in").await;
        let password = PASSWORD.replace(' ', "+");
        let form = format!("name={login}&password={password}");
        let answer = browser.post("/sign-in", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }

    /// Somebody who is not.
    pub fn stranger(&self) -> Browser<'_> {
        Browser {
            site: self,
            cookies: BTreeMap::new(),
            language: "en",
        }
    }
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |v| v.to_str().unwrap())
    }

    /// The value of the first hidden field with this name.
    pub fn hidden(&self, name: &str) -> String {
        let mark = format!(r#"name="{name}" value=""#);
        let from = self.body.find(&mark).expect(name) + mark.len();
        self.body[from..].split('"').next().unwrap().to_owned()
    }
}

pub struct Browser<'a> {
    site: &'a Site,
    pub cookies: BTreeMap<String, String>,
    pub language: &'static str,
}

impl Browser<'_> {
    async fn visit(&mut self, method: Method, path: &str, form: &str) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "site.example")
            .header(header::ORIGIN, "http://site.example")
            .header(header::ACCEPT, "text/html")
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        let answer = self.site.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = to_bytes(body, 8 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.visit(Method::GET, path, "").await
    }

    pub async fn post(&mut self, path: &str, form: &str) -> Answer {
        let csrf = self
            .cookies
            .get("px_csrf_admin")
            .cloned()
            .unwrap_or_default();
        self.visit(Method::POST, path, &format!("csrf={csrf}&{form}"))
            .await
    }
}
