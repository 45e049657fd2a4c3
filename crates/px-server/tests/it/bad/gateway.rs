//! Requests to plugins that should not arrive, or not like that.

use px_api::Code;
use reqwest::Method;
use serde_json::json;

use super::bundles::{Author, Plugin};
use super::install::committed;
use super::world::{World, go, ok};
use super::{catalog, raw};

const GREETER: &str = "com.powerx.samples.greeter";

async fn with_greeter() -> World {
    let w = World::start(&[]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let folder = px_testkit::sample("hello-wasm", "1.0.0").unwrap();
    let mut plugin = Plugin::new("1.0.0").id(GREETER);
    plugin.permissions = vec!["greeter:greeting:read".to_owned()];
    let bytes = author.sign(&super::bundles::pack(folder.path()));
    w.list(&plugin, &bytes).await;
    committed(&w, "north", &super::install::order(&plugin)).await;
    w
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_keeps_plugins_and_tenants_apart() {
    let w = with_greeter().await;
    let (north, harbour) = (w.token("north"), w.token("harbour"));
    let hello = format!("/_p/{GREETER}/api/hello");
    ok(w.core(Method::GET, &hello, &north)).await;
    let cases = [
        ("no tenant", hello.as_str(), "", Code::Unauthenticated, ""),
        (
            "operators have no tenant",
            &hello,
            &w.token("ops"),
            Code::NoTenant,
            "tenant",
        ),
        (
            "not installed here",
            &hello,
            &harbour,
            Code::PluginNotInstalled,
            GREETER,
        ),
        (
            "unknown plugin",
            "/_p/com.example.nothing/api/x",
            &north,
            Code::PluginNotInstalled,
            "com.example.nothing",
        ),
        (
            "no plugin's name",
            "/_p/%2e%2e/api/x",
            &north,
            Code::NotFound,
            "",
        ),
        (
            "no such part",
            "/_p/com.powerx.samples.greeter/files/x",
            &north,
            Code::NotFound,
            "",
        ),
        (
            "no pages",
            "/_p/com.powerx.samples.greeter/admin/",
            &north,
            Code::NotFound,
            "",
        ),
    ];
    for (case, path, token, code, names) in cases {
        go(w.core(Method::GET, path, token))
            .await
            .refused(case, code, names);
    }
    paths(&w, &north).await;
    forged(&w, &hello, &north).await;
    bodies(&w, &hello, &north).await;
    w.end().await;
}

/// Paths that mean something else once somebody has tidied them up: never the core's own API.
async fn paths(w: &World, token: &str) {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let audit = raw::send(&w.local.core_url, "GET", "/api/v1/admin/audit", &headers).await;
    assert_eq!(audit.status, 200, "the raw client works");
    for path in [
        "/_p/GREETER/api/../../api/v1/admin/audit",
        "/_p/GREETER/api/../../../api/v1/admin/audit",
        "/_p/GREETER/api/..%2f..%2f..%2fapi/v1/admin/audit",
        "/_p/GREETER/api/%2e%2e/%2e%2e/%2e%2e/api/v1/admin/audit",
        "/_p/GREETER/api/..\\..\\admin",
        "/_p/GREETER/api/../admin/",
        "/_p/x/api/../../admin",
        "/_p/../api/v1/admin/audit",
        "/_p//api/hello",
        "/_p/GREETER%00/api/hello",
        "/_p/GREETER/api/%ff%fe",
        "//api/v1/admin/audit",
        "/_p/GREETER/api/hello%0d%0ax-evil:%201",
    ] {
        let path = path.replace("GREETER", GREETER);
        let reply = raw::send(&w.local.core_url, "GET", &path, &headers).await;
        assert!(
            (400..500).contains(&reply.status),
            "{path}: {} {}",
            reply.status,
            reply.text()
        );
        assert!(
            !reply.text().contains("access.refused"),
            "{path}: {}",
            reply.text()
        );
        assert!(reply.headers.get("x-evil").is_none(), "{path}");
    }
}

/// Who asks is what the gateway says, whatever the request brought along.
async fn forged(w: &World, hello: &str, token: &str) {
    let (north, harbour) = (w.tenant("north"), w.tenant("harbour"));
    let context = json!({ "tenantId": harbour }).to_string();
    let request = w.core(Method::GET, hello, token);
    let request = request.header("x-powerx-ctx", &context);
    let answer = ok(request.header("x-powerx-ctx-sig", "0".repeat(64))).await;
    assert_eq!(answer["tenant"], north, "{answer}");
    let other = w
        .core(Method::GET, hello, token)
        .header("x-px-tenant", &harbour);
    go(other)
        .await
        .refused("another tenant", Code::Forbidden, "role");
}

/// More than a plugin takes.
async fn bodies(w: &World, hello: &str, token: &str) {
    let big = vec![b'a'; 17 << 20];
    let reply = go(w.core(Method::POST, hello, token).body(big)).await;
    reply.refused("17 MiB", Code::TooLarge, "16777216");
    let answer = ok(w.core(Method::GET, hello, token)).await;
    assert_eq!(answer["version"], "1.0.0", "it still answers");
    let path = catalog::version_path("ver_1", "review");
    go(w.core(Method::GET, &path, token))
        .await
        .refused("not here", Code::NotFound, "");
}
