//! Clocks that are set forward and back while everybody works.

use px_model::InstallState;
use px_testkit::Engine;

use super::invariants;
use super::scene::Scene;

/// An hour, in seconds.
const HOUR: i64 = 3600;

/// Everybody is under way, the clock jumps, everybody goes on.
async fn jump(scene: &Scene, round: usize, by: i64) {
    let held = scene.hold_all(round, None).await;
    let control = scene.site.control();
    control.clock(by);
    // Longer than the process takes to see it.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    held.places.iter().for_each(|place| control.release(place));
    for (state, way, end) in scene.ends(held).await {
        // Forward, deadlines are over and states are left the safe way; back, nothing is.
        let cut_short = matches!(end, InstallState::Failed | InstallState::RolledBack);
        assert!(end.is_final(), "held in {state} ({way:?}), it is {end}");
        let by_design = by == HOUR || way != super::rows::InstallWay::Upgrade;
        assert!(
            !cut_short || by_design,
            "held in {state}, it ended as {end}"
        );
    }
    let story = format!("the clock is wrong by {by} s");
    invariants::hold(&scene.site, &scene.viewer(), &story).await;
    times_are_told_in_order(scene).await;
    no_engine_broke(scene).await;
    control.clear();
}

/// No duration that is shown or reported is negative.
async fn times_are_told_in_order(scene: &Scene) {
    let odd = "SELECT COUNT(*) AS n FROM installs WHERE rollback_micros < 0";
    let odd = scene.site.core_db.one("count", odd, vec![]).await.unwrap();
    assert_eq!(odd.int("n").unwrap(), 0, "a roll-back took negative time");
    let odd = "SELECT COUNT(*) AS n FROM outcomes WHERE millis < 0";
    let odd = scene
        .site
        .market_db
        .one("count", odd, vec![])
        .await
        .unwrap();
    assert_eq!(odd.int("n").unwrap(), 0, "an install took negative time");
}

/// What a check works on is not taken for something left behind long ago.
async fn no_engine_broke(scene: &Scene) {
    let broke = "SELECT body_en FROM alerts WHERE kind = 'review.engine_failed'";
    let broke = scene.site.market_db.rows(broke, vec![]).await.unwrap();
    let why: Vec<_> = broke
        .iter()
        .map(|row| row.text("body_en").unwrap())
        .collect();
    assert!(why.is_empty(), "{}", why.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_forward_and_back_by_an_hour_harms_nobody() {
    let Some(scene) = Scene::start(Engine::Sqlite, 16, None).await else {
        return;
    };
    jump(&scene, 0, HOUR).await;
    // Right again, which is an hour back.
    jump(&scene, 1, 0).await;
}
