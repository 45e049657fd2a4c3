//! From a listing to traffic and back, with nothing replaced but the Marketplace's people.

use http::{Method, StatusCode};
use px_api::market::Outcome;
use px_model::event_type;
use px_testkit::engines;
use serde_json::{Value, json};

use super::site::Site;

const PLUGIN: &str = "com.powerx.samples.greeter";
const INSTALL: &str = "/api/v1/admin/plugins/install/url";
const HELLO: &str = "/_p/com.powerx.samples.greeter/api/hello?name=Ada";

async fn synced(site: &Site, token: &str, version: &str) {
    site.until("the version to be synced", async || {
        let path = format!("/api/v1/admin/plugins/versions?pluginId={PLUGIN}");
        let all = site.get(&path, token).await.json();
        let all = all.as_array().unwrap().clone();
        all.iter()
            .any(|v| v["listed"]["version"] == version)
            .then_some(())
    })
    .await;
}

fn order(version: &str) -> Value {
    json!({"pluginId": PLUGIN, "version": version, "acknowledgedPermissions": ["greeter:greeting:read"]})
}

async fn install(site: &Site, token: &str, version: &str) -> Value {
    let answer = site.ask(Method::POST, INSTALL, token, order(version)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    let id = answer.json()["installJobId"].as_str().unwrap().to_owned();
    site.ended(&id, token).await
}

#[tokio::test(flavor = "multi_thread")]
async fn listed_installed_served_upgraded_and_taken_back() {
    for engine in engines() {
        let site = Site::started(engine, |config| {
            config.probation.traps = 1;
        })
        .await;
        let (acme, token) = site.tenant("acme").await;
        let (_, other) = site.tenant("other").await;
        site.market.list("1.0.0");
        site.market.list("1.1.0");
        synced(&site, &token, "1.1.0").await;

        let done = install(&site, &token, "1.0.0").await;
        assert_eq!(done["status"], "committed", "{done}");
        let hello = site.get(HELLO, &token).await;
        assert_eq!(hello.status, StatusCode::OK, "{}", hello.body);
        assert_eq!(hello.json()["version"], "1.0.0");
        assert_eq!(hello.json()["tenant"], acme.to_string());
        assert_eq!(site.get(HELLO, &other).await.code(), "404 PX-0416");
        assert_eq!(
            site.get(HELLO, &site.ops().await).await.code(),
            "401 PX-0504"
        );

        let done = install(&site, &token, "1.1.0").await;
        assert_eq!(done["status"], "committed", "{done}");
        assert_eq!(site.get(HELLO, &token).await.json()["version"], "1.1.0");

        // Back by hand while the one before is kept.
        let back = "/api/v1/admin/plugins/upgrade/rollback";
        let why = json!({"pluginId": PLUGIN, "reason": "We liked the old one."});
        let answer = site.ask(Method::POST, back, &token, why.clone()).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        assert_eq!(site.get(HELLO, &token).await.json()["version"], "1.0.0");
        let id = answer.json()["installJobId"].as_str().unwrap().to_owned();
        let done = site.ended(&id, &token).await;
        assert_eq!(done["status"], "rolled_back");
        assert!(done["rollbackSeconds"].as_f64().is_some());
        let again = site.ask(Method::POST, back, &token, why).await;
        assert_eq!(again.code(), "409 PX-0409");

        let outcomes = site
            .until("the outcomes to be reported", async || {
                let all = site.market.outcomes();
                (all.len() >= 3).then_some(all)
            })
            .await;
        let back = outcomes
            .iter()
            .any(|o| o.outcome == Outcome::RolledBackByHand);
        assert!(back, "{outcomes:?}");
        site.running.unwrap().stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_versions_never_stay() {
    for engine in engines() {
        let mut site = Site::started(engine, |config| {
            config.probation.duration = std::time::Duration::from_millis(1500);
        })
        .await;
        let (_, token) = site.tenant("acme").await;
        for version in ["1.0.0", "1.2.0-unhealthy", "1.2.1-traps"] {
            site.market.list(version);
        }
        synced(&site, &token, "1.2.1").await;
        let done = install(&site, &token, "1.0.0").await;
        assert_eq!(done["status"], "committed", "{done}");

        let done = install(&site, &token, "1.2.0").await;
        assert_eq!(done["status"], "failed", "{done}");
        assert_eq!(done["problem"]["code"], "PX-0413");
        assert_eq!(site.get(HELLO, &token).await.json()["version"], "1.0.0");

        // Traffic finds the traps that no probe does.
        let answer = site
            .ask(Method::POST, INSTALL, &token, order("1.2.1"))
            .await;
        let id = answer.json()["installJobId"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/admin/plugins/install/status?jobId={id}");
        let done = site
            .until("the end", async || {
                for _ in 0..20 {
                    site.get(HELLO, &token).await;
                }
                let view = site.get(&path, &token).await.json();
                // Should it be committed for want of traffic, the guard finds the traps.
                ["rolled_back", "failed"]
                    .contains(&view["status"].as_str().unwrap())
                    .then_some(view)
            })
            .await;
        assert!(
            ["rolled_back", "failed"].contains(&done["status"].as_str().unwrap()),
            "{done}"
        );
        assert_eq!(site.get(HELLO, &token).await.json()["version"], "1.0.0");
        let alerts = site
            .get("/api/v1/admin/alerts?active=true", &token)
            .await
            .json();
        assert!(!alerts.as_array().unwrap().is_empty());
        let told = site
            .until("the publisher to be told", async || {
                let all = site.market.outcomes();
                let bad = |o: &&px_api::market::OutcomeReport| {
                    matches!(o.outcome, Outcome::Failed | Outcome::RolledBack)
                };
                let bad: Vec<_> = all.iter().filter(bad).cloned().collect();
                (bad.len() >= 2).then_some(bad)
            })
            .await;
        assert!(told.iter().all(|o| o.code.is_some()));
        site.running.take().unwrap().stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_listings_and_tampered_bundles_are_refused_and_gaps_read_again() {
    for engine in engines() {
        let mut site = Site::new(engine, |_| {}).await;
        let (_, token) = site.tenant("acme").await;
        site.market.list("1.0.0");
        // Signed for something else than what the feed says.
        let sample = px_testkit::sample("hello-wasm", "1.2.2-dies").unwrap();
        let forged = site.market.make_from(sample.path(), |said| said.size += 1);
        site.market.tell(event_type::PLUGIN_APPROVED, &forged);
        let tampered = site.market.list("1.1.0");
        site.market.tamper(&tampered);
        site.market.hide(2, 1);
        site.core.syncer().once().await.unwrap();
        let state = site.core.catalog_state().await.unwrap();
        assert_eq!((state.cursor, state.gaps, state.refused), (3, 1, 1));
        // Once more changes nothing.
        site.market.tell("marketplace.publish.notified", &tampered);
        site.core.syncer().once().await.unwrap();
        let state = site.core.catalog_state().await.unwrap();
        assert_eq!((state.cursor, state.gaps, state.refused), (4, 1, 1));

        site.running = Some(site.core.start().await.unwrap());
        let answer = site
            .ask(Method::POST, INSTALL, &token, order("1.2.2"))
            .await;
        assert_eq!(answer.code(), "404 PX-0403");
        let done = install(&site, &token, "1.1.0").await;
        assert_eq!(done["status"], "failed", "{done}");
        assert_eq!(done["problem"]["code"], "PX-0411");
        assert!(!site.data().join("installed").join(PLUGIN).exists());

        // A withdrawn version can no longer be asked for.
        let mut gone = site.market.make("1.0.0");
        gone.state = px_model::VersionState::Withdrawn;
        site.market.tell(event_type::PLUGIN_WITHDRAWN, &gone);
        site.until("the withdrawal", async || {
            let state = site.core.catalog_state().await.unwrap();
            (state.cursor == 5).then_some(())
        })
        .await;
        site.running.take().unwrap().stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_lost_its_disk_brings_back_what_it_serves() {
    for engine in engines() {
        let mut site = Site::started(engine, |_| {}).await;
        let (_, token) = site.tenant("acme").await;
        site.market.list("1.0.0");
        synced(&site, &token, "1.0.0").await;
        let done = install(&site, &token, "1.0.0").await;
        assert_eq!(done["status"], "committed", "{done}");
        site.running.take().unwrap().stop().await;
        std::fs::remove_dir_all(site.data().join("installed")).unwrap();
        std::fs::remove_dir_all(site.data().join("bundles")).unwrap();
        std::fs::create_dir_all(site.data().join("bundles")).unwrap();
        assert_eq!(site.get(HELLO, &token).await.code(), "503 PX-0501");
        site.running = Some(site.core.start().await.unwrap());
        let hello = site
            .until("the version to be back", async || {
                let hello = site.get(HELLO, &token).await;
                (hello.status == StatusCode::OK).then_some(hello)
            })
            .await;
        assert_eq!(hello.json()["version"], "1.0.0");
        site.running.take().unwrap().stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_plugin_are_served_without_cookies_and_with_its_own_policy() {
    let mut site = Site::started(px_testkit::Engine::Sqlite, |_| {}).await;
    let (_, token) = site.tenant("acme").await;
    let sample = px_testkit::sample("hello-wasm", "1.0.0").unwrap();
    let pages = sample.path().join("web-admin");
    std::fs::create_dir(&pages).unwrap();
    std::fs::write(pages.join("index.html"), "<h1>Greeter</h1>").unwrap();
    let manifest = sample.path().join("plugin.yaml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let more = "\nfrontend:\n  admin:\n    kind: static\n    static_dir: web-admin\n";
    std::fs::write(&manifest, format!("{text}{more}")).unwrap();
    let listed = site.market.make_from(sample.path(), |_| {});
    site.market.tell(event_type::PLUGIN_APPROVED, &listed);
    synced(&site, &token, "1.0.0").await;
    let done = install(&site, &token, "1.0.0").await;
    assert_eq!(done["status"], "committed", "{done}");
    for path in ["admin", "admin/", "admin/index.html"] {
        let page = site.get(&format!("/_p/{PLUGIN}/{path}"), &token).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
        assert!(page.body.contains("<h1>Greeter</h1>"), "{}", page.body);
    }
    let missing = site
        .get(&format!("/_p/{PLUGIN}/admin/../../secret"), &token)
        .await;
    assert_ne!(missing.status, StatusCode::OK);
    site.running.take().unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_keys_are_believed_after_an_operator_says_so() {
    for engine in engines() {
        let mut site = Site::new(engine, |_| {}).await;
        let (_, token) = site.tenant("acme").await;
        let ops = site.ops().await;
        site.market.list("1.0.0");
        site.core.syncer().once().await.unwrap();
        site.market.rotate();
        site.market.list("1.1.0");
        site.core.syncer().once().await.unwrap();
        let state = site.core.catalog_state().await.unwrap();
        assert_eq!((state.cursor, state.refused), (2, 1));
        let trust = "/api/v1/admin/plugins/catalog/trust";
        let refused = site.ask(Method::POST, trust, &token, Value::Null).await;
        assert_eq!(refused.code(), "403 PX-0103");
        let accepted = site.ask(Method::POST, trust, &ops, Value::Null).await;
        assert_eq!(accepted.status, StatusCode::OK, "{}", accepted.body);
        site.core.syncer().once().await.unwrap();
        let path = format!("/api/v1/admin/plugins/versions?pluginId={PLUGIN}");
        let all = site.get(&path, &token).await.json();
        let versions: Vec<_> = all
            .as_array()
            .unwrap()
            .iter()
            .map(|v| &v["listed"]["version"])
            .collect();
        assert_eq!(versions, ["1.1.0", "1.0.0"]);
    }
}
