//! One fresh database per test: SQLite always, PostgreSQL when `PX_TEST_POSTGRES_URL` is set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use px_store::{Clock as ClockPort, Db, Env, SystemClock, SystemRandomness};

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

/// A database with the core's tables.
pub struct Database {
    pub db: Db,
    pub clock: Clock,
    pub folder: Arc<tempfile::TempDir>,
    address: String,
}

impl Database {
    async fn open(address: String, folder: Arc<tempfile::TempDir>) -> Self {
        let clock = Clock::default();
        let db = connect(&address, &clock).await;
        db.migrate(&[
            px_store::MIGRATIONS,
            px_work::MIGRATIONS,
            px_notify::MIGRATIONS,
            px_core::MIGRATIONS,
        ])
        .await
        .unwrap();
        Self {
            db,
            clock,
            folder,
            address,
        }
    }

    /// A second process on the same database.
    pub async fn again(&self) -> Db {
        connect(&self.address, &self.clock).await
    }
}

async fn connect(address: &str, clock: &Clock) -> Db {
    Db::open(address, Env::new(clock.clone(), SystemRandomness))
        .await
        .unwrap()
}

/// A fresh database of every engine at hand.
pub async fn databases() -> Vec<Database> {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let file = folder.path().join("core.db");
    let mut all =
        vec![Database::open(format!("sqlite:{}", file.display()), Arc::clone(&folder)).await];
    if let Ok(base) = std::env::var("PX_TEST_POSTGRES_URL") {
        let schema = format!("t{}", Env::system().uuid().simple());
        let admin = Db::open(&base, Env::system()).await.unwrap();
        let mut tx = admin.begin().await.unwrap();
        let create = format!("CREATE SCHEMA {schema}");
        tx.exec(sqlx_safe(create), vec![]).await.unwrap();
        tx.commit().await.unwrap();
        admin.close().await;
        let joint = if base.contains('?') { '&' } else { '?' };
        let address = format!("{base}{joint}options=-csearch_path%3D{schema}");
        let folder = Arc::new(tempfile::tempdir().unwrap());
        all.push(Database::open(address, folder).await);
    }
    all
}

fn sqlx_safe(text: String) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(text)
}
