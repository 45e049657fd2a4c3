//! One transaction: state, audit entry, event and job are written together or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{AssertSqlSafe, Postgres, SqlSafeStr, Sqlite, Transaction};

use crate::db::{Engine, bind_postgres, bind_sqlite};
use crate::ground::Ground;
use crate::points::When;
use crate::turns::Turn;
use crate::{Db, Dialect, Env, Result, Row, StoreError, Val};

/// Most rows in one statement; a power of two.
const ROWS_AT_ONCE: usize = 64;

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// An open transaction; dropped without [`Tx::commit`] it leaves no trace.
pub struct Tx {
    inner: Inner,
    db: Db,
    left: Vec<(&'static str, &'static str, String)>,
    touched: Vec<String>,
    late: Vec<(&'static str, Vec<Val>)>,
    pub(crate) ground: Ground,
    turn: Option<Turn>,
    flags: Vec<Arc<AtomicBool>>,
}

impl Tx {
    pub(crate) async fn begin(db: &Db) -> Result<Self> {
        let inner = match &*db.engine {
            Engine::Sqlite { write, .. } => {
                Inner::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?)
            }
            Engine::Postgres { links, .. } => Inner::Postgres(links.begin().await?),
        };
        Ok(Self {
            inner,
            db: db.clone(),
            left: Vec::new(),
            touched: Vec::new(),
            late: Vec::new(),
            ground: Ground::default(),
            turn: None,
            flags: Vec::new(),
        })
    }

    /// Notes that this transaction takes `subject` out of a state, so that a test can stop the
    /// process right after its commit.
    pub fn leaves(&mut self, machine: &'static str, state: &'static str, subject: impl ToString) {
        if self.db.env.has_points() {
            self.left.push((machine, state, subject.to_string()));
        }
    }

    /// Notes what this transaction is about, so that its commit wakes whoever waits for that (see
    /// [`Db::touched`]).
    pub fn touch(&mut self, topic: &str) {
        if !self.touched.iter().any(|known| known == topic) {
            self.touched.push(topic.to_owned());
        }
    }

    /// Sets `flag` once the commit has succeeded; it stays as it is when nothing was written, or
    /// when that is not known.
    pub fn when_committed(&mut self, flag: Arc<AtomicBool>) {
        self.flags.push(flag);
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

    /// Runs a statement with the commit, which fails when it does: for what nothing in this
    /// transaction reads again. SQLite gets all of these at once, with audit entries and events,
    /// so that its one writer is held for fewer hand-overs between two threads.
    pub fn later(&mut self, sql: &'static str, vals: Vec<Val>) {
        self.late.push((sql, vals));
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

    /// Runs a statement for many rows at once: `{rows}` in it becomes `($2, $3), ($4, $5), …`, for
    /// `VALUES {rows}`; `fixed` are the parameters before them. Answers the number of rows touched.
    /// The rows are handed over in pieces of a few sizes, so that few statements are prepared.
    ///
    /// # Errors
    /// As [`Tx::exec`].
    pub async fn exec_rows(
        &mut self,
        sql: &'static str,
        fixed: Vec<Val>,
        rows: Vec<Vec<Val>>,
    ) -> Result<u64> {
        let mut touched = 0;
        for (text, vals) in pieces(sql, &fixed, rows) {
            touched += self.exec(text, vals).await?;
        }
        Ok(touched)
    }

    /// As [`Tx::exec_rows`] for a statement that answers rows.
    ///
    /// # Errors
    /// As [`Tx::rows`].
    pub async fn rows_of(
        &mut self,
        sql: &'static str,
        fixed: Vec<Val>,
        rows: Vec<Vec<Val>>,
    ) -> Result<Vec<Row>> {
        let mut all = Vec::new();
        for (text, vals) in pieces(sql, &fixed, rows) {
            all.extend(self.rows(text, vals).await?);
        }
        Ok(all)
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

    /// Which engine this is.
    pub(crate) fn dialect(&self) -> Dialect {
        self.db.dialect()
    }

    /// Waits until it is this transaction's turn to write to what everybody writes to.
    pub(crate) async fn take_turn(&mut self) {
        if let Engine::Postgres { turns, .. } = &*self.db.engine {
            self.turn = turns.take().await;
        }
    }

    /// Makes everything permanent and wakes followers.
    ///
    /// # Errors
    /// When the engine could not; then nothing was written, except with [`StoreError::Lost`].
    pub async fn commit(mut self) -> Result<()> {
        let late = std::mem::take(&mut self.late);
        self.write_ground(late).await?;
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        drop(self.turn);
        self.db.settle().await?;
        for flag in &self.flags {
            flag.store(true, Ordering::Release);
        }
        self.db.wakes.wake(&self.touched);
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

/// A statement for each piece of `rows`, with its values.
fn pieces(
    sql: &str,
    fixed: &[Val],
    mut rows: Vec<Vec<Val>>,
) -> Vec<(AssertSqlSafe<String>, Vec<Val>)> {
    let mut all = Vec::new();
    while !rows.is_empty() {
        let most = rows.len().min(ROWS_AT_ONCE);
        let rest = rows.split_off(1 << most.ilog2());
        // A constant of this program with numbered places put in.
        let text = AssertSqlSafe(with_rows(sql, fixed.len(), &rows));
        let vals = fixed.iter().cloned().chain(rows.into_iter().flatten());
        all.push((text, vals.collect()));
        rows = rest;
    }
    all
}

/// Puts `($2, $3), ($4, $5)` for `{rows}` when there are two rows of two values after one other.
pub(crate) fn with_rows(sql: &str, before: usize, rows: &[Vec<Val>]) -> String {
    let mut next = before;
    let row = |row: &Vec<Val>| {
        let numbers: Vec<_> = (next + 1..=next + row.len())
            .map(|n| format!("${n}"))
            .collect();
        next += row.len();
        format!("({})", numbers.join(", "))
    };
    let places = rows.iter().map(row).collect::<Vec<_>>().join(", ");
    sql.replace("{rows}", &places)
}
