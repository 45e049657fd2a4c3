//! Every state × every fault, on both engines.

use std::time::Duration;

use px_model::InstallState;
use px_store::When;
use px_testkit::Engine;
use px_testkit::postgres::installed;
use reqwest::Method;

use super::client::{Ask, Side};
use super::invariants::{self, Viewer};
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

async fn row(engine: Engine, fault: Fault, when: When) {
    if engine == Engine::Postgres && !installed() {
        eprintln!("left out: PostgreSQL is not installed");
        return;
    }
    let small = (fault == Fault::DiskFull).then_some(ROOM);
    let Some(scene) = Scene::start(engine, TENANTS, small).await else {
        return;
    };
    let story = format!("{engine:?} {fault:?} {when:?}");
    let begun = std::time::Instant::now();
    let said = |what: &str| eprintln!("{:>6} ms  {what}", begun.elapsed().as_millis());
    let held = scene.hold_all(when).await;
    said("everybody is held");
    match fault {
        Fault::Error => error(&scene, &held),
        Fault::Kill => scene.site.kill_and_restart().await,
        Fault::Hang => hang(&scene, &held).await,
        Fault::DiskFull => disk_full(&scene, &held).await,
        Fault::DatabaseGone => database_gone(&scene, &held).await,
    }
    said("the fault is over");
    for (state, way, end) in Scene::ends(held).await {
        expected(&story, fault, when, (state, way, end));
    }
    said("everybody is at the end");
    check(&scene, &story).await;
    said("everything holds");
    // A day later the cleaners have been at work.
    scene.site.control().clock(LATER);
    scene.site.kill_and_restart().await;
    invariants::no_orphans(&scene.site, &story).await;
    said("no file is left over");
}

async fn check(scene: &Scene, story: &str) {
    let viewer = Viewer {
        client: &scene.client,
        token: &scene.admin,
    };
    invariants::hold(&scene.site, &viewer, story).await;
}

/// How an install ends that was held in a state.
fn expected(
    story: &str,
    fault: Fault,
    when: When,
    (state, way, end): (InstallState, InstallWay, InstallState),
) {
    use InstallState::{Activating, Cancelled, Committed, Failed, Probation, RolledBack};
    let good: &[InstallState] = match (way, state) {
        (InstallWay::TakeBack, _) => &[RolledBack],
        (InstallWay::Cancel, _) => &[Cancelled],
        (InstallWay::WrongDigest, _) => &[Failed],
        // A candidate whose watcher is gone is taken back: absence of a commit is a rollback.
        (_, Activating | Probation) if fault == Fault::Kill && when != When::After => &[RolledBack],
        (_, Activating | Probation) => &[Committed, RolledBack],
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
    scene.site.freeze();
    let second = scene.site.second().await;
    scene
        .client
        .move_to((second.market.clone(), second.core.clone()));
    check(scene, "while the first process sleeps").await;
    let before = history(scene).await;
    scene.site.thaw();
    control.clear();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(history(scene).await, before, "the late one had an effect");
    scene.client.move_to(scene.site.urls());
    drop(second);
}

/// Steps of installs and of versions so far.
async fn history(scene: &Scene) -> (i64, i64) {
    let steps = "SELECT COUNT(*) AS n FROM install_steps";
    let steps = scene
        .site
        .core_db
        .one("count", steps, vec![])
        .await
        .unwrap();
    let timeline = "SELECT COUNT(*) AS n FROM timeline";
    let timeline = scene
        .site
        .market_db
        .one("count", timeline, vec![])
        .await
        .unwrap();
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
    ($($name:ident: $engine:ident $fault:ident $when:ident;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                row(Engine::$engine, Fault::$fault, When::$when).await;
            }
        )+
    };
}

matrix! {
    killed_before_the_work_sqlite: Sqlite Kill Before;
    killed_before_the_work_postgres: Postgres Kill Before;
    killed_after_the_work_sqlite: Sqlite Kill Done;
    killed_after_the_work_postgres: Postgres Kill Done;
    killed_after_the_commit_sqlite: Sqlite Kill After;
    killed_after_the_commit_postgres: Postgres Kill After;
    failing_before_the_work_sqlite: Sqlite Error Before;
    failing_after_the_commit_postgres: Postgres Error After;
    hanging_sqlite: Sqlite Hang Done;
    hanging_postgres: Postgres Hang Done;
    disk_full_sqlite: Sqlite DiskFull Before;
    disk_full_postgres: Postgres DiskFull Before;
    database_locked_sqlite: Sqlite DatabaseGone Done;
    database_gone_postgres: Postgres DatabaseGone Done;
}
