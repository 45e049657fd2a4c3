//! The site behind the layers it is served with, and a browser to visit it with.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode, header};
use px_market::ui;
use px_model::{AccountId, Role};
use px_store::Actor;
use px_web::http::{Limits, Rate};
use px_web::i18n::Words;
use px_web::identity::store::{NewAccount, create_account, grant};
use px_web::identity::{Grant, Reach, hash_password};
use px_web::{Web, WebConfig};
use tower::ServiceExt as _;

use crate::world::World;

const PASSWORD: &str = "correct horse battery";

/// The site.
pub struct Pages {
    pub w: World,
    app: Router,
}

/// What the site answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

pub fn everywhere(role: Role) -> Grant {
    Grant {
        role,
        reach: Reach::Everywhere,
    }
}

impl Pages {
    pub fn new(w: World) -> Self {
        let rate = Rate {
            burst: 10_000,
            per_minute: 100_000,
        };
        let web = Web::new(WebConfig {
            db: w.market.db().clone(),
            words: ui::words(Words::shared().unwrap()).unwrap(),
            site: ui::site(),
            secure_cookies: false,
            trust_forwarded: false,
            limits: Limits {
                per_address: rate,
                per_caller: rate,
            },
        });
        let routes = ui::routes(w.market.clone()).merge(px_web::identity::routes());
        Self {
            app: px_web::wrap(&web, routes),
            w,
        }
    }

    pub async fn account(&self, login: &str, grants: &[Grant]) -> AccountId {
        let (db, tester) = (self.w.market.db(), Actor::system("test"));
        let password = hash_password(db.env(), PASSWORD).await.unwrap();
        let new = NewAccount {
            login: login.to_owned(),
            name: login.to_owned(),
            email: None,
            password: Some(password),
            installation: None,
        };
        let mut tx = db.begin().await.unwrap();
        let id = create_account(&mut tx, &tester, new).await.unwrap();
        for g in grants {
            grant(&mut tx, &tester, id, *g).await.unwrap();
        }
        tx.commit().await.unwrap();
        id
    }
}

/// Keeps cookies between visits.
#[derive(Default)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    fn request(&self, method: Method, path: &str, form: String) -> Request<Body> {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "market.example")
            .header(header::ORIGIN, "http://market.example")
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap()
    }

    async fn visit(&mut self, pages: &Pages, request: Request<Body>) -> Answer {
        let answer = pages.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let (name, value) = cookie
                .to_str()
                .unwrap()
                .split(';')
                .next()
                .unwrap()
                .split_once('=')
                .unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = to_bytes(body, 16 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub async fn get(&mut self, pages: &Pages, path: &str) -> Answer {
        let request = self.request(Method::GET, path, String::new());
        self.visit(pages, request).await
    }

    /// Sends a form with the browser's token in it.
    pub async fn post(&mut self, pages: &Pages, path: &str, form: &str) -> Answer {
        let csrf = self
            .cookies
            .get("px_csrf_market")
            .cloned()
            .unwrap_or_default();
        self.post_raw(pages, path, format!("csrf={csrf}&{form}"))
            .await
    }

    /// Sends a form as it is.
    pub async fn post_raw(&mut self, pages: &Pages, path: &str, form: String) -> Answer {
        let request = self.request(Method::POST, path, form);
        self.visit(pages, request).await
    }

    pub async fn sign_in(&mut self, pages: &Pages, login: &str) {
        self.get(pages, "/sign-in").await;
        let form = format!("name={login}&password={}", PASSWORD.replace(' ', "+"));
        let answer = self.post(pages, "/sign-in", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }

    /// Opens a stream and answers what arrives first.
    pub async fn first_event(&mut self, pages: &Pages, path: &str) -> String {
        let request = self.request(Method::GET, path, String::new());
        let answer = pages.app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let mut stream = answer.into_body().into_data_stream();
        let bytes = futures::StreamExt::next(&mut stream)
            .await
            .unwrap()
            .unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
