//! One transaction: state, audit entry, event and job are written together or not at all.

use sqlx::{Postgres, SqlSafeStr, Sqlite, Transaction};

use crate::db::{Engine, bind_postgres, bind_sqlite};
use crate::points::When;
use crate::{Db, Env, Result, Row, StoreError, Val};

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// An open transaction; dropped without [`Tx::commit`] it leaves no trace.
pub struct Tx {
    inner: Inner,
    db: Db,
    left: Vec<(&'static str, &'static str, String)>,
}

impl Tx {
    pub(crate) async fn begin(db: &Db) -> Result<Self> {
        let inner = match &*db.engine {
            Engine::Sqlite { write, .. } => {
                Inner::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?)
            }
            Engine::Postgres { pool, .. } => Inner::Postgres(pool.begin().await?),
        };
        Ok(Self {
            inner,
            db: db.clone(),
            left: Vec::new(),
        })
    }

    /// Notes that this transaction takes `subject` out of a state, so that a test can stop the
    /// process right after its commit.
    pub fn leaves(&mut self, machine: &'static str, state: &'static str, subject: impl ToString) {
        if self.db.env.has_points() {
            self.left.push((machine, state, subject.to_string()));
        }
    }

    /// Clock, ids and randomness.
    #[must_use]
    pub const fn env(&self) -> &Env {
        &self.db.env
    }

    /// Runs a statement; answers the number of rows it touched.
    ///
    /// # Errors
    /// When the engine refuses the statement or is away.
    pub async fn exec(&mut self, sql: impl SqlSafeStr + Send, vals: Vec<Val>) -> Result<u64> {
        Ok(match &mut self.inner {
            Inner::Sqlite(tx) => bind_sqlite(sql, vals)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
            Inner::Postgres(tx) => bind_postgres(sql, vals)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
        })
    }

    /// Runs a statement that must touch exactly one row: fenced and optimistic updates.
    ///
    /// # Errors
    /// [`StoreError::Stale`] with `what` when it touched none.
    pub async fn exec_one(
        &mut self,
        what: &'static str,
        sql: impl SqlSafeStr + Send,
        vals: Vec<Val>,
    ) -> Result<()> {
        match self.exec(sql, vals).await? {
            0 => Err(StoreError::Stale(what)),
            _ => Ok(()),
        }
    }

    /// Rows of a query inside the transaction.
    ///
    /// # Errors
    /// When the engine refuses the statement or is away.
    pub async fn rows(&mut self, sql: impl SqlSafeStr + Send, vals: Vec<Val>) -> Result<Vec<Row>> {
        Ok(match &mut self.inner {
            Inner::Sqlite(tx) => bind_sqlite(sql, vals)
                .fetch_all(&mut **tx)
                .await?
                .into_iter()
                .map(Row::Sqlite)
                .collect(),
            Inner::Postgres(tx) => bind_postgres(sql, vals)
                .fetch_all(&mut **tx)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect(),
        })
    }

    /// The first row of a query, if any.
    ///
    /// # Errors
    /// As [`Tx::rows`].
    pub async fn opt(
        &mut self,
        sql: impl SqlSafeStr + Send,
        vals: Vec<Val>,
    ) -> Result<Option<Row>> {
        Ok(self.rows(sql, vals).await?.into_iter().next())
    }

    /// The one row of a query.
    ///
    /// # Errors
    /// As [`Tx::rows`]; [`StoreError::Missing`] with `what` when there is none.
    pub async fn one(
        &mut self,
        what: &'static str,
        sql: impl SqlSafeStr + Send,
        vals: Vec<Val>,
    ) -> Result<Row> {
        self.opt(sql, vals).await?.ok_or(StoreError::Missing(what))
    }

    /// Takes the next number of a named counter. The counter's row stays locked until the end of
    /// the transaction, so numbers appear in commit order and without gaps.
    ///
    /// # Errors
    /// When the counter does not exist or the engine is away.
    pub(crate) async fn next_number(&mut self, counter: &'static str) -> Result<(i64, String)> {
        let row = self
            .one(
                "counter",
                "UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value, hash",
                crate::vals![counter],
            )
            .await?;
        Ok((row.int("value")?, row.text("hash")?))
    }

    /// Makes everything permanent and wakes followers.
    ///
    /// # Errors
    /// When the engine could not; then nothing was written, except with [`StoreError::Lost`].
    pub async fn commit(self) -> Result<()> {
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        self.db.settle().await?;
        self.db
            .commits
            .send_modify(|count| *count = count.wrapping_add(1));
        for (machine, state, subject) in &self.left {
            let passed = self.db.env.pass(machine, state, When::After, subject);
            passed.await.map_err(StoreError::Lost)?;
        }
        Ok(())
    }

    /// Undoes everything at once instead of when dropped.
    ///
    /// # Errors
    /// When the engine is away (which undoes it too).
    pub async fn rollback(self) -> Result<()> {
        match self.inner {
            Inner::Sqlite(tx) => tx.rollback().await?,
            Inner::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}
