//! Every state × every fault, on both engines.

use std::time::Duration;

use px_model::InstallState;
use px_store::{When, vals};
use px_testkit::Engine;
use px_testkit::postgres::installed;
use reqwest::Method;

use super::client::{Ask, Side};
use super::invariants;
use super::rows::InstallWay;
use super::scene::{Held, Scene};

/// Tenants of the scene: one for each place an install can be held at, and some more.
const TENANTS: usize = 16;
/// Room of a small disk, bytes; the compiled forms and two databases fit several times.
const ROOM: u64 = 96 << 20;
/// A day and an hour, in seconds.
const LATER: i64 = 25 * 3600;

/// What is done to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The work fails where it is.
    Error,
    /// `kill -9`.
    Kill,
    /// It is frozen past every lease, another one takes over, and then it goes on.
    Hang,
    /// There is no room for what the work writes.
    DiskFull,
    /// Nobody answers at the database, or nobody may write to it.
    DatabaseGone,
}

async fn row(engine: Engine, fault: Fault) {
    if engine == Engine::Postgres && !installed() {
        super::left_out("PostgreSQL is not installed");
        return;
    }
    let small = (fault == Fault::DiskFull).then_some(ROOM);
    let Some(scene) = Scene::start(engine, TENANTS, small).await else {
        return;
    };
    for (round, when) in When::ALL.into_iter().enumerate() {
        let story = format!("{engine:?} {fault:?} {when:?}");
        let held = scene.hold_all(round, Some(when)).await;
        put(&scene, fault, &held).await;
        for (state, way, end) in scene.ends(held).await {
            expected(&story, fault, when, (state, way, end));
        }
        check(&scene, &story).await;
        scene.site.control().clear();
    }
    let story = format!("{engine:?} {fault:?}, a day later");
    // A day later the cleaners have been at work.
    scene.site.control().clock(LATER);
    scene.site.kill_and_restart().await;
    invariants::no_orphans(&scene.site, &story).await;
}

async fn put(scene: &Scene, fault: Fault, held: &Held) {
    match fault {
        Fault::Error => error(scene, held),
        Fault::Kill => scene.site.kill_and_restart().await,
        Fault::Hang => hang(scene, held).await,
        Fault::DiskFull => disk_full(scene, held).await,
        Fault::DatabaseGone => database_gone(scene, held).await,
    }
}

async fn check(scene: &Scene, story: &str) {
    invariants::hold(&scene.site, &scene.viewer(), story).await;
}

/// How an install ends that was held in a state.
fn expected(
    story: &str,
    fault: Fault,
    when: When,
    (state, way, end): (InstallState, InstallWay, InstallState),
) {
    use InstallState::{
        Activating, Cancelled, Committed, Failed, Probation, RolledBack, Snapshotted,
    };
    let risky = match when {
        When::After => matches!(state, Snapshotted | Activating),
        _ => matches!(state, Activating | Probation),
    };
    let good: &[InstallState] = match (way, state) {
        (InstallWay::TakeBack, _) => &[RolledBack],
        (InstallWay::Cancel, _) => &[Cancelled],
        (InstallWay::WrongDigest, _) => &[Failed],
        // A candidate whose watcher is gone is taken back: absence of a commit is a rollback.
        _ if risky && fault == Fault::Kill => &[RolledBack],
        // What lasts for a while may also meet it where it went on to.
        _ if risky || matches!(fault, Fault::DiskFull | Fault::DatabaseGone) => {
            &[Committed, RolledBack]
        }
        _ => &[Committed],
    };
    assert!(
        good.contains(&end),
        "{story}: held in {state}, it ended as {end}"
    );
}

fn error(scene: &Scene, held: &Held) {
    let control = scene.site.control();
    for place in &held.places {
        control.fail(place, 2);
    }
}

