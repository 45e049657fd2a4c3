//! One fresh database per engine at hand, with a clock that runs and can be moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use px_store::{Clock as ClockPort, Db, Env, SystemClock, SystemRandomness};
use px_testkit::{TestDb, engines, test_db_with};

/// The machine's clock, moved by whole seconds.
#[derive(Clone, Default)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl ClockPort for Clock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// A database with the core's tables, and a folder for its files.
pub struct Database {
    pub db: Db,
    pub clock: Clock,
    pub folder: tempfile::TempDir,
    held: TestDb,
}

impl Database {
    /// A second process on the same database.
    pub async fn again(&self) -> Db {
        let env = Env::new(self.clock.clone(), SystemRandomness);
        Db::open(&self.held.address, env).await.unwrap()
    }
}

/// A fresh database of every engine at hand.
pub async fn databases() -> Vec<Database> {
    let sets = [
        px_store::MIGRATIONS,
        px_work::MIGRATIONS,
        px_notify::MIGRATIONS,
        px_core::MIGRATIONS,
    ];
    let mut all = Vec::new();
    for engine in engines() {
        let clock = Clock::default();
        let env = Env::new(clock.clone(), SystemRandomness);
        let held = test_db_with(engine, &sets, env).await;
        all.push(Database {
            db: held.db.clone(),
            clock,
            folder: tempfile::tempdir().unwrap(),
            held,
        });
    }
    all
}
