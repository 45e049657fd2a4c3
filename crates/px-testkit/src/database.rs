//! Fresh, migrated databases of both engines.

use px_store::{Db, Env, MigrationSet};
use tempfile::TempDir;

use crate::postgres::URL_VARIABLE;
use crate::{TestClock, test_env};

/// Which engine a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of its own on the server that `PX_TEST_POSTGRES_URL` names.
    Postgres,
}

/// A database of one test.
#[derive(Debug)]
pub struct TestDb {
    /// The migrated database.
    pub db: Db,
    /// Its clock, moved by hand. Stands apart when the test brought its own surroundings.
    pub clock: TestClock,
    /// Which engine it is, for messages.
    pub engine: Engine,
    /// Address to open it a second time, as another process would.
    pub address: String,
    _folder: Option<TempDir>,
}

/// Engines at hand: SQLite always, PostgreSQL when `PX_TEST_POSTGRES_URL` is set, as
/// `cargo xtask test` does.
#[must_use]
pub fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::Sqlite];
    if std::env::var_os(URL_VARIABLE).is_some() {
        engines.push(Engine::Postgres);
    }
    engines
}

/// A fresh database with a stopped clock and repeatable randomness.
///
/// # Panics
/// When it cannot be made: there is nothing to test then.
pub async fn test_db(engine: Engine, sets: &[MigrationSet]) -> TestDb {
    let (env, clock) = test_env();
    let mut made = test_db_with(engine, sets, env).await;
    made.clock = clock;
    made
}

/// A fresh database on each engine at hand.
///
/// # Panics
/// As [`test_db`].
pub async fn test_dbs(sets: &[MigrationSet]) -> Vec<TestDb> {
    let mut all = Vec::new();
    for engine in engines() {
        all.push(test_db(engine, sets).await);
    }
    all
}

/// A fresh database with the surroundings of the test's choice.
///
/// # Panics
/// As [`test_db`].
pub async fn test_db_with(engine: Engine, sets: &[MigrationSet], env: Env) -> TestDb {
    let (address, folder) = match engine {
        Engine::Sqlite => {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("test.db");
            (format!("sqlite:{}", path.display()), Some(folder))
        }
        Engine::Postgres => (new_postgres_database().await, None),
    };
    let db = Db::open(&address, env).await.expect("a database");
    db.migrate(sets).await.expect("migrations");
    TestDb {
        db,
        clock: TestClock::at_present(),
        engine,
        address,
        _folder: folder,
    }
}

async fn new_postgres_database() -> String {
    let server = std::env::var(URL_VARIABLE).expect("PX_TEST_POSTGRES_URL names a server");
    let system = Env::system();
    let name = format!("t{}", system.secret(12));
    let admin = Db::open(&server, system).await.expect("the test server");
    // Names cannot be bound as values; this one is made of hexadecimal digits. Statements are
    // static text everywhere, so it is leaked, once per test.
    let create: &'static str = Box::leak(format!("CREATE DATABASE {name}").into_boxed_str());
    admin.rows(create, vec![]).await.expect("a new database");
    admin.close().await;
    let mut address: url::Url = server.parse().expect("a server address");
    address.set_path(&name);
    address.to_string()
}
