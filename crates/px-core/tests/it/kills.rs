//! A process that dies in any state: the next one finishes or goes back, and the version before
//! serves whenever no live candidate does.

use px_api::Code;
use px_core::app::authority::TenantScope;
use px_core::app::fault::Fault;
use px_core::gateway::Reconciler;
use px_core::jobs::sweeper::Sweeper;
use px_core::store::{installed, installs, logs};
use px_model::{InstallId, InstallState};
use px_store::StoreError;

use crate::support::{Bench, Database, Point, databases, listed, tenant};

/// Where the process dies.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// While this is being done.
    At(Point),
    /// While the candidate serves.
    Watching,
    /// While going back.
    GoingBack,
}

const DEATHS: [Death; 9] = [
    Death::At(Point::Open),
    Death::At(Point::Verify),
    Death::At(Point::Unpack),
    Death::At(Point::Prepare),
    Death::At(Point::Preflight),
    Death::At(Point::Migrate),
    Death::At(Point::ProbeNew),
    Death::Watching,
    Death::GoingBack,
];

/// Drives an install in a process that dies.
async fn die(bench: &Bench, id: InstallId, death: Death) {
    match death {
        Death::At(point) => bench.script.hang(point),
        // The first probe is the one that lets the candidate in.
        Death::Watching | Death::GoingBack => bench.script.hold(Point::ProbeNew, 1),
    }
    let machine = bench.machine.clone();
    let drive = tokio::spawn(async move { machine.drive(id).await });
    bench.script.somebody_hangs().await;
    if matches!(death, Death::GoingBack) {
        let fault = Fault::plugin(Code::ProbationFailed, "broken", "It is broken.");
        bench.script.hang(Point::ProbeOld);
        bench.script.fail(Point::ProbeNew, 9, &fault);
        bench.script.release();
        bench.script.somebody_hangs().await;
    }
    drive.abort();
    let _ = drive.await;
}

async fn upgrade_killed(database: &Database, death: Death) -> (InstallState, InstallState) {
    let acme = tenant(&database.db, &format!("{death:?}")).await;
    let before = Bench::new(database, database.db.clone());
    let first = before.request(acme, listed("1.0.0")).await;
    before.finish(database, first.id).await;
    let second = before.request(acme, listed("2.0.0")).await;
    die(&before, second.id, death).await;
    let died_in = before.install(second.id).await.state;

    // The next process: it knows nothing but the database and the disk.
    let after = Bench::new(database, database.again().await);
    let reconciler = Reconciler::new(after.db.clone(), after.table.clone());
    reconciler.reconcile().await.unwrap();
    let serving = after.serving(acme, &second.plugin);
    assert_eq!(serving.as_deref(), Some("1.0.0"), "{death:?}");
    *after.runtime.new.lock().unwrap() = Some("2.0.0".parse().unwrap());
    let done = after.finish(database, second.id).await;
    let row = installed::get(&after.db, &TenantScope::one(acme), acme, &second.plugin)
        .await
        .unwrap()
        .unwrap();
    let committed = row.route.committed.unwrap().version.to_string();
    let expected = match done.state {
        InstallState::Committed => "2.0.0",
        InstallState::RolledBack => "1.0.0",
        other => panic!("{death:?} ended in {other}: {:?}", done.problem),
    };
    assert_eq!(committed, expected);
    assert_eq!(row.route.candidate, None);
    let serving = after.serving(acme, &second.plugin);
    assert_eq!(serving.as_deref(), Some(expected));
    (died_in, done.state)
}

