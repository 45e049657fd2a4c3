//! A site on a fresh database with a clock that stands still, and a browser to visit it with.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use px_model::{AccountId, Scope};
use px_store::{Actor, Env, SystemRandomness};
use px_testkit::{Engine, TestClock, TestDb, test_db_with};
use px_web::http::{Limits, Rate};
use px_web::i18n::Words;
use px_web::identity::store::{NewAccount, NewToken, create_account, grant, issue_token};
use px_web::identity::{Grant, hash_password};
use px_web::{Site, Web, WebConfig};
use std::collections::BTreeMap;
use std::time::Duration;
use tower::ServiceExt;

pub const AMPLE: Rate = Rate {
    burst: 1000,
    per_minute: 60_000,
};

pub const PASSWORD: &str = "correct horse battery";

pub struct Server {
    pub web: Web,
    pub app: Router,
    clock: TestClock,
    _db: TestDb,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

pub async fn server(routes: Router) -> Server {
    limited(routes, AMPLE).await
}

pub async fn limited(routes: Router, rate: Rate) -> Server {
    on(Engine::Sqlite, routes, rate).await
}

pub async fn on(engine: Engine, routes: Router, rate: Rate) -> Server {
    let site = Site::new("test", "Test", "menu", |_, _| Vec::new());
    make(engine, routes, rate, site).await
}

pub async fn with_site(site: Site, routes: Router) -> Server {
    make(Engine::Sqlite, routes, AMPLE, site).await
}

async fn make(engine: Engine, routes: Router, rate: Rate, site: Site) -> Server {
    let clock = TestClock::at(Timestamp::from_second(1_800_000_000).unwrap());
    let env = Env::new(clock.clone(), SystemRandomness);
    let sets = [px_store::MIGRATIONS, px_web::identity::MIGRATIONS];
    let made = test_db_with(engine, &sets, env).await;
    let web = Web::new(WebConfig {
        db: made.db.clone(),
        words: Words::shared().unwrap(),
        site,
        secure_cookies: false,
        trust_forwarded: false,
        limits: Limits {
            per_address: rate,
            per_caller: rate,
        },
    });
    let routes = routes
        .merge(px_web::identity::routes())
        .merge(px_web::assets::routes());
    Server {
        app: px_web::wrap(&web, routes),
        web,
        clock,
        _db: made,
    }
}

pub fn tester() -> Actor {
    Actor::system("test")
}

impl Server {
    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub async fn account(&self, login: &str, grants: &[Grant]) -> AccountId {
        let password = hash_password(self.web.env(), PASSWORD).await.unwrap();
        let mut tx = self.web.db().begin().await.unwrap();
        let new = NewAccount {
            login: login.to_owned(),
            name: format!("{login} & co"),
            email: Some(format!("{login}@example.com")),
            password: Some(password),
            installation: None,
        };
        let id = create_account(&mut tx, &tester(), new).await.unwrap();
        for g in grants {
            grant(&mut tx, &tester(), id, *g).await.unwrap();
        }
        tx.commit().await.unwrap();
        id
    }

    pub async fn token(&self, account: AccountId, scopes: &[Scope]) -> String {
        let mut tx = self.web.db().begin().await.unwrap();
        let new = NewToken {
            account,
            name: "ci".to_owned(),
            scopes: scopes.iter().copied().collect(),
            lifetime: SignedDuration::from_hours(1),
            secret: None,
        };
        let made = issue_token(&mut tx, &tester(), new).await.unwrap();
        tx.commit().await.unwrap();
        made.secret
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = to_bytes(body, 4 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn audited(&self) -> Vec<String> {
        let filter = px_store::AuditFilter {
            limit: 100,
            ..Default::default()
        };
        let list = px_store::list_audit(self.web.db(), &filter).await.unwrap();
        list.into_iter().rev().map(|e| e.action).collect()
    }
}

/// Keeps cookies between visits, as a browser does.
#[derive(Default)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn csrf(&self) -> String {
        self.cookies
            .get("px_csrf_test")
            .cloned()
            .unwrap_or_default()
    }

    pub async fn visit(
        &mut self,
        server: &Server,
        method: Method,
        path: &str,
        form: &str,
    ) -> Answer {
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
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = server
            .send(request.body(Body::from(form.to_owned())).unwrap())
            .await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            assert!(
                text.contains("HttpOnly") && text.contains("SameSite=Lax"),
                "{text}"
            );
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub async fn get(&mut self, server: &Server, path: &str) -> Answer {
        self.visit(server, Method::GET, path, "").await
    }

    pub async fn post(&mut self, server: &Server, path: &str, form: &str) -> Answer {
        let form = format!("csrf={}&{form}", self.csrf());
        self.visit(server, Method::POST, path, &form).await
    }

    pub async fn sign_in(&mut self, server: &Server, login: &str) -> Answer {
        self.get(server, "/sign-in").await;
        let form = format!("name={login}&password={}", PASSWORD.replace(' ', "+"));
        self.post(server, "/sign-in", &form).await
    }
}
