//! A database of either engine.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Postgres, SqlSafeStr, Sqlite};
use tokio::sync::watch;

use crate::flush::Flusher;
use crate::glance::{Glances, Together};
use crate::links::Links;
use crate::turns::Turns;
use crate::wakes::Wakes;
use crate::{Env, Result, Row, StoreError, Tx, Val};

/// Which engine is behind a [`Db`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Embedded SQLite in WAL mode with one writer.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// Statements that a connection keeps prepared: all that a server has.
pub(crate) const STATEMENTS: usize = 500;

pub(crate) enum Engine {
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        flusher: Flusher,
        glances: Glances,
    },
    Postgres {
        links: Links,
        together: Together,
        turns: Turns,
    },
}

/// A handle to one database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    pub(crate) engine: Arc<Engine>,
    pub(crate) env: Env,
    pub(crate) wakes: Arc<Wakes>,
}

impl Db {
    /// Opens `sqlite:PATH` (created when missing) or `postgres://…`.
    ///
    /// # Errors
    /// When the address is of another kind or the engine cannot be reached.
    pub async fn open(address: &str, env: Env) -> Result<Self> {
        let engine = if let Some(path) = address.strip_prefix("sqlite:") {
            open_sqlite(path).await?
        } else if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            Engine::Postgres {
                links: Links::open(address).await?,
                together: Together::default(),
                turns: Turns::default(),
            }
        } else {
            return Err(StoreError::Address(
                address
                    .split('@')
                    .next_back()
                    .unwrap_or_default()
                    .to_owned(),
            ));
        };
        Ok(Self {
            engine: Arc::new(engine),
            env,
            wakes: Arc::new(Wakes::new()),
        })
    }

    /// Which engine this is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match &*self.engine {
            Engine::Sqlite { .. } => Dialect::Sqlite,
            Engine::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// Clock, ids and randomness this database's users share.
    #[must_use]
    pub const fn env(&self) -> &Env {
        &self.env
    }

    /// Begins a transaction that may write. On SQLite it takes the write lock at once
    /// (`BEGIN IMMEDIATE`), so that it cannot fail half-way for want of it.
    ///
    /// # Errors
    /// When no connection or lock can be had in time.
    pub async fn begin(&self) -> Result<Tx> {
        Tx::begin(self).await
    }

    /// Wakes whenever a transaction of this process commits. What waits for one thing waits with
    /// [`Db::touched`], which wakes it less often.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.wakes.every()
    }

    /// Wakes whenever a transaction of this process commits that touched `topic` (see
    /// [`Tx::touch`]); followers poll besides, for commits of other processes.
    #[must_use]
    pub fn touched(&self, topic: &str) -> watch::Receiver<u64> {
        self.wakes.of(topic)
    }

    /// Rows of a query outside any transaction.
    ///
    /// # Errors
    /// When the engine refuses the statement or is away.
    pub async fn rows(&self, sql: impl SqlSafeStr + Send, vals: Vec<Val>) -> Result<Vec<Row>> {
        Ok(match &*self.engine {
            Engine::Sqlite { read, .. } => bind_sqlite(sql, vals)
                .fetch_all(read)
                .await?
                .into_iter()
                .map(Row::Sqlite)
                .collect(),
            Engine::Postgres { links, .. } => {
                let found = links.rows(sql, vals).await?;
                found.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a query, if any.
    ///
    /// # Errors
    /// As [`Db::rows`].
    pub async fn opt(&self, sql: impl SqlSafeStr + Send, vals: Vec<Val>) -> Result<Option<Row>> {
        Ok(self.rows(sql, vals).await?.into_iter().next())
    }

    /// The one row of a query.
    ///
    /// # Errors
    /// As [`Db::rows`]; [`StoreError::Missing`] with `what` when there is none.
    pub async fn one(
        &self,
        what: &'static str,
        sql: impl SqlSafeStr + Send,
        vals: Vec<Val>,
    ) -> Result<Row> {
        self.opt(sql, vals).await?.ok_or(StoreError::Missing(what))
    }

    /// Waits until everything that was read or committed before is on disk: what another machine is
    /// told must not be taken back by a loss of power. PostgreSQL shows nothing before it is there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn settle(&self) -> Result<()> {
        if let Engine::Sqlite { flusher, .. } = &*self.engine {
            flusher.flush().await.map_err(StoreError::Lost)?;
        }
        Ok(())
    }

    /// Answers when the engine does; for readiness.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        self.rows("SELECT 1 AS one", Vec::new()).await.map(drop)
    }

    /// Closes every connection, letting running statements end.
    pub async fn close(&self) {
        match &*self.engine {
            Engine::Sqlite {
                write,
                read,
                glances,
                ..
            } => {
                glances.close();
                read.close().await;
                write.close().await;
            }
            Engine::Postgres { links, .. } => links.close().await,
        }
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({:?})", self.dialect())
    }
}

async fn open_sqlite(path: &str) -> Result<Engine> {
    let options = SqliteConnectOptions::from_str(&format!("sqlite:{path}"))?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // `Full` would flush within each commit; the flusher does it for all that wait.
        .synchronous(SqliteSynchronous::Normal)
        .statement_cache_capacity(STATEMENTS)
        .busy_timeout(Duration::from_secs(10))
        .foreign_keys(true);
    let flusher = Flusher::new(options.get_filename());
    let glances = Glances::new(options.get_filename());
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        // It runs in this process: there is nothing that could have gone away.
        .test_before_acquire(false)
        // A full disk makes SQLite end a transaction by itself; the driver still believes in it and
        // would begin none on this connection ever again.
        .before_acquire(|connection, _| {
            let in_order = !connection.is_in_transaction();
            Box::pin(async move { Ok(in_order) })
        })
        .connect_with(options.clone())
        .await?;
    let read = SqlitePoolOptions::new()
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    Ok(Engine::Sqlite {
        write,
        read,
        flusher,
        glances,
    })
}

pub(crate) fn bind_sqlite(
    sql: impl SqlSafeStr,
    vals: Vec<Val>,
) -> sqlx::query::Query<'static, Sqlite, sqlx::sqlite::SqliteArguments> {
    vals.into_iter()
        .fold(sqlx::query(sql), |query, val| match val {
            Val::Int(v) => query.bind(v),
            Val::Text(v) => query.bind(v),
        })
}

pub(crate) fn bind_postgres(
    sql: impl SqlSafeStr,
    vals: Vec<Val>,
) -> sqlx::query::Query<'static, Postgres, sqlx::postgres::PgArguments> {
    vals.into_iter()
        .fold(sqlx::query(sql), |query, val| match val {
            Val::Int(v) => query.bind(v),
            Val::Text(v) => query.bind(v),
        })
}
