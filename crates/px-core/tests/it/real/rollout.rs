//! Policies and rollouts over several tenants, with real parts.

use http::Method;
use px_testkit::engines;
use serde_json::{Value, json};

use super::site::Site;

const PLUGIN: &str = "com.powerx.samples.greeter";
const ADMIN: &str = "/api/v1/admin/plugins";

async fn fleet(site: &Site, count: usize) -> Vec<(px_model::TenantId, String)> {
    site.market.list("1.0.0");
    let mut all = Vec::new();
    for n in 0..count {
        all.push(site.tenant(&format!("tenant {n}")).await);
    }
    site.until("the listing", async || {
        let state = site.core.catalog_state().await.unwrap();
        (state.cursor == 1).then_some(())
    })
    .await;
    let order = json!({"pluginId": PLUGIN, "acknowledgedPermissions": ["greeter:greeting:read"]});
    let mut ids = Vec::new();
    for (_, token) in &all {
        let path = format!("{ADMIN}/install/url");
        let answer = site.ask(Method::POST, &path, token, order.clone()).await;
        ids.push(answer.json()["installJobId"].as_str().unwrap().to_owned());
    }
    for (id, (_, token)) in ids.iter().zip(&all) {
        assert_eq!(site.ended(id, token).await["status"], "committed");
        let path = format!("{ADMIN}/{PLUGIN}/policy");
        let auto = json!({"policy": "auto"});
        let answer = site.ask(Method::PUT, &path, token, auto).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    all
}

async fn rollout(site: &Site, ops: &str, state: &str) -> Value {
    site.until("the rollout's end", async || {
        let path = format!("{ADMIN}/rollouts?pluginId={PLUGIN}");
        let all = site.get(&path, ops).await.json();
        let newest = all.get(0).cloned()?;
        (newest["state"] == state).then_some(newest)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_release_reaches_every_tenant_and_everybody_is_told() {
    for engine in engines() {
        let mut site = Site::started(engine, |_| {}).await;
        let ops = site.ops().await;
        let tenants = fleet(&site, 3).await;
        site.market.list("1.1.0");
        let done = rollout(&site, &ops, "done").await;
        let committed: u64 = done["batches"]
            .as_array()
            .unwrap()
            .iter()
            .map(|b| b["committed"].as_u64().unwrap())
            .sum();
        assert_eq!(committed, 3, "{done}");
        for (tenant, token) in &tenants {
            let hello = site.get(&format!("/_p/{PLUGIN}/api/hello"), token).await;
            assert_eq!(hello.json()["version"], "1.1.0");
            let audience = format!("tenant:{tenant}");
            let inbox = px_notify::list_inbox(site.db(), &audience, false, 50)
                .await
                .unwrap();
            let news = inbox
                .iter()
                .filter(|m| m.title.en == "Greeter 1.1.0 is available");
            assert_eq!(news.count(), 1);
            let why = site
                .get(&format!("{ADMIN}/{PLUGIN}/explain"), token)
                .await
                .json();
            assert_eq!(why["reasons"], json!([]));
        }
        let installable = site
            .until("the reports", async || {
                let all = site.market.outcomes();
                let told = |o: &&px_api::market::OutcomeReport| {
                    o.outcome == px_api::market::Outcome::Installable
                };
                let told = all.iter().filter(told).count();
                (told >= 3).then_some(told)
            })
            .await;
        assert_eq!(installable, 3);
        site.running.take().unwrap().stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_release_pauses_in_its_first_batch_and_says_why() {
    for engine in engines() {
        let mut site = Site::started(engine, |_| {}).await;
        let ops = site.ops().await;
        let tenants = fleet(&site, 2).await;
        site.market.list("1.2.0-unhealthy");
        let paused = rollout(&site, &ops, "paused").await;
        let reason = "2 tenants of the first batch failed alike: launch_not_healthy.";
        assert_eq!(paused["reason"], reason);
        for (_, token) in &tenants {
            let hello = site.get(&format!("/_p/{PLUGIN}/api/hello"), token).await;
            assert_eq!(hello.json()["version"], "1.0.0");
            let why = site
                .get(&format!("{ADMIN}/{PLUGIN}/explain"), token)
                .await
                .json();
            let first = why["reasons"][0].as_str().unwrap();
            assert!(first.starts_with("The last try did not succeed"), "{why}");
        }
        let alerts = site
            .get("/api/v1/admin/alerts?active=true", &ops)
            .await
            .json();
        let kinds: Vec<_> = alerts
            .as_array()
            .unwrap()
            .iter()
            .map(|a| &a["kind"])
            .collect();
        assert!(kinds.contains(&&json!("rollout.paused")), "{kinds:?}");

        let id = paused["rolloutId"].as_str().unwrap();
        let path = format!("{ADMIN}/rollouts/{id}/cancel");
        let why = json!({"reason": "The publisher withdraws it."});
        assert_eq!(
            site.ask(Method::POST, &path, &tenants[0].1, why.clone())
                .await
                .status,
            403
        );
        assert_eq!(
            site.ask(Method::POST, &path, &ops, why.clone())
                .await
                .status,
            200
        );
        assert_eq!(
            site.ask(Method::POST, &path, &ops, why).await.code(),
            "409 PX-0408"
        );

        // A version that asks for more is offered, never forced.
        site.market.list("1.3.0-permission");
        site.until("the news", async || {
            let path = format!("{ADMIN}/{PLUGIN}/explain");
            let why = site.get(&path, &tenants[0].1).await.json();
            (why["newest"] == "1.3.0").then_some(why)
        })
        .await;
        let path = format!("{ADMIN}/{PLUGIN}/explain");
        let why = site.get(&path, &tenants[0].1).await.json();
        let text = why["reasons"].to_string();
        assert!(text.contains("permissions nobody has granted"), "{text}");
        site.running.take().unwrap().stop().await;
    }
}
