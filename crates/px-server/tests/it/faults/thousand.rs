//! A thousand tenants upgrade at once by policy while the batches of two releases fail (F23).

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use px_testkit::Engine;
use reqwest::Method;
use serde_json::{Value, json};

use super::bundles::Bundle;
use super::client::{Ask, Side};
use super::invariants::{self, Viewer};
use super::rows::VersionWay;
use super::scene::{NOTES, Scene};

/// Tenants.
const TENANTS: usize = 1000;
/// Tenants of each batch that fails: as many as a release gets first.
const BATCH: usize = 20;
/// Plugins whose next release fails.
const BAD: [&str; 2] = ["com.example.anchor", "com.example.bakery"];
/// Requests under way at once.
const AT_ONCE: usize = 16;

/// Asks for every tenant of a list, some at a time, until it is answered well.
async fn ask_all(scene: &Scene, method: Method, path: &str, body: &Value, tenants: &[String]) {
    let all = futures::stream::iter(tenants).map(|tenant| {
        let ask = Ask::new(Side::Core, method.clone(), path, &scene.admin);
        let ask = ask.json(body).header("x-px-tenant", tenant);
        async move { drop(scene.client.good(&ask).await) }
    });
    all.buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// Waits until the installs of a version have come to such ends, and only to them.
async fn ends(scene: &Scene, plugin: &str, version: &str, wanted: (&str, usize)) {
    let mut found = BTreeMap::new();
    for _ in 0..1200 {
        let all = "SELECT state, COUNT(*) AS n FROM installs WHERE plugin = $1 AND version = $2 GROUP BY state";
        let which = px_store::vals![plugin, version];
        let rows = scene.site.core_db.rows(all, which).await.unwrap();
        found = rows
            .iter()
            .map(|row| (row.text("state").unwrap(), row.int("n").unwrap()))
            .collect();
        if found == BTreeMap::from([(wanted.0.to_owned(), wanted.1 as i64)]) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let log = scene.site.log();
    panic!("{plugin} {version}: {found:?} instead of {wanted:?}\n{log}");
}

/// Tenants get a first version, and follow what comes after it.
async fn followed(scene: &Scene, first: &Bundle, tenants: &[String]) {
    let (plugin, version) = (&first.plugin, &first.version);
    let order = json!({ "pluginId": plugin, "version": version, "acknowledgedPermissions": ["notes:read"] });
    let path = "/api/v1/admin/plugins/install/url";
    known(scene, first).await;
    ask_all(scene, Method::POST, path, &order, tenants).await;
    ends(scene, plugin, version, ("committed", tenants.len())).await;
    let path = format!("/api/v1/admin/plugins/{plugin}/policy");
    ask_all(
        scene,
        Method::PUT,
        &path,
        &json!({ "policy": "auto" }),
        tenants,
    )
    .await;
}

/// The core hears of a listing a moment after everybody else.
async fn known(scene: &Scene, bundle: &Bundle) {
    let which = || px_store::vals![&bundle.plugin, &bundle.version];
    let listed = "SELECT version_id FROM catalog WHERE plugin = $1 AND version = $2";
    for _ in 0..400 {
        let row = scene.site.core_db.opt(listed, which()).await.unwrap();
        if row.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} {} is never known", bundle.plugin, bundle.version);
}

/// Waits until a plugin's newest rollout has come to a state; why it did.
async fn rollout(scene: &Scene, plugin: &str, wanted: &str) -> String {
    let newest = "SELECT state, reason FROM rollouts WHERE plugin = $1 ORDER BY created_at DESC";
    for _ in 0..240 {
        let which = px_store::vals![plugin];
        let rows = scene.site.core_db.rows(newest, which).await.unwrap();
        let row = rows.first().expect("a rollout");
        if row.text("state").unwrap() == wanted {
            return row.opt_text("reason").unwrap().unwrap_or_default();
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("the rollout of {plugin} is not {wanted}");
}

/// Everybody has a first version; nobody on the bad releases will be seen working.
async fn prepared(scene: &Scene, first: &Bundle) -> Vec<String> {
    let (batches, rest) = scene.tenants.split_at(BAD.len() * BATCH);
    for (plugin, tenants) in BAD.iter().zip(batches.chunks(BATCH)) {
        let bundle = scene.author.bundle(plugin, "1.0.0");
        let listed = scene.publish(bundle.clone(), VersionWay::Straight);
        listed.await.unwrap();
        followed(scene, &bundle, tenants).await;
    }
    followed(scene, first, rest).await;
    let places = batches.iter();
    let places: Vec<_> = places
        .map(|tenant| format!("install.probation.before@{tenant}"))
        .collect();
    let control = scene.site.control();
    places.iter().for_each(|place| control.hold(place));
    places
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_tenants_upgrade_while_two_batches_fail_on_sqlite() {
    thousand(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_tenants_upgrade_while_two_batches_fail_on_postgres() {
    thousand(Engine::Postgres).await;
}

async fn thousand(engine: Engine) {
    let (scene, first) = Scene::listed(engine, TENANTS, None).await.unwrap();
    let places = prepared(&scene, &first).await;
    let releases = [NOTES, BAD[0], BAD[1]].map(|plugin| scene.author.bundle(plugin, "2.0.0"));
    let listed = releases.map(|bundle| scene.publish(bundle, VersionWay::Straight));
    for release in listed {
        release.await.unwrap();
    }
    // Nobody confirms a candidate that hangs, and that counts against the release.
    for plugin in BAD {
        ends(&scene, plugin, "2.0.0", ("rolled_back", BATCH)).await;
        let reason = rollout(&scene, plugin, "paused").await;
        assert!(reason.contains("not_confirmed"), "{plugin}: {reason}");
    }
    let rest = TENANTS - BAD.len() * BATCH;
    ends(&scene, NOTES, "2.0.0", ("committed", rest)).await;
    let control = scene.site.control();
    places.iter().for_each(|place| control.release(place));
    for (plugin, version, count) in [
        (NOTES, "2.0.0", rest),
        (BAD[0], "1.0.0", BATCH),
        (BAD[1], "1.0.0", BATCH),
    ] {
        let having = "SELECT COUNT(*) AS n FROM installed
             WHERE plugin = $1 AND committed LIKE $2 AND candidate IS NULL AND held = 0";
        let which = px_store::vals![plugin, format!("%\"{version}\"%")];
        let row = scene
            .site
            .core_db
            .one("count", having, which)
            .await
            .unwrap();
        assert_eq!(row.int("n").unwrap(), count as i64, "{plugin} {version}");
    }
    // Asking for a thousand takes longer than all the rest: both bad batches, and as many others.
    let asked: Vec<_> = scene
        .tenants
        .iter()
        .take(2 * BAD.len() * BATCH)
        .cloned()
        .collect();
    let viewer = Viewer {
        tenants: &asked,
        ..scene.viewer()
    };
    invariants::hold(&scene.site, &viewer, "a thousand tenants").await;
    rollout(&scene, NOTES, "done").await;
}
