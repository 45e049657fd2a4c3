//! Rights that are taken away are gone with the next request, over every door (A25).

use std::time::Duration;

use px_api::Code;
use px_model::{AccountId, Role, Scope};
use px_store::{Actor, Db};
use px_web::identity::store::{find_account, grant, set_disabled};
use px_web::identity::{Grant, Reach};
use reqwest::Method;
use serde_json::json;

use super::browser::{Browser, Side};
use super::bundles::{Author, Plugin};
use super::catalog::{PUBLISH, registration, version_path};
use super::install::{accepted, order};
use super::people;
use super::world::{World, go, ok};

const VERSIONS: &str = "/api/marketplace/publisher/versions";
const INSTALLED: &str = "/api/v1/admin/plugins/installed";

async fn account(db: &Db, login: &str) -> AccountId {
    find_account(db, login).await.unwrap().unwrap().id
}

async fn disable(db: &Db, who: AccountId, disabled: bool) {
    let mut tx = db.begin().await.unwrap();
    let actor = Actor::system("test");
    set_disabled(&mut tx, &actor, who, disabled).await.unwrap();
    tx.commit().await.unwrap();
}

/// The browser is a stranger's again.
async fn signed_out(w: &World, browser: &Browser) {
    let reply = go(browser.ask(w, Method::GET, "/account")).await;
    assert_ne!(reply.status, 200, "{}", reply.text());
    let page = browser.page(w, "/account").await;
    assert!(!page.text().contains("/account/tokens"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_who_left_publishes_nothing_more() {
    let w = World::start(&[]).await;
    let db = w.market_db().await;
    let owner = Author::register(&w, &w.token("publisher"), 1).await;
    let member = people::publishes_for(owner.publisher.parse().unwrap());
    let scopes = [Scope::PluginPublish, Scope::PluginRead];
    let leaver = people::person(&db, "leaver", &[member], &scopes).await;
    let plugin = Plugin::new("1.0.0");
    let bytes = owner.bundle(&plugin);
    let made = w
        .register(&leaver.token, &registration(&plugin, &bytes))
        .await;
    let upload = made["uploadUrl"].as_str().unwrap();
    let version = made["versionId"].as_str().unwrap();
    ok(w.patch(upload, &leaver.token, 0, &bytes[..9])).await;
    people::revoke_role(&db, leaver.account, member).await;

    let token = &leaver.token;
    let forbidden = Code::Forbidden;
    let next = registration(&Plugin::new("1.1.0"), b"bytes");
    let submit = version_path(version, "submit-review");
    for (case, request) in [
        (
            "publishes",
            w.market(Method::POST, PUBLISH, token).json(&next),
        ),
        ("goes on uploading", w.patch(upload, token, 9, &bytes[9..])),
        ("submits", w.market(Method::POST, &submit, token)),
        ("looks", w.market(Method::GET, VERSIONS, token)),
    ] {
        w.refuses(case, request, forbidden, "publish").await;
    }
    // The version is the publisher's, so those who stayed go on with it.
    let owner = w.token("publisher");
    ok(w.patch(upload, &owner, 9, &bytes[9..])).await;
    ok(w.market(Method::POST, &submit, &owner)).await;
    assert_eq!(w.reviewed(version).await["state"], "in_review");
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewers_open_claim_ends_with_the_role() {
    let w = World::start(&[]).await;
    let db = w.market_db().await;
    let token = w.token("publisher");
    let author = Author::register(&w, &token, 1).await;
    let plugin = Plugin::new("1.0.0");
    let bytes = author.bundle(&plugin);
    let request = registration(&plugin, &bytes);
    let id = w.submit(&token, &request, &bytes).await;
    w.reviewed(&id).await;
    let claim = version_path(&id, "review/claim");
    let claim = |login: &str| w.market(Method::POST, &claim, &w.token(login));
    let held = ok(claim("reviewer")).await["claimToken"].clone();
    let browser = Browser::sign_in(&w, Side::Market, "reviewer").await;
    let role = Grant {
        role: Role::Reviewer,
        reach: Reach::Everywhere,
    };
    let who = account(&db, "reviewer").await;
    people::revoke_role(&db, who, role).await;

    let forbidden = Code::Forbidden;
    let approve = json!({ "decision": "approve", "claimToken": held });
    let decide = w.decide(&id, "reviewer", &approve);
    w.refuses("decides", decide, forbidden, "reviewer").await;
    w.refuses("renews", claim("reviewer"), forbidden, "reviewer")
        .await;
    signed_out(&w, &browser).await;
    // Given back, the role works again, but the browser has to sign in anew.
    let mut tx = db.begin().await.unwrap();
    let actor = Actor::system("test");
    grant(&mut tx, &actor, who, role).await.unwrap();
    tx.commit().await.unwrap();
    signed_out(&w, &browser).await;
    ok(w.decide(&id, "reviewer", &approve)).await;
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_is_out_at_once_on_both_servers() {
    let w = World::start(&[]).await;
    let market = (Side::Market, w.market_db().await, "publisher", VERSIONS);
    let core = (Side::Core, w.core_db().await, "north", INSTALLED);
    for (side, db, login, api) in [market, core] {
        let token = w.token(login);
        let ask = || match side {
            Side::Market => w.market(Method::GET, api, &token),
            Side::Core => w.core(Method::GET, api, &token),
        };
        let browsers = [
            Browser::sign_in(&w, side, login).await,
            Browser::sign_in(&w, side, login).await,
        ];
        ok(ask()).await;
        let who = account(&db, login).await;
        disable(&db, who, true).await;
        let reply = go(ask()).await;
        reply.refused(login, Code::TokenExpired, "disabled");
        for browser in &browsers {
            signed_out(&w, browser).await;
        }
        let form = [("name", login), ("password", px_server::seed::PASSWORD)];
        let again = go(side.ask(&w, Method::POST, "/sign-in").form(&form)).await;
        assert_eq!(again.status, 401, "{}", again.text());
        // Let in again, the token works and the old sessions stay ended.
        disable(&db, who, false).await;
        ok(ask()).await;
        for browser in &browsers {
            signed_out(&w, browser).await;
        }
    }
    w.end().await;
}

/// A stream of events that was answered.
async fn follow(request: reqwest::RequestBuilder) -> reqwest::Response {
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.chunk().await.unwrap().is_some(), "no first event");
    answer
}

/// Everything that still comes, until the end or this word.
async fn rest(mut answer: reqwest::Response, word: &str) -> String {
    let mut text = String::new();
    let all = async {
        while let Ok(Some(piece)) = answer.chunk().await {
            text.push_str(&String::from_utf8_lossy(&piece));
            if text.contains(word) {
                break;
            }
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(60), all).await;
    assert!(ended.is_ok(), "the stream goes on");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_tells_nothing_more_to_who_lost_the_right() {
    let w = World::start(&[]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let plugin = Plugin::new("1.0.0");
    w.list(&plugin, &author.bundle(&plugin)).await;
    let mut later = order(&plugin);
    later["notBefore"] = json!("2099-01-01T00:00:00Z");
    let job = accepted(&w, "north", &later).await;
    let db = w.core_db().await;
    let role = Grant {
        role: Role::TenantAdmin,
        reach: Reach::Tenant(w.local.accounts.get("north").unwrap().tenant.unwrap()),
    };
    let stays = people::person(&db, "colleague", &[role], &[Scope::TenantPlugins]).await;
    let events = format!("/api/v1/admin/plugins/install/events?jobId={job}");
    let live = format!("/operations/{job}/live");
    let browser = Browser::sign_in(&w, Side::Core, "north").await;
    let token = follow(w.core(Method::GET, &events, &w.token("north"))).await;
    let page = follow(browser.ask(&w, Method::GET, &live)).await;
    let twin = follow(w.core(Method::GET, &events, &stays.token)).await;

    people::revoke_role(&db, account(&db, "north").await, role).await;
    let cancel = format!("/api/v1/admin/plugins/install/cancel?jobId={job}");
    ok(w.core(Method::POST, &cancel, &stays.token)).await;
    let word = "cancelled";
    assert!(rest(twin, word).await.contains(word));
    // Both end by themselves, without having told what happened since.
    for stream in [token, page] {
        let told = rest(stream, word).await;
        assert!(!told.contains(word), "{told}");
    }
    w.end().await;
}
