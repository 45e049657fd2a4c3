//! One number, read with every request: how many changes there were, for what is kept in memory.
//!
//! The ordinary way costs more than all else a request does: SQLite's driver hands each statement to
//! a thread of its own, and PostgreSQL is a journey away. Here the thread that asks reads SQLite
//! itself — microseconds, and a reader waits for nobody —, and those who ask PostgreSQL at the same
//! time share one journey. What is answered is never older than the question.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use tokio::sync::Semaphore;

use crate::db::Engine;
use crate::direct::Direct;
use crate::{Db, Result, StoreError};

/// Shared questions under way at once: one that takes long does not hold up all others.
const JOURNEYS: usize = 2;
/// Idle SQLite connections kept; as many are in use at once as threads ask.
const IDLE: usize = 16;

impl Db {
    /// The number a statement answers with, in its first column and only row; `what` names it. For
    /// short statements that are asked all the time. What was committed before the call, by whatever
    /// process, is seen.
    ///
    /// # Errors
    /// As [`Db::one`].
    pub async fn glance(&self, what: &'static str, sql: &'static str) -> Result<i64> {
        let seen = match &*self.engine {
            Engine::Sqlite { glances, .. } => glances.read(sql).map(Ok),
            Engine::Postgres { together, .. } => together.ask(self, what, sql).await,
        };
        match seen {
            Some(seen) => seen,
            // The ordinary way knows how to wait, and what is wrong.
            None => self.one(what, sql, Vec::new()).await?.first(),
        }
    }
}

/// SQLite connections that are used by whoever asks.
pub(crate) struct Glances(Mutex<Option<Vec<Direct>>>, Box<Path>);

impl Glances {
    /// For the database file at `path`; nothing is opened yet.
    pub(crate) fn new(path: &Path) -> Self {
        Self(Mutex::new(Some(Vec::new())), path.into())
    }

    fn read(&self, sql: &'static str) -> Option<i64> {
        let idle = lock(&self.0).as_mut()?.pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => Direct::open(&self.1)?,
        };
        // One that failed is closed: the next question opens another.
        let number = connection.number(sql)?;
        if let Some(idle) = lock(&self.0).as_mut()
            && idle.len() < IDLE
        {
            idle.push(connection);
        }
        Some(number)
    }

    /// Closes them, for good.
    pub(crate) fn close(&self) {
        let all = lock(&self.0).take();
        drop(all);
    }
}

/// The number, or why there is none; nothing when the ordinary way is to find out.
type Seen = Option<std::result::Result<i64, Arc<str>>>;
type Journey = Shared<BoxFuture<'static, Seen>>;

/// Questions that wait for a journey, by statement. Whoever asks joins one that has not begun.
pub(crate) struct Together {
    waiting: Arc<Mutex<HashMap<&'static str, Journey>>>,
    turns: Arc<Semaphore>,
}

impl Default for Together {
    fn default() -> Self {
        Self {
            waiting: Arc::default(),
            turns: Arc::new(Semaphore::new(JOURNEYS)),
        }
    }
}

impl Together {
    async fn ask(&self, db: &Db, what: &'static str, sql: &'static str) -> Option<Result<i64>> {
        let journey = {
            let mut waiting = lock(&self.waiting);
            let new = || self.journey(db.clone(), what, sql);
            waiting.entry(sql).or_insert_with(new).clone()
        };
        let seen = journey.await?;
        Some(seen.map_err(|why| StoreError::Lost(io::Error::other(why.to_string()))))
    }

    /// A task of its own, so that it goes on when those who asked first have gone away.
    fn journey(&self, db: Db, what: &'static str, sql: &'static str) -> Journey {
        let (waiting, turns) = (Arc::clone(&self.waiting), Arc::clone(&self.turns));
        let task = tokio::spawn(async move {
            let turn = turns.acquire_owned().await;
            // From here on nobody joins: they may ask for what is committed after this.
            lock(&waiting).remove(sql);
            let row = db.one(what, sql, Vec::new()).await;
            drop(turn);
            match row.and_then(|row| row.first()) {
                Ok(number) => Some(Ok(number)),
                // Everybody waited for it once; asking again one by one would only take longer.
                Err(error) if error.is_transient() => Some(Err(error.to_string().into())),
                Err(_) => None,
            }
        });
        task.map(|done| done.ok().flatten()).boxed().shared()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
