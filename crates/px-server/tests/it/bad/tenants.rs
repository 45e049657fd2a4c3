//! One tenant reaching for another's.

use px_api::Code;
use reqwest::Method;
use serde_json::{Value, json};

use super::bundles::{Author, NOTES, Plugin};
use super::install::{committed, order};
use super::world::{World, go, ok};

const ADMIN: &str = "/api/v1/admin";

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_gets_at_nothing_of_another() {
    let w = World::start(&[]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let plugin = Plugin::new("1.0.0");
    w.list(&plugin, &author.bundle(&plugin)).await;
    let job = committed(&w, "north", &order(&plugin)).await;

    by_id(&w, &job).await;
    by_name(&w).await;
    by_header(&w).await;
    changes(&w, &job).await;
    let audit = format!("{ADMIN}/audit?limit=1000");
    let log = ok(w.core(Method::GET, &audit, &w.token("ops")))
        .await
        .to_string();
    assert!(log.contains("access.refused"), "{log}");
    w.end().await;
}

/// Ids guessed or overheard.
async fn by_id(w: &World, job: &str) {
    let token = w.token("harbour");
    for path in ["status", "logs", "events"] {
        let path = format!("{ADMIN}/plugins/install/{path}?jobId={job}");
        let request = w.core(Method::GET, &path, &token);
        w.refuses(&path, request, Code::NotFound, "no such").await;
    }
    let path = format!("{ADMIN}/plugins/install/cancel?jobId={job}");
    w.refuses(
        &path,
        w.core(Method::POST, &path, &token),
        Code::NotFound,
        "no such",
    )
    .await;
    for guess in [
        "ins_00000000000000000000000000000001",
        "1",
        "../../etc",
        "%00",
    ] {
        let path = format!("{ADMIN}/plugins/install/status?jobId={guess}");
        let reply = go(w.core(Method::GET, &path, &token)).await;
        assert!([400, 404, 422].contains(&reply.status), "{}", reply.text());
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
}

/// The other tenant named outright.
async fn by_name(w: &World) {
    let (token, north) = (w.token("harbour"), w.tenant("north"));
    for path in [
        "plugins/installs",
        "plugins/installed",
        "plugins/versions",
        "inbox",
        "alerts",
        "audit",
    ] {
        let path = format!("{ADMIN}/{path}?tenantId={north}");
        let request = w.core(Method::GET, &path, &token);
        w.refuses(&path, request, Code::Forbidden, "role").await;
    }
    for path in ["plugins/installs", "plugins/installed", "alerts", "inbox"] {
        let path = format!("{ADMIN}/{path}");
        let mine = ok(w.core(Method::GET, &path, &token)).await;
        assert!(!mine.to_string().contains(&north), "{path}: {mine}");
    }
    let audit = ok(w.core(Method::GET, &format!("{ADMIN}/audit?limit=1000"), &token)).await;
    assert!(!audit.to_string().contains(&north), "{audit}");
}

/// Headers that a proxy or the core itself would set.
async fn by_header(w: &World) {
    let (token, north) = (w.token("harbour"), w.tenant("north"));
    let installed = format!("{ADMIN}/plugins/installed");
    let page = format!("/_p/{NOTES}/admin/");
    for path in [installed.as_str(), page.as_str()] {
        let named = w
            .core(Method::GET, path, &token)
            .header("x-px-tenant", &north);
        w.refuses("X-PX-Tenant", named, Code::Forbidden, "role")
            .await;
        let cookie = w.core(Method::GET, path, &token);
        let cookie = cookie.header("cookie", format!("px_tenant={north}"));
        w.refuses("px_tenant", cookie, Code::Forbidden, "role")
            .await;
    }
    let bad = w
        .core(Method::GET, &installed, &token)
        .header("x-px-tenant", "everybody");
    w.refuses("no tenant's id", bad, Code::NotFound, "tenant")
        .await;
    let context = json!({ "tenantId": north, "pluginId": NOTES }).to_string();
    for name in ["x-powerx-ctx", "x-powerx-ctx-jwt", "x-powerx-tenant"] {
        let forged = w
            .core(Method::GET, &installed, &token)
            .header(name, &context);
        assert_eq!(ok(forged).await, json!([]), "{name}");
        let page = w.core(Method::GET, &page, &token).header(name, &context);
        w.refuses(name, page, Code::PluginNotInstalled, NOTES).await;
    }
    let nobody = w
        .core(Method::GET, &installed, "")
        .header("x-px-tenant", &north);
    w.refuses("nobody", nobody, Code::Unauthenticated, "token")
        .await;
}

/// Everything that would change something of the other tenant's.
async fn changes(w: &World, job: &str) {
    let (token, north) = (w.token("harbour"), w.tenant("north"));
    let send = |method: Method, path: &str, body: Value| {
        let path = format!("{ADMIN}/plugins/{path}");
        w.core(method, &path, &token).json(&body)
    };
    let policy = format!("{NOTES}/policy");
    let rollback = "upgrade/rollback";
    let mut wanted = order(&Plugin::new("1.0.0"));
    wanted["tenantId"] = json!(north);
    let cases = [
        (
            "policy",
            send(
                Method::PUT,
                &policy,
                json!({ "policy": "off", "tenantId": north }),
            ),
        ),
        (
            "rollback",
            send(
                Method::POST,
                rollback,
                json!({ "pluginId": NOTES, "reason": "x", "tenantId": north }),
            ),
        ),
        ("install", send(Method::POST, "install/url", wanted)),
        (
            "subscription",
            send(
                Method::PUT,
                &format!("{NOTES}/subscription"),
                json!({ "channel": "stable", "tenantId": north }),
            ),
        ),
    ];
    for (case, request) in cases {
        w.refuses(case, request, Code::Forbidden, "tenant_admin")
            .await;
    }
    let own = send(
        Method::POST,
        rollback,
        json!({ "pluginId": NOTES, "reason": "x" }),
    );
    w.refuses("not installed here", own, Code::PluginNotInstalled, NOTES)
        .await;
    let own = send(Method::PUT, &policy, json!({ "policy": "off" }));
    w.refuses("not installed here", own, Code::PluginNotInstalled, NOTES)
        .await;
    let path = format!("{ADMIN}/plugins/install/status?jobId={job}");
    let view = ok(w.core(Method::GET, &path, &w.token("north"))).await;
    assert_eq!(view["status"], "committed", "{view}");
}
