//! What a tenant asks of an install that is under way is done, whatever step it is left in.

use px_model::InstallState;
use px_store::When;
use px_testkit::Engine;
use px_testkit::postgres::installed;
use reqwest::Method;
use serde_json::json;

use super::bundles::Bundle;
use super::client::{Ask, Side};
use super::invariants;
use super::rows::{InstallWay, cells, install_row};
use super::scene::{NOTES, Scene};

/// A tenant's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Cancel,
    RollBack,
}

/// States on the straight way that are under way when somebody stands at the moment of a state, each
/// with the place's state, what can be asked for there, and how it must end.
fn places(when: When) -> Vec<(&'static str, Wish, InstallState)> {
    let rows = InstallState::ALL.iter().map(|s| install_row(*s));
    let straight = cells(rows, Some(when)).into_iter();
    let straight = straight.filter(|(.., way)| *way == InstallWay::Upgrade);
    let all = straight.filter_map(|(step, ..)| {
        let held: InstallState = step.parse().unwrap();
        let next = held.next()[0];
        let at = if when == When::After { next } else { held };
        if at.is_final() {
            return None;
        }
        // A step that is under way goes to its end first, so the wish meets the state after it.
        let met = if when == When::After { at } else { next };
        let wish = if at.touched_traffic() {
            Wish::RollBack
        } else {
            Wish::Cancel
        };
        let end = if met.touched_traffic() {
            InstallState::RolledBack
        } else {
            InstallState::Cancelled
        };
        Some((step, wish, end))
    });
    all.collect()
}

/// Every tenant's install stands at another place; each leaves its wish; each goes on.
async fn round(scene: &Scene, number: usize, when: When, bundles: &[Bundle]) {
    let control = scene.site.control();
    let places = places(when);
    let mut asked = Vec::new();
    for (n, ((step, wish, end), tenant)) in places.iter().zip(&scene.tenants).enumerate() {
        let place = format!("install.{step}.{}@{tenant}", when.as_str());
        control.hold(&place);
        // One download at a time per bundle, and a request is known by tenant and version.
        let bundle = bundles[(n + number) % bundles.len()].clone();
        let order = scene.order(tenant, bundle, InstallWay::Upgrade);
        let job = order.accepted().await;
        asked.push((place, order, job, *wish, *end));
    }
    for (place, order, job, wish, _) in &asked {
        control.met(place).await;
        let cancel = format!("/api/v1/admin/plugins/install/cancel?jobId={job}");
        let back = json!({ "pluginId": NOTES, "reason": "It is too slow." });
        let ask = match wish {
            Wish::Cancel => Ask::new(Side::Core, Method::POST, &cancel, &scene.admin),
            Wish::RollBack => {
                let path = "/api/v1/admin/plugins/upgrade/rollback";
                Ask::new(Side::Core, Method::POST, path, &scene.admin).json(&back)
            }
        };
        let ask = ask.header("x-px-tenant", &order.tenant);
        scene.client.good(&ask).await;
    }
    for (place, ..) in &asked {
        control.release(place);
    }
    for (place, order, job, wish, end) in &asked {
        let view = order.ended(job, false).await;
        assert_eq!(view["status"], end.as_str(), "{wish:?} at {place}: {view}");
    }
}

async fn wishes(engine: Engine) {
    let places: Vec<_> = When::ALL.iter().map(|when| places(*when).len()).collect();
    let tenants = places.into_iter().max().unwrap();
    let scene = Scene::start(engine, tenants, None).await.unwrap();
    let bundles: Vec<_> = (0..tenants)
        .map(|n| scene.author.bundle(NOTES, &format!("2.{n}.0")))
        .collect();
    scene.list_in_order(&bundles).await;
    for (number, when) in When::ALL.into_iter().enumerate() {
        round(&scene, number, when, &bundles).await;
    }
    let story = format!("{engine:?}, wishes");
    invariants::hold(&scene.site, &scene.viewer(), &story).await;
}

#[test]
fn every_state_that_is_under_way_is_asked_in() {
    let mut asked: Vec<_> = [When::Before, When::Done]
        .iter()
        .flat_map(|when| places(*when).into_iter().map(|place| place.0))
        .collect();
    asked.dedup();
    // Whoever is on the way back already has nothing to ask for.
    let all = InstallState::ALL.iter().filter(|s| !s.is_final());
    for state in all.filter(|s| **s != InstallState::RollingBack) {
        assert!(asked.contains(&state.as_str()), "{state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_left_during_any_step_is_done_on_sqlite() {
    wishes(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_left_during_any_step_is_done_on_postgres() {
    if installed() {
        wishes(Engine::Postgres).await;
    } else {
        super::left_out("PostgreSQL is not installed");
    }
}
