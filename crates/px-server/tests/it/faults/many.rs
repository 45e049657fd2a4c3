//! Many at once, in one process and in two.

use px_testkit::Engine;
use px_testkit::postgres::installed;

use super::invariants;
use super::rows::{InstallWay, VersionWay};
use super::scene::{NAMES, NOTES, Scene};

/// Publishes at once.
const PUBLISHES: usize = 20;
/// Installs at once.
const INSTALLS: usize = 50;

/// Twenty versions are published while fifty tenants upgrade; every other client asks the second
/// process when there is one.
async fn crowd(engine: Engine, processes: usize) {
    let Some(mut scene) = Scene::start(engine, INSTALLS, None).await else {
        return;
    };
    let next = scene.author.bundle(NOTES, "2.0.0");
    scene
        .publish(next.clone(), VersionWay::Straight)
        .await
        .unwrap();
    let first = scene.client.clone();
    let mut others = vec![first.clone()];
    let mut more = Vec::new();
    for _ in 1..processes {
        let second = scene.site.second().await;
        others.push(super::client::Client::new((
            second.market.clone(),
            second.core.clone(),
        )));
        more.push(second);
    }
    let mut versions = Vec::new();
    for (number, name) in NAMES.iter().take(PUBLISHES).enumerate() {
        scene.client = others[number % others.len()].clone();
        let bundle = scene.author.bundle(&format!("com.example.{name}"), "1.0.0");
        versions.push(scene.publish(bundle, VersionWay::Straight));
    }
    let mut installs = Vec::new();
    for (number, tenant) in scene.tenants.clone().iter().enumerate() {
        scene.client = others[number % others.len()].clone();
        let order = scene.order(tenant, next.clone(), InstallWay::Upgrade);
        installs.push(tokio::spawn(order.run()));
    }
    for version in versions {
        version.await.unwrap();
    }
    for install in installs {
        let view = install.await.unwrap();
        assert_eq!(view["status"], "committed", "{view}");
    }
    scene.client = first;
    let story = format!("{engine:?}, {processes} processes, many at once");
    invariants::hold(&scene.site, &scene.viewer(), &story).await;
    drop(more);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_publishes_and_fifty_installs_at_once_on_sqlite() {
    crowd(Engine::Sqlite, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_publishes_and_fifty_installs_at_once_in_two_processes_on_postgres() {
    if installed() {
        crowd(Engine::Postgres, 2).await;
    } else {
        super::left_out("PostgreSQL is not installed");
    }
}
