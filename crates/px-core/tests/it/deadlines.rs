//! A bad version is gone within five minutes, even when whatever installs it hangs in every state.

use px_core::app::authority::TenantScope;
use px_core::app::install::Ask;
use px_core::app::install::probation::Bounds;
use px_core::jobs::sweeper::Sweeper;
use px_core::store::installs;
use px_model::{InstallId, InstallState};
use px_work::Periodic as _;

use crate::support::{Bench, Database, Point, databases, listed, tenant};

/// What is promised from the moment a candidate is put in place until nothing of it is left, seconds.
const PROMISED: i64 = 300;
/// The part of it between the decision to go back and its end, seconds.
const GOING_BACK: i64 = 240;

/// Brings an install to a state in which its work hangs. A state of the table that is not known here
/// fails the test: it has to be counted.
async fn hang_in(bench: &Bench, id: InstallId, state: InstallState) {
    match state {
        InstallState::Activating => bench.script.hang(Point::ProbeNew),
        // The first probe is the one that lets the candidate in.
        InstallState::Probation | InstallState::RollingBack => {
            bench.script.hold(Point::ProbeNew, 1);
        }
        other => panic!("say how an install hangs in {other}, so that its time is counted"),
    }
    let machine = bench.machine.clone();
    tokio::spawn(async move { machine.drive(id).await });
    bench.script.somebody_hangs().await;
    if state == InstallState::RollingBack {
        bench.script.hang(Point::ProbeOld);
        let mut tx = bench.db.begin().await.unwrap();
        let ask = Ask::RollBack("worse".to_owned());
        installs::ask(&mut tx, &TenantScope::every(), id, &ask)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        bench.script.release();
        bench.script.somebody_hangs().await;
    }
    assert_eq!(bench.install(id).await.state, state);
}

/// Seconds until the sweeper moves an install on whose work hangs, by the clock; and where to.
async fn longest_stay(database: &Database, state: InstallState) -> (i64, InstallState) {
    let bench = Bench::new(database, database.db.clone());
    let who = tenant(&database.db, state.as_str()).await;
    let first = bench.request(who, listed("1.0.0")).await;
    bench.finish(database, first.id).await;
    let mut bench = Bench::new(database, database.db.clone());
    // As long as it is watched by default.
    let machine = std::sync::Arc::get_mut(&mut bench.machine).unwrap();
    machine.settings.bounds = Bounds::default();
    let second = bench.request(who, listed("2.0.0")).await;
    hang_in(&bench, second.id, state).await;
    let sweeper = Sweeper::new(bench.machine.clone());
    let every = i64::try_from(sweeper.every().as_secs()).unwrap();
    let mut stay = 0;
    while bench.install(second.id).await.state == state {
        assert!(stay <= PROMISED, "nothing moves it out of {state}");
        database.clock.advance(every);
        stay += every;
        sweeper.sweep().await.unwrap();
    }
    let reached = bench.install(second.id).await.state;
    if reached == InstallState::RollingBack {
        // Deciding is serving: what is left to do is the data and the proof.
        let serves = bench.serving(who, &first.plugin);
        assert_eq!(serves.as_deref(), Some("1.0.0"), "after {state}");
    }
    (stay, reached)
}

#[tokio::test]
async fn the_longest_way_back_keeps_the_promise() {
    for database in databases().await {
        let mut whole = 0;
        let under_way = |s: &&InstallState| s.touched_traffic() && !s.is_final();
        for state in InstallState::ALL.iter().filter(under_way) {
            let (stay, reached) = longest_stay(&database, *state).await;
            // No state is met twice on the way: each leads back or to an end.
            assert!(
                reached == InstallState::RollingBack || reached.is_final(),
                "{state} leads to {reached}"
            );
            whole += stay;
            if *state == InstallState::RollingBack {
                assert!(stay <= GOING_BACK, "going back may take {stay} s");
            }
        }
        assert!(whole <= PROMISED, "a bad version may stay for {whole} s");
    }
}
