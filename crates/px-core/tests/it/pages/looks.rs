use http::StatusCode;
use px_core::app::authority::TenantScope;
use px_core::app::install::Trigger;
use px_core::store::{installs, logs, rollouts};
use px_model::{Channel, InstallState, Role};
use px_web::identity::Reach;

use super::browser::{Browser, Site};
use super::seed::Version;
use super::story;

const DAY: i64 = 86_400;

/// Whether a word's key shows where the word should.
fn bare_key(body: &str) -> Option<String> {
    let text = body.split("adm-").nth(1)?;
    Some(text.chars().take(30).collect())
}

async fn shows(browser: &mut Browser<'_>, path: &str) {
    for language in ["en", "zh-CN"] {
        browser.language = language;
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        assert_eq!(bare_key(&answer.body), None, "{path} {language}");
        assert!(answer.body.contains("</main>"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_shows_for_its_reader_in_both_languages() {
    let site = Site::new(40 * DAY).await;
    let home = story::tell(&site.seed).await.unwrap();
    let db = site.seed.core.db();
    let which = installs::Filter {
        limit: 100,
        ..installs::Filter::default()
    };
    let all = installs::list(db, &TenantScope::one(home), &which)
        .await
        .unwrap();
    let mut admin = site.visitor("admin").await;
    let pages = [
        "/",
        "/plugins/marketplace",
        "/plugins/marketplace?q=invoice&risk=high&show=update&sort=new",
        "/plugins/marketplace?q=nothing-like-this",
        "/plugins/marketplace/com.example.invoice-ocr",
        "/plugins/marketplace/com.example.price-watch",
        "/plugins/marketplace/com.example.loyalty-cards",
        "/plugins/com.example.invoice-ocr/install",
        "/plugins/com.example.stock-map/install?channel=beta",
        "/plugins/installed",
        "/plugins/installed/com.example.invoice-ocr",
        "/plugins/installed/com.example.shift-planner?ask=rollback",
        "/operations",
        "/operations?state=bad&q=report",
        "/inbox",
        "/inbox?show=unread",
        "/alerts",
        "/alerts?show=all",
        "/audit",
        "/audit?q=invoice&kind=install",
        "/settings/notifications",
    ];
    for path in pages {
        shows(&mut admin, path).await;
    }
    let mut states: Vec<InstallState> = Vec::new();
    for install in &all {
        if !states.contains(&install.state) {
            states.push(install.state);
            shows(&mut admin, &format!("/operations/{}", install.id)).await;
        }
    }
    for state in [
        "fetching",
        "waiting",
        "probation",
        "committed",
        "failed",
        "rolled_back",
    ] {
        assert!(states.iter().any(|s| s.as_str() == state), "{state}");
    }
    let mut viewer = site.visitor("viewer").await;
    for path in [
        "/",
        "/plugins/installed/com.example.invoice-ocr",
        "/alerts",
        "/audit",
        "/settings/notifications",
    ] {
        shows(&mut viewer, path).await;
    }
    let mut ops = site.visitor("ops").await;
    let rollout = rollouts::list(db, None, false).await.unwrap().remove(0).id;
    for path in ["/", "/rollouts", "/audit?of=all"] {
        shows(&mut ops, path).await;
    }
    shows(&mut ops, &format!("/rollouts/{rollout}")).await;
    shows(
        &mut ops,
        &format!("/rollouts/{rollout}?state=failed&ask=resume"),
    )
    .await;
}

const EVIL: &str = "<script>alert(1)</script>\"'><img src=x>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_others_wrote_becomes_markup() {
    let site = Site::new(0).await;
    let seed = &site.seed;
    let tenant = seed.tenant(EVIL, false).await.unwrap();
    let other = seed.tenant("Second", false).await.unwrap();
    let reach = Reach::Tenant(tenant);
    seed.account("admin", EVIL, Role::TenantAdmin, reach)
        .await
        .unwrap();
    seed.account("ops", EVIL, Role::PlatformOps, Reach::Everywhere)
        .await
        .unwrap();
    let evil = |version| Version {
        plugin: "com.example.evil",
        name: EVIL,
        summary: EVIL,
        publisher: EVIL,
        version,
        channel: Channel::Stable,
        kind: EVIL,
        permissions: &[
            "<script>alert(1)</script>:\"'><img",
            "http:outbound:<b>.example.com",
        ],
        needs: &[],
        core: Some(">=1.0.0"),
        notes: Some("# <script>alert(1)</script>\n- <img src=x>\n`<b>`"),
        size: 10,
    };
    let first = seed.list(evil("1.0.0")).await.unwrap();
    seed.install(tenant, EVIL, &first).await.unwrap();
    let second = seed.list(evil("1.1.0")).await.unwrap();
    let mut running = seed
        .ask(tenant, EVIL, Trigger::Person, &second, None)
        .await
        .unwrap();
    seed.walk(&mut running, InstallState::Verified)
        .await
        .unwrap();
    logs::line(seed.core.db(), running.id, EVIL, EVIL)
        .await
        .unwrap();
    let mut blocked = evil("2.0.0");
    blocked.plugin = "com.example.blocked";
    blocked.core = Some(">=9.0.0");
    seed.list(blocked).await.unwrap();
    let listed = seed.list(evil("1.2.0")).await.unwrap();
    let all = [tenant, other, tenant, other, other];
    seed.rollout(&listed, &all, false).await.unwrap();
    let rollout = rollouts::list(seed.core.db(), None, false)
        .await
        .unwrap()
        .remove(0)
        .id;
    let operation = format!("/operations/{}", running.id);
    let rollout = format!("/rollouts/{rollout}");
    let paths = [
        "/",
        "/plugins/marketplace?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "/plugins/marketplace",
        "/plugins/marketplace/com.example.evil",
        "/plugins/marketplace/com.example.blocked",
        "/plugins/com.example.blocked/install",
        "/plugins/com.example.evil/install?step=3&zone=%3Cscript%3Ealert(1)%3C/script%3E",
        "/plugins/installed",
        "/plugins/installed/com.example.evil",
        "/operations",
        "/inbox",
        "/alerts",
        "/audit",
        "/rollouts",
        operation.as_str(),
        rollout.as_str(),
    ];
    let mut browser = site.visitor("ops").await;
    browser
        .cookies
        .insert("px_tenant".to_owned(), tenant.to_string());
    for path in paths {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        for raw in ["<script>alert", "<img", "<b>"] {
            assert!(!answer.body.contains(raw), "{path} holds {raw}");
        }
    }
}
