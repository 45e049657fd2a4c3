//! Connections to PostgreSQL, and which of them are believed to be there.
//!
//! A server that restarted has closed every connection of the pool, and nothing says so before one
//! is used. Asking each before each use would take as long as a statement; so those that rested are
//! asked, and all of them once one was found cut. Whoever found it tries again where nothing can
//! have happened yet.

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnectionMetadata;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::{Connection as _, Postgres, SqlSafeStr, Transaction};

use crate::Val;
use crate::db::{STATEMENTS, bind_postgres};

/// How long a connection may rest and be believed to be there.
const RESTED: Duration = Duration::from_millis(500);

type Outcome<T> = std::result::Result<T, sqlx::Error>;

/// A pool of connections to one PostgreSQL database.
pub(crate) struct Links {
    pool: PgPool,
    doubt: Arc<Doubt>,
}

/// When a connection was last found cut: those that are older may be cut, too.
#[derive(Default)]
struct Doubt(Mutex<Option<Instant>>);

impl Doubt {
    fn cut(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn covers(&self, idle_for: Duration) -> bool {
        let cut = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cut.is_some_and(|cut| cut.elapsed() <= idle_for)
    }
}

impl Links {
    /// # Errors
    /// When the address is not one, or the server cannot be reached.
    pub(crate) async fn open(address: &str) -> Outcome<Self> {
        let doubt = Arc::new(Doubt::default());
        let shared = doubt.clone();
        let options = PgConnectOptions::from_str(address)?.statement_cache_capacity(STATEMENTS);
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_secs(10))
            .after_connect(|connection, _| Box::pin(guard(connection)))
            .test_before_acquire(false)
            .before_acquire(move |connection, meta| {
                Box::pin(awake(connection, meta, shared.clone()))
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool, doubt })
    }

    pub(crate) async fn begin(&self) -> Outcome<Transaction<'static, Postgres>> {
        match self.pool.begin().await {
            Err(error) if is_cut(&error) => {
                self.doubt.cut();
                self.pool.begin().await
            }
            begun => begun,
        }
    }

    pub(crate) async fn rows(
        &self,
        sql: impl SqlSafeStr + Send,
        vals: Vec<Val>,
    ) -> Outcome<Vec<PgRow>> {
        let sql = sql.into_sql_str();
        let ask = |vals| bind_postgres(sql.clone(), vals).fetch_all(&self.pool);
        // What only reads may be asked twice.
        let spare = sql.as_str().starts_with("SELECT").then(|| vals.clone());
        match (ask(vals).await, spare) {
            (Err(error), spare) if is_cut(&error) => {
                self.doubt.cut();
                match spare {
                    Some(vals) => ask(vals).await,
                    None => Err(error),
                }
            }
            (found, _) => found,
        }
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Whether the connection is gone: its socket broke, or the server ended it (SQLSTATE 57P01 to
/// 57P05).
fn is_cut(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(said) => said.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

/// A process that is frozen in the middle of a transaction must not hold its locks, of which the
/// numbers of audit and outbox are everybody's: the server ends such a transaction.
async fn guard(connection: &mut PgConnection) -> Outcome<()> {
    let text = "SET idle_in_transaction_session_timeout = '10s'";
    sqlx::query(text).execute(connection).await.map(drop)
}

async fn awake(
    connection: &mut PgConnection,
    meta: PoolConnectionMetadata,
    doubt: Arc<Doubt>,
) -> Outcome<bool> {
    if meta.idle_for >= RESTED || doubt.covers(meta.idle_for) {
        connection.ping().await?;
    }
    Ok(true)
}