/// The process sleeps through its leases. Another one finishes everything; when the first wakes up,
/// whatever it still does has no effect.
async fn hang(scene: &Scene, held: &Held) {
    let control = scene.site.control();
    // On SQLite a process that is frozen inside a transaction holds the only write lock, and no
    // other process can work on that file; there the one that is inside goes on first.
    if scene.site.engine == Engine::Sqlite {
        let inside = held
            .places
            .iter()
            .filter(|p| p.starts_with("version.approved"));
        inside.for_each(|place| control.release(place));
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    freeze_between_writes(scene).await;
    let second = scene.site.second().await;
    scene
        .client
        .move_to((second.market.clone(), second.core.clone()));
    settled_without_the_first(scene, held).await;
    let now = scene.site.core_db.env().now();
    let before = history(scene, now).await;
    scene.site.thaw();
    control.clear();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(
        history(scene, now).await,
        before,
        "the late one had an effect"
    );
    scene.client.move_to(scene.site.urls());
    drop(second);
}

/// The heartbeats of jobs write all the time; on SQLite a process frozen in one of those moments
/// would hold the only write lock.
async fn freeze_between_writes(scene: &Scene) {
    let site = &scene.site;
    for _ in 0..200 {
        site.freeze();
        let free =
            async { site.market_db.begin().await.is_ok() && site.core_db.begin().await.is_ok() };
        let free = tokio::time::timeout(Duration::from_secs(1), free).await;
        if site.engine == Engine::Postgres || free == Ok(true) {
            return;
        }
        site.thaw();
        tokio::time::sleep(Duration::from_millis(37)).await;
    }
    panic!("the process never stops writing");
}

/// Everything comes to its end but the uploads whose files the sleeping process has locked.
async fn settled_without_the_first(scene: &Scene, held: &Held) {
    let locked = |step: &str| matches!(step, "draft" | "uploading");
    for _ in 0..900 {
        let mut versions = held.versions.iter().filter(|v| !locked(v.0));
        if versions.all(|v| v.1.is_finished()) && held.installs.iter().all(|i| i.2.is_finished()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!(
        "the second process did not finish what the first had begun\n{}",
        scene.site.log()
    );
}

/// Steps so far of every install, and of the versions that were listed before `now`.
async fn history(scene: &Scene, now: jiff::Timestamp) -> (i64, i64) {
    let (core, market) = (&scene.site.core_db, &scene.site.market_db);
    let steps = "SELECT COUNT(*) AS n FROM install_steps";
    let steps = core.one("count", steps, vec![]).await.unwrap();
    let timeline = "SELECT COUNT(*) AS n FROM timeline t JOIN versions v ON v.id = t.version
         WHERE v.listed_at < $1";
    let timeline = market.one("count", timeline, vals![now]).await.unwrap();
    (steps.int("n").unwrap(), timeline.int("n").unwrap())
}

async fn disk_full(scene: &Scene, held: &Held) {
    let disk = scene.site.disk.as_ref().expect("a small disk");
    disk.fill();
    let control = scene.site.control();
    held.places.iter().for_each(|place| control.release(place));
    tokio::time::sleep(Duration::from_secs(4)).await;
    disk.free();
}

async fn database_gone(scene: &Scene, held: &Held) {
    let control = scene.site.control();
    let release = || held.places.iter().for_each(|place| control.release(place));
    if let Some(server) = &scene.site.server {
        server.pause().unwrap();
        release();
        tokio::time::sleep(Duration::from_secs(1)).await;
        refused(scene, 503).await;
        server.resume().unwrap();
        return;
    }
    // The one inside a transaction holds the lock that is to be taken away.
    let inside = held
        .places
        .iter()
        .filter(|p| p.starts_with("version.approved"));
    inside.for_each(|place| control.release(place));
    let market = scene.site.market_db.begin().await.unwrap();
    let core = scene.site.core_db.begin().await.unwrap();
    release();
    // Longer than a connection waits for the lock.
    tokio::time::sleep(Duration::from_secs(11)).await;
    drop((market, core));
}

/// Requests that need the database are answered, clearly, within a bounded time.
async fn refused(scene: &Scene, status: u16) {
    let token = scene.site.token("ops");
    for (side, path) in [
        (Side::Market, "/api/marketplace/plugins"),
        (Side::Core, "/api/v1/admin/plugins/installed"),
    ] {
        let ask = Ask::new(side, Method::GET, path, &token);
        let reply = scene.client.once(&ask).await.expect("an answer");
        assert_eq!(reply.status, status, "{path}: {}", reply.text);
        assert_eq!(reply.json()["code"], "PX-0002", "{path}: {}", reply.text);
    }
}

macro_rules! matrix {
    ($($sqlite:ident, $postgres:ident: $fault:ident;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $sqlite() {
                row(Engine::Sqlite, Fault::$fault).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn $postgres() {
                row(Engine::Postgres, Fault::$fault).await;
            }
        )+
    };
}

// Every fault is put at every moment. Which moments a state has, and why it has no others, its row says.
matrix! {
    killed_on_sqlite, killed_on_postgres: Kill;
    failing_on_sqlite, failing_on_postgres: Error;
    frozen_on_sqlite, frozen_on_postgres: Hang;
    disk_full_on_sqlite, disk_full_on_postgres: DiskFull;
    database_locked_on_sqlite, database_gone_on_postgres: DatabaseGone;
}