#[tokio::test]
async fn killed_in_each_state_it_finishes_or_goes_back() {
    for database in databases().await {
        let mut ends = Vec::new();
        for death in DEATHS {
            let (died_in, end) = upgrade_killed(&database, death).await;
            ends.push(format!("{death:?}: {died_in} -> {end}"));
            let _ = std::fs::remove_dir_all(database.folder.path().join("data"));
        }
        insta::allow_duplicates! {
            insta::assert_snapshot!(ends.join("\n"), @r"
            At(Open): fetching -> committed
            At(Verify): fetching -> committed
            At(Unpack): verified -> committed
            At(Prepare): verified -> committed
            At(Preflight): preflight -> committed
            At(Migrate): snapshotted -> committed
            At(ProbeNew): activating -> rolled_back
            Watching: probation -> rolled_back
            GoingBack: rolling_back -> rolled_back
            ");
        }
    }
}

#[tokio::test]
async fn a_process_that_slept_through_its_lease_cannot_commit() {
    for database in databases().await {
        let acme = tenant(&database.db, "acme").await;
        let sleeper = Bench::new(&database, database.db.clone());
        let first = sleeper.request(acme, listed("1.0.0")).await;
        sleeper.script.hang(Point::Preflight);
        let machine = sleeper.machine.clone();
        let drive = tokio::spawn(async move { machine.drive(first.id).await });
        sleeper.script.somebody_hangs().await;
        let mut stale = sleeper.install(first.id).await;
        let other = Bench::new(&database, database.again().await);
        *other.runtime.new.lock().unwrap() = Some("1.0.0".parse().unwrap());
        let done = other.finish(&database, first.id).await;
        assert_eq!(done.state, InstallState::Committed);
        let late = installs::take(&database.db, &mut stale).await;
        assert!(matches!(late, Err(StoreError::Stale(_))));
        drive.abort();
    }
}

#[tokio::test]
async fn the_sweeper_takes_back_what_nobody_confirmed() {
    for database in databases().await {
        let acme = tenant(&database.db, "acme").await;
        let bench = Bench::new(&database, database.db.clone());
        let first = bench.request(acme, listed("1.0.0")).await;
        bench.finish(&database, first.id).await;
        let second = bench.request(acme, listed("2.0.0")).await;
        bench.script.hold(Point::ProbeNew, 1);
        let machine = bench.machine.clone();
        let drive = tokio::spawn(async move { machine.drive(second.id).await });
        bench.script.somebody_hangs().await;
        drive.abort();
        let _ = drive.await;
        database.clock.advance(3600);
        let sweeper = Sweeper::new(bench.machine.clone());
        sweeper.sweep().await.unwrap();
        let swept = bench.install(second.id).await;
        assert_eq!(swept.state, InstallState::RollingBack);
        assert_eq!(swept.cause.as_deref(), Some("not_confirmed"));
        assert_eq!(
            bench.serving(acme, &second.plugin).as_deref(),
            Some("1.0.0")
        );
        let done = bench.finish(&database, second.id).await;
        assert_eq!(done.state, InstallState::RolledBack);
    }
}

#[tokio::test]
async fn two_processes_at_one_install_have_one_effect() {
    for database in databases().await {
        let acme = tenant(&database.db, "acme").await;
        let one = Bench::new(&database, database.db.clone());
        let two = Bench::new(&database, database.again().await);
        let install = one.request(acme, listed("1.0.0")).await;
        let (a, b) = tokio::join!(one.machine.drive(install.id), two.machine.drive(install.id));
        let stale = |r: &Result<_, StoreError>| matches!(r, Err(StoreError::Stale(_)));
        assert!(stale(&a) || stale(&b) || (a.is_ok() && b.is_ok()));
        let done = one.finish(&database, install.id).await;
        assert!(done.state.is_final(), "{}", done.state);
        let scope = TenantScope::one(acme);
        let steps = logs::steps(&database.db, &scope, install.id).await.unwrap();
        let mut states: Vec<_> = steps.iter().map(|s| s.state).collect();
        let count = states.len();
        states.dedup();
        assert_eq!(states.len(), count);
        assert_eq!(u32::try_from(count).unwrap(), done.transitions + 1);
        assert_eq!(
            px_store::verify_audit(&database.db)
                .await
                .unwrap()
                .first_bad,
            None
        );
    }
}
