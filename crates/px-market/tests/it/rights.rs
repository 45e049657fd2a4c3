//! No address escapes the question who is asking: every one of the OpenAPI document is tried.

use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::Value;

use crate::site::{Site, ask};
use crate::world::World;

/// Open to everybody.
const PUBLIC: [(&str, &str); 9] = [
    ("get", "/api/marketplace/plugins"),
    ("get", "/api/marketplace/categories"),
    ("get", "/api/marketplace/plugins/{pluginId}"),
    ("get", "/api/marketplace/plugins/{pluginId}/versions"),
    ("get", "/api/marketplace/versions/{versionId}"),
    ("get", "/api/marketplace/bundles/{name}"),
    ("get", "/api/marketplace/trust"),
    ("get", "/api/v1/limits"),
    ("options", "/api/marketplace/uploads"),
];

/// Operations of the document with an id of the right kind in every place.
fn operations() -> Vec<(String, String, String)> {
    let document = serde_json::to_value(px_market::http::document()).unwrap();
    let mut all = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            all.push((method.clone(), path.clone(), filled(path)));
        }
    }
    all
}

fn filled(path: &str) -> String {
    let zeros = "0".repeat(32);
    let ids = [
        ("versionId", "ver"),
        ("uploadId", "upl"),
        ("keyId", "key"),
        ("publisherId", "org"),
        ("endpointId", "ept"),
        ("messageId", "inb"),
        ("subscriptionId", "sub"),
        ("noticeId", "ntc"),
        ("alertId", "alr"),
    ];
    let mut filled = path
        .replace("{pluginId}", "com.example.notes")
        .replace("{name}", "x.pxp");
    for (name, prefix) in ids {
        filled = filled.replace(&format!("{{{name}}}"), &format!("{prefix}_{zeros}"));
    }
    assert!(!filled.contains('{'), "{filled}");
    filled
}

async fn status(site: &Site, method: &str, path: &str, token: &str) -> StatusCode {
    let method: Method = method.to_uppercase().parse().unwrap();
    let fields = [("content-type", "application/json")];
    let request = ask(method, path, token, &fields)
        .body(Body::from("{}"))
        .unwrap();
    site.send(request).await.status
}

#[tokio::test]
async fn nobody_and_those_without_a_role_are_refused_everywhere() {
    let site = Site::new(World::new(None, |_| {}).await).await;
    let nothing = site.token("nobody", &[], px_model::Scope::ALL, None).await;
    let mut tried = 0;
    for (method, path, filled) in operations() {
        if PUBLIC.contains(&(method.as_str(), path.as_str())) {
            assert_ne!(
                status(&site, &method, &filled, "").await,
                StatusCode::UNAUTHORIZED,
                "{path}"
            );
            continue;
        }
        assert_eq!(
            status(&site, &method, &filled, "").await,
            StatusCode::UNAUTHORIZED,
            "{method} {path}"
        );
        if path != "/api/v1/me" {
            assert_eq!(
                status(&site, &method, &filled, &nothing).await,
                StatusCode::FORBIDDEN,
                "{method} {path}"
            );
        }
        tried += 1;
    }
    assert!(tried > 40, "{tried}");
}

#[tokio::test]
async fn a_scope_that_is_missing_closes_what_a_role_would_open() {
    let site = Site::new(World::new(None, |_| {}).await).await;
    let publisher = px_model::PublisherId::from_uuid(site.w.market.db().env().uuid());
    let roles = [
        (
            px_model::Role::Publisher,
            px_web::identity::Reach::Publisher(publisher),
        ),
        (
            px_model::Role::Reviewer,
            px_web::identity::Reach::Everywhere,
        ),
        (
            px_model::Role::MarketOperator,
            px_web::identity::Reach::Everywhere,
        ),
    ]
    .map(|(role, reach)| px_web::identity::Grant { role, reach });
    let token = site
        .token("all roles", &roles, &[px_model::Scope::FeedRead], None)
        .await;
    for (method, path, filled) in operations() {
        if PUBLIC.contains(&(method.as_str(), path.as_str())) || path == "/api/v1/me" {
            continue;
        }
        assert_eq!(
            status(&site, &method, &filled, &token).await,
            StatusCode::FORBIDDEN,
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn every_route_is_described() {
    let site = Site::new(World::new(None, |_| {}).await).await;
    let served: Value = site.get("/openapi.json", "").await.json();
    assert_eq!(
        served,
        serde_json::to_value(px_market::http::document()).unwrap()
    );
    for (method, path, filled) in operations() {
        let answer = status(&site, &method, &filled, "").await;
        assert_ne!(answer, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
    }
}
