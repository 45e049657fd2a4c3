//! Tokens, sessions and forms.

use jiff::SignedDuration;
use px_api::Code;
use px_model::{Role, Scope};
use px_server::seed::PASSWORD;
use px_web::identity::store::find_account;
use px_web::identity::{Grant, Reach};
use reqwest::Method;

use super::browser::{Browser, Side};
use super::bundles::Plugin;
use super::catalog::{PUBLISH, registration};
use super::people;
use super::world::{World, go, ok};

const INSTALLED: &str = "/api/v1/admin/plugins/installed";
const VERSIONS: &str = "/api/marketplace/publisher/versions";

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_do_not_hold_open_nothing() {
    let w = World::start(&[]).await;
    let (market, core) = (w.market_db().await, w.core_db().await);
    let publisher = find_account(&market, "publisher").await.unwrap().unwrap();
    let north = find_account(&core, "north").await.unwrap().unwrap();
    let short = SignedDuration::from_millis(1);
    let publish = [Scope::PluginPublish];
    let (old, _) = people::token(&market, publisher.id, &publish, short).await;
    let (old_core, _) = people::token(&core, north.id, &[Scope::TenantPlugins], short).await;
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let gone = people::person(&market, "gone", &[], &publish).await;
    people::revoke_token(&market, &gone).await;
    let foreign = w.token("north");
    let cases = [
        ("nobody", "", Code::Unauthenticated, "token"),
        (
            "invented",
            "pxt_00000000000000000000000000000000000000",
            Code::TokenExpired,
            "not known",
        ),
        (
            "not a token",
            "' OR 1=1 --",
            Code::TokenExpired,
            "not known",
        ),
        ("expired", old.as_str(), Code::TokenExpired, "expired"),
        (
            "revoked",
            gone.token.as_str(),
            Code::TokenExpired,
            "revoked",
        ),
        (
            "of the other server",
            foreign.as_str(),
            Code::TokenExpired,
            "not known",
        ),
    ];
    let body = registration(&Plugin::new("1.0.0"), b"bytes");
    for (case, token, code, names) in cases {
        let request = w.market(Method::POST, PUBLISH, token).json(&body);
        w.refuses(case, request, code, names).await;
        let request = w.market(Method::GET, VERSIONS, token);
        w.refuses(case, request, code, names).await;
    }
    for (case, token, code) in [
        ("nobody", "", Code::Unauthenticated),
        ("expired", old_core.as_str(), Code::TokenExpired),
        (
            "of the other server",
            &w.token("publisher"),
            Code::TokenExpired,
        ),
    ] {
        w.refuses(case, w.core(Method::GET, INSTALLED, token), code, "")
            .await;
    }
    let basic = w
        .market(Method::GET, VERSIONS, "")
        .header("authorization", "Digest abc");
    w.refuses("other scheme", basic, Code::Unauthenticated, "Bearer")
        .await;
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_what_its_scopes_say() {
    let w = World::start(&[]).await;
    let (market, core) = (w.market_db().await, w.core_db().await);
    let publisher = find_account(&market, "publisher").await.unwrap().unwrap();
    let hour = SignedDuration::from_hours(1);
    let (reads, _) = people::token(&market, publisher.id, &[Scope::PluginRead], hour).await;
    let body = registration(&Plugin::new("1.0.0"), b"bytes");
    let request = w.market(Method::POST, PUBLISH, &reads).json(&body);
    w.refuses(
        "reader publishes",
        request,
        Code::Forbidden,
        "plugin.publish",
    )
    .await;
    ok(w.market(Method::GET, VERSIONS, &reads)).await;
    let north = find_account(&core, "north").await.unwrap().unwrap();
    let (other, _) = people::token(&core, north.id, &[Scope::FeedRead], hour).await;
    let request = w.core(Method::GET, INSTALLED, &other);
    w.refuses("feed token in the core", request, Code::Forbidden, "role")
        .await;
    let publisher = w.token("publisher");
    for path in [
        "/api/marketplace/reviews",
        "/api/marketplace/audit",
        "/api/marketplace/audit/verify",
        "/api/marketplace/figures",
        "/api/marketplace/alerts",
        "/api/marketplace/notices/dead",
        "/api/marketplace/events",
    ] {
        let reply = go(w.market(Method::GET, path, &publisher)).await;
        reply.refused(path, Code::Forbidden, "scope");
    }
    for path in [
        "/api/v1/admin/audit/verify",
        "/api/v1/admin/plugins/figures",
    ] {
        let reply = go(w.core(Method::GET, path, &w.token("north"))).await;
        reply.refused(path, Code::Forbidden, "platform_ops");
    }
    let tenants = w.core(Method::GET, "/api/v1/admin/tenants", &w.token("north"));
    let own = ok(tenants).await;
    assert_eq!(own.as_array().unwrap().len(), 1, "{own}");
    assert_eq!(own[0]["tenantId"], w.tenant("north"));
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_and_sessions_of_others_change_nothing() {
    let w = World::start(&[]).await;
    let browser = Browser::sign_in(&w, Side::Core, "north").await;
    ok(browser.ask(&w, Method::GET, INSTALLED)).await;
    let form = [("name", "build"), ("scopes", "tenant.plugins")];
    let tokens = "/account/tokens";
    let count = async || {
        let db = w.core_db().await;
        let north = find_account(&db, "north").await.unwrap().unwrap();
        let all = px_web::identity::store::tokens_of(&db, north.id).await;
        all.unwrap().len()
    };
    let before = count().await;
    let bare = browser.ask(&w, Method::POST, tokens).form(&form);
    w.refuses("form without token", bare, Code::CsrfMismatch, "form")
        .await;
    let wrong = [("name", "build"), ("csrf", "0000000000000000")];
    let wrong = browser.ask(&w, Method::POST, tokens).form(&wrong);
    w.refuses("form with another token", wrong, Code::CsrfMismatch, "form")
        .await;
    let own = [("name", "build"), ("csrf", browser.csrf.as_str())];
    let cross = browser.ask(&w, Method::POST, tokens).form(&own);
    let cross = cross.header("origin", "https://evil.example");
    w.refuses(
        "from another site",
        cross,
        Code::CsrfMismatch,
        "another site",
    )
    .await;
    let cross = browser.ask(&w, Method::POST, tokens).form(&own);
    let cross = cross.header("sec-fetch-site", "cross-site");
    w.refuses(
        "from another site",
        cross,
        Code::CsrfMismatch,
        "another site",
    )
    .await;
    let api = "/api/v1/admin/plugins/install/url";
    let script = browser
        .ask(&w, Method::POST, api)
        .json(&serde_json::json!({}));
    w.refuses(
        "script without token",
        script,
        Code::CsrfMismatch,
        "X-CSRF-Token",
    )
    .await;
    assert_eq!(count().await, before, "a token was made");

    let db = w.core_db().await;
    let north = find_account(&db, "north").await.unwrap().unwrap();
    let tenant = w.local.accounts.get("north").unwrap().tenant.unwrap();
    let role = Grant {
        role: Role::TenantAdmin,
        reach: Reach::Tenant(tenant),
    };
    people::revoke_role(&db, north.id, role).await;
    let after = browser.ask(&w, Method::GET, INSTALLED);
    w.refuses(
        "session after the role",
        after,
        Code::Unauthenticated,
        "token",
    )
    .await;
    // The token outlives the role, but without the role it reaches nothing.
    let after = w.core(Method::GET, INSTALLED, &w.token("north"));
    w.refuses("token after the role", after, Code::NoTenant, "tenant")
        .await;
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_gives_nothing_away() {
    let w = World::start(&[]).await;
    let wrong = [("name", "north"), ("password", "guess")];
    let unknown = [("name", "nobody"), ("password", "guess")];
    let texts = [wrong, unknown].map(|form| w.core(Method::POST, "/sign-in", "").form(&form));
    let mut pages = Vec::new();
    for request in texts {
        let reply = go(request).await;
        assert_eq!(reply.status, 401);
        assert!(!reply.text().contains("px_session"));
        pages.push(reply.body.len());
    }
    let away = [
        ("name", "north"),
        ("password", PASSWORD),
        ("next", "//evil.example/"),
    ];
    let reply = go(w.core(Method::POST, "/sign-in", "").form(&away)).await;
    assert_eq!(reply.status, 303);
    assert!(!reply.header("location").contains("evil"), "open redirect");
    for _ in 0..6 {
        go(w.core(Method::POST, "/sign-in", "").form(&wrong)).await;
    }
    let right = [("name", "north"), ("password", PASSWORD)];
    let reply = go(w.core(Method::POST, "/sign-in", "").form(&right)).await;
    assert_eq!(reply.status, 429, "five wrong tries, then a pause");
    assert!(!reply.header("retry-after").is_empty());
    w.end().await;
}
