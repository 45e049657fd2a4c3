//! Nothing is answered without identity, and no tenant reaches another.

use http::{Method, StatusCode};
use px_model::{Role, Scope};
use px_store::{AuditFilter, list_audit};
use px_testkit::{Engine, engines};
use px_web::identity::Reach;
use serde_json::{Value, json};

use super::site::Site;

/// Addresses that anybody may read.
const OPEN: [&str; 1] = ["/api/v1/limits"];

fn filled(path: &str) -> String {
    path.replace("{pluginId}", "com.example.notes")
        .replace("{rolloutId}", "rol_00000000000000000000000000000001")
        .replace("{alertId}", "alr_00000000000000000000000000000001")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_described_endpoint_asks_who_is_there() {
    let site = Site::new(Engine::Sqlite, |_| {}).await;
    let described = serde_json::to_value(px_core::http::openapi()).unwrap();
    let mut seen = 0;
    for (path, methods) in described["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = site.ask(method.clone(), &filled(path), "", json!({})).await;
            let open = OPEN.contains(&path.as_str());
            let expected = if open { 200 } else { 401 };
            assert_eq!(
                answer.status.as_u16(),
                expected,
                "{method} {path}: {}",
                answer.body
            );
            seen += 1;
        }
    }
    assert!(seen >= 26);
    for (alias, path) in px_core::http::ALIASES {
        let answer = site.get(alias, "").await;
        let same = site.get(path, "").await;
        assert_eq!(answer.status, same.status, "{alias}");
        assert_ne!(answer.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(site.get("/_p/com.x.y/api/hello", "").await.status, 401);
}

async fn order(site: &Site, token: &str, body: Value) -> String {
    let path = "/api/v1/admin/plugins/install/url";
    site.ask(Method::POST, path, token, body).await.code()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_tenant_reaches_another() {
    for engine in engines() {
        let site = Site::new(engine, |_| {}).await;
        let (acme, acme_token) = site.tenant("acme").await;
        let (_, other_token) = site.tenant("other").await;
        let viewer = site
            .token(
                "viewer",
                Role::TenantViewer,
                Reach::Tenant(acme),
                Scope::TenantPlugins,
            )
            .await;
        site.market.list("1.0.0");
        site.core.syncer().once().await.unwrap();
        let greeter = json!({"pluginId": "com.powerx.samples.greeter", "acknowledgedPermissions": ["greeter:greeting:read"]});
        let mut for_acme = greeter.clone();
        for_acme["tenantId"] = json!(acme);
        assert_eq!(
            order(&site, &other_token, for_acme.clone()).await,
            "403 PX-0103"
        );
        assert_eq!(order(&site, &viewer, greeter.clone()).await, "403 PX-0103");

        let path = "/api/v1/admin/plugins/install/url";
        let key = [("idempotency-key", "one")];
        let first = site
            .ask_with(Method::POST, path, &acme_token, greeter.clone(), &key)
            .await;
        assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.body);
        let second = site
            .ask_with(Method::POST, path, &acme_token, greeter.clone(), &key)
            .await;
        assert_eq!(first.body, second.body);
        let reused = site
            .ask_with(Method::POST, path, &acme_token, for_acme, &key)
            .await;
        assert_eq!(reused.code(), "409 PX-0008");
        assert_eq!(order(&site, &acme_token, greeter).await, "409 PX-0408");

        let id = first.json()["installJobId"].as_str().unwrap().to_owned();
        for what in ["status", "logs", "events"] {
            let path = format!("/api/v1/admin/plugins/install/{what}?jobId={id}");
            assert_eq!(site.get(&path, &other_token).await.code(), "404 PX-0003");
        }
        let cancel = format!("/api/v1/admin/plugins/install/cancel?jobId={id}");
        let refused = site
            .ask(Method::POST, &cancel, &other_token, Value::Null)
            .await;
        assert_eq!(refused.code(), "404 PX-0003");
        let refused = site.ask(Method::POST, &cancel, &viewer, Value::Null).await;
        assert_eq!(refused.code(), "403 PX-0103");
        let done = site
            .ask(Method::POST, &cancel, &acme_token, Value::Null)
            .await;
        assert_eq!(done.status, StatusCode::ACCEPTED, "{}", done.body);

        let list = site
            .get("/api/v1/admin/plugins/installs", &other_token)
            .await;
        assert_eq!(list.json(), json!([]));
        let filter = AuditFilter {
            subject: Some(acme.to_string()),
            limit: 50,
            ..AuditFilter::default()
        };
        let audit = list_audit(site.db(), &filter).await.unwrap();
        let refused = audit.iter().filter(|a| a.action == "access.refused");
        assert_eq!(refused.count(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_say_what_is_wrong_with_them() {
    let site = Site::new(Engine::Sqlite, |config| {
        config.allowed_hosts = vec!["*.example.com".to_owned(), "10.0.0.7".to_owned()];
    })
    .await;
    let (_, token) = site.tenant("acme").await;
    let id = site.market.list("1.3.0-permission").version_id;
    site.core.syncer().once().await.unwrap();
    let sha = "0".repeat(64);
    let url =
        |url: &str| json!({"url": url, "sha256": sha, "pluginId": "com.x.y", "version": "1.0.0"});
    let mut told = Vec::new();
    for body in [
        json!({}),
        json!({"pluginId": "com.x.y", "colour": "red"}),
        json!({"pluginId": "com.x.y"}),
        json!({"pluginId": "com.powerx.samples.greeter"}),
        json!({"pluginId": "com.powerx.samples.greeter", "versionId": id}),
        json!({"version": "1.3.0", "channel": "beta", "versionId": id}),
        json!({"url": "https://bundles.example.com/x.pxp"}),
        url("https://evil.test/x.pxp"),
        url("http://bundles.example.com/x.pxp"),
        url("https://10.0.0.7/x.pxp"),
        url("https://notexample.com/x.pxp"),
        url("file:///etc/passwd"),
    ] {
        told.push(order(&site, &token, body).await);
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    422 PX-0005
    422 PX-0005
    404 PX-0403
    422 PX-0407
    422 PX-0005
    422 PX-0005
    422 PX-0005
    403 PX-0401
    422 PX-0601
    422 PX-0601
    403 PX-0401
    403 PX-0401
    ");
    let off = Site::new(Engine::Sqlite, |config| config.online_install = false).await;
    let (_, token) = off.tenant("acme").await;
    assert_eq!(
        order(&off, &token, json!({"pluginId": "com.x.y"})).await,
        "503 PX-0402"
    );
}
