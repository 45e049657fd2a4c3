//! More than a server takes of anything.

use px_api::Code;
use reqwest::Method;
use serde_json::json;

use super::bundles::Plugin;
use super::catalog::{PUBLISH, registration};
use super::install::INSTALL;
use super::raw;
use super::world::{World, go, ok};

#[tokio::test(flavor = "multi_thread")]
async fn oversized_requests_are_refused_whole() {
    let w = World::start(&[]).await;
    let (publisher, north) = (w.token("publisher"), w.token("north"));
    bodies(&w, &publisher, &north).await;
    let form = [("name", "a".repeat(3 << 20)), ("password", "x".to_owned())];
    let reply = go(w.core(Method::POST, "/sign-in", "").form(&form)).await;
    assert!([413, 422].contains(&reply.status), "{}", reply.status);
    heads(&w).await;
    queries(&w, &publisher, &north).await;
    ok(w.market(Method::GET, "/api/marketplace/plugins", "")).await;
    ok(w.core(Method::GET, "/api/v1/admin/plugins/installed", &north)).await;
    w.end().await;
}

/// 20 MB of JSON: refused by what is announced, and cut off where nothing is.
async fn bodies(w: &World, publisher: &str, north: &str) {
    let sides = [
        (&w.local.market_url, PUBLISH, publisher),
        (&w.local.core_url, INSTALL, north),
    ];
    let before = w.marks().await;
    for (to, path, token) in sides {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("content-length", "20971520"),
        ];
        let reply = raw::send_with(to, "POST", path, &headers, b"{\"notes\": \"").await;
        reply.refused("20 MB of JSON", Code::TooLarge, "2 MiB");
        let mut body = registration(&Plugin::new("1.0.0"), b"bytes");
        body["notes"] = json!("n".repeat(3 << 20));
        let whole = w.http.post(to.join(path).unwrap()).bearer_auth(token);
        assert_eq!(go(whole.json(&body)).await.status, 413);
    }
    assert_eq!(w.marks().await, before);
}

/// Headers and addresses of 64 KiB and far more.
async fn heads(w: &World) {
    for to in [&w.local.market_url, &w.local.core_url] {
        for size in [64 << 10, 1 << 20] {
            let long = "h".repeat(size);
            let reply = raw::send(to, "GET", "/livez", &[("x-long", &long)]).await;
            assert!(
                [200, 431, 0].contains(&reply.status),
                "{size}: {}",
                reply.status
            );
            let path = format!("/livez?q={long}");
            let reply = raw::send(to, "GET", &path, &[]).await;
            assert!(
                [200, 414, 431, 0].contains(&reply.status),
                "{size}: {}",
                reply.status
            );
        }
        let many: Vec<String> = (0..2000).map(|n| format!("x-{n}")).collect();
        let many: Vec<_> = many.iter().map(|n| (n.as_str(), "1")).collect();
        let reply = raw::send(to, "GET", "/livez", &many).await;
        assert!([431, 0].contains(&reply.status), "{}", reply.status);
        let reply = raw::send(to, "GET", "/livez", &[]).await;
        assert_eq!(reply.status, 200, "it still answers");
    }
}

/// Queries that are long, or ask for more than there can be.
async fn queries(w: &World, publisher: &str, north: &str) {
    let long = "q".repeat(30_000);
    for query in [
        format!("q={long}"),
        "limit=999999999".to_owned(),
        "limit=-1".to_owned(),
        "cursor=AAAA".to_owned(),
        "q=%27%20OR%201%3D1%20--".to_owned(),
        "q=%25_%5c".to_owned(),
    ] {
        let path = format!("/api/marketplace/plugins?{query}");
        let reply = go(w.market(Method::GET, &path, publisher)).await;
        let sound = [200, 400, 422].contains(&reply.status);
        assert!(sound, "{query:.40}: {} {}", reply.status, reply.text());
        if reply.status != 200 {
            assert_eq!(reply.header("content-type"), "application/problem+json");
        }
    }
    for path in ["plugins/installs", "inbox", "alerts", "audit"] {
        for query in [
            "limit=999999999",
            "limit=-1",
            "tenantId=x",
            "active=perhaps",
        ] {
            let path = format!("/api/v1/admin/{path}?{query}");
            let reply = go(w.core(Method::GET, &path, north)).await;
            let sound = [200, 400, 422].contains(&reply.status);
            assert!(sound, "{path}: {} {}", reply.status, reply.text());
        }
    }
}
