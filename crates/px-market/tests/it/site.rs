//! The Marketplace behind the layers it is served with.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode};
use jiff::SignedDuration;
use px_model::{AccountId, InstallationId, PublisherId, Role, Scope};
use px_store::Actor;
use px_web::http::Limits;
use px_web::i18n::Words;
use px_web::identity::store::{NewAccount, NewToken, create_account, grant, issue_token};
use px_web::identity::{Grant, Reach};
use px_web::{Site as WebSite, Web, WebConfig};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::world::World;

pub struct Site {
    pub w: World,
    app: Router,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("{} {}", self.status, String::from_utf8_lossy(&self.bytes)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

impl Site {
    pub async fn new(w: World) -> Self {
        let web = Web::new(WebConfig {
            db: w.market.db().clone(),
            words: Words::shared().unwrap(),
            site: WebSite::new("marketplace", "Marketplace", "menu", |_, _| Vec::new()),
            secure_cookies: false,
            trust_forwarded: false,
            limits: Limits::default(),
        });
        let app = px_web::wrap(&web, w.market.router());
        Self { w, app }
    }

    /// A token of a fresh account with these roles and scopes.
    pub async fn token(
        &self,
        login: &str,
        grants: &[Grant],
        scopes: &[Scope],
        installation: Option<InstallationId>,
    ) -> String {
        let tester = Actor::system("test");
        let mut tx = self.w.market.db().begin().await.unwrap();
        let account = NewAccount {
            login: login.to_owned(),
            name: login.to_owned(),
            email: None,
            password: None,
            installation,
        };
        let account: AccountId = create_account(&mut tx, &tester, account).await.unwrap();
        for g in grants {
            grant(&mut tx, &tester, account, *g).await.unwrap();
        }
        let token = NewToken {
            account,
            name: "test".to_owned(),
            scopes: scopes.iter().copied().collect(),
            lifetime: SignedDuration::from_hours(100),
            secret: None,
        };
        let made = issue_token(&mut tx, &tester, token).await.unwrap();
        tx.commit().await.unwrap();
        made.secret
    }

    pub async fn publisher_token(&self, login: &str, publisher: PublisherId) -> String {
        let role = Grant {
            role: Role::Publisher,
            reach: Reach::Publisher(publisher),
        };
        self.token(
            login,
            &[role],
            &[Scope::PluginPublish, Scope::PluginRead],
            None,
        )
        .await
    }

    pub async fn reviewer_token(&self, login: &str) -> String {
        let role = Grant {
            role: Role::Reviewer,
            reach: Reach::Everywhere,
        };
        self.token(login, &[role], &[Scope::ReviewDecide], None)
            .await
    }

    pub async fn operator_token(&self, login: &str) -> String {
        let role = Grant {
            role: Role::MarketOperator,
            reach: Reach::Everywhere,
        };
        self.token(login, &[role], &[Scope::MarketOperate], None)
            .await
    }

    pub async fn installation_token(&self, login: &str) -> String {
        let id = InstallationId::from_uuid(self.w.market.db().env().uuid());
        self.token(
            login,
            &[],
            &[Scope::FeedRead, Scope::InstallationReport],
            Some(id),
        )
        .await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.open(request).await.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    /// An answer whose body is still to be read.
    pub async fn open(&self, request: Request<Body>) -> http::Response<Body> {
        self.app.clone().oneshot(request).await.unwrap()
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(
            ask(Method::GET, path, token, &[])
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    pub async fn json(&self, method: Method, path: &str, token: &str, body: &Value) -> Answer {
        let fields = [("content-type", "application/json")];
        let request = ask(method, path, token, &fields)
            .body(Body::from(body.to_string()))
            .unwrap();
        self.send(request).await
    }
}

/// A request with a token, unless it is empty.
pub fn ask(
    method: Method,
    path: &str,
    token: &str,
    fields: &[(&str, &str)],
) -> http::request::Builder {
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request
}
