//! Jobs: what is to be done, by whom it is being done, and how it ended.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use px_model::JobId;
use px_store::{Db, Dialect, Result, Row, StoreError, Tx, vals};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::JobError;

/// A job to be enqueued.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Names the handler.
    pub kind: &'static str,
    /// What the handler needs to know; ids rather than copies of state.
    pub payload: Value,
    /// Not before this time; at once when `None`.
    pub run_at: Option<Timestamp>,
    /// At most one pending job of this kind with this key.
    pub unique: Option<String>,
    /// Failed runs after which it is dead.
    pub max_attempts: u32,
}

impl NewJob {
    /// A job that is due at once and may fail ten times.
    #[must_use]
    pub const fn new(kind: &'static str, payload: Value) -> Self {
        Self {
            kind,
            payload,
            run_at: None,
            unique: None,
            max_attempts: 10,
        }
    }

    /// Not before `at`.
    #[must_use]
    pub const fn at(mut self, at: Timestamp) -> Self {
        self.run_at = Some(at);
        self
    }

    /// Only when no job of this kind with `key` is pending.
    #[must_use]
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique = Some(key.into());
        self
    }

    /// Dead after `n` failed runs.
    #[must_use]
    pub const fn attempts(mut self, n: u32) -> Self {
        self.max_attempts = n;
        self
    }
}

/// A job that this process holds.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Names the handler.
    pub kind: String,
    /// What to do.
    pub payload: Value,
    /// This run's number, from 1.
    pub attempt: u32,
    /// Failed runs after which it is dead.
    pub max_attempts: u32,
    fence: i64,
    /// Its end is written, in a transaction of the handler.
    settled: Arc<AtomicBool>,
}

/// Does jobs of one kind.
#[async_trait]
pub trait JobHandler: Send + Sync + 'static {
    /// Kind it handles.
    fn kind(&self) -> &'static str;

    /// How long a run may be silent before another process takes over; renewed at a third of it
    /// while the run goes on.
    fn lease(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// Does the job. It may run again after a crash, so its effects must be idempotent or written
    /// with [`Job::finish`] in the same transaction.
    async fn run(&self, job: &Job) -> Result<(), JobError>;

    /// Called once when the job is given up, so that its owner is told.
    async fn dead(&self, _job: &Job, _error: &str) {}
}

/// How many jobs of a kind are in which state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCount {
    /// Kind.
    pub kind: String,
    /// `ready`, `running`, `done` or `dead`.
    pub state: String,
    /// Number.
    pub count: i64,
}

/// Enqueues within the caller's transaction. Answers `None` when a pending job has the same unique
/// key; then nothing was written.
///
/// # Errors
/// When the engine is away.
pub async fn enqueue(tx: &mut Tx, job: NewJob) -> Result<Option<JobId>> {
    Ok(enqueue_all(tx, vec![job]).await?.pop())
}

/// Enqueues many jobs at once; answers the ids of those written. A job with the unique key of a
/// pending one is left out.
///
/// # Errors
/// As [`enqueue`].
pub async fn enqueue_all(tx: &mut Tx, jobs: Vec<NewJob>) -> Result<Vec<JobId>> {
    let now = tx.env().now();
    let kinds: BTreeSet<&'static str> = jobs.iter().map(|job| job.kind).collect();
    let mut rows = Vec::with_capacity(jobs.len());
    for job in jobs {
        let id = JobId::from_uuid(tx.env().uuid());
        let (due, most) = (job.run_at.unwrap_or(now), job.max_attempts);
        rows.push(vals![
            id,
            job.kind,
            job.payload,
            "ready",
            job.unique,
            due,
            0,
            most,
            0,
            now
        ]);
    }
    let written = tx
        .rows_of(
            "INSERT INTO jobs (id, kind, payload, state, unique_key, run_at, attempt, max_attempts, fence, created_at)
             VALUES {rows} ON CONFLICT DO NOTHING RETURNING id",
            vec![],
            rows,
        )
        .await?;
    if !written.is_empty() {
        kinds.iter().for_each(|kind| tx.touch(&topic(kind)));
    }
    written.iter().map(|row| row.parse("id")).collect()
}

/// Makes a waiting job due at once; answers whether there was one.
///
/// # Errors
/// When the engine is away.
pub async fn wake(tx: &mut Tx, kind: &str, unique: &str) -> Result<bool> {
    let now = tx.env().now();
    let touched = tx
        .exec(
            "UPDATE jobs SET run_at = $1 WHERE kind = $2 AND unique_key = $3 AND state = 'ready' AND run_at > $1",
            vals![now, kind, unique],
        )
        .await?;
    tx.touch(&topic(kind));
    Ok(touched > 0)
}

/// Gives a dead job another set of attempts.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when it is not dead.
pub async fn retry_dead(tx: &mut Tx, id: JobId) -> Result<()> {
    let now = tx.env().now();
    let row = tx
        .opt(
            "UPDATE jobs SET state = 'ready', attempt = 0, run_at = $1, finished_at = NULL
             WHERE id = $2 AND state = 'dead' RETURNING kind",
            vals![now, id],
        )
        .await?
        .ok_or(StoreError::Stale("job"))?;
    tx.touch(&topic(&row.text("kind")?));
    Ok(())
}

/// Numbers of jobs by kind and state.
///
/// # Errors
/// When the engine is away.
pub async fn counts(db: &Db) -> Result<Vec<JobCount>> {
    let rows = db
        .rows(
            "SELECT kind, state, COUNT(*) AS n FROM jobs GROUP BY kind, state ORDER BY kind, state",
            vec![],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(JobCount {
                kind: row.text("kind")?,
                state: row.text("state")?,
                count: row.int("n")?,
            })
        })
        .collect()
}

impl Job {
    /// The payload as a type.
    ///
    /// # Errors
    /// [`JobError::Fatal`] when it does not have that shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        serde_json::from_value(self.payload.clone())
            .map_err(|e| JobError::Fatal(format!("payload of {}: {e}", self.kind)))
    }

    /// Completes the job inside the handler's own transaction, fenced: it fails when another
    /// process has taken the job over, and then the whole transaction must be dropped.
    ///
    /// # Errors
    /// [`px_store::StoreError::Stale`] when the lease was lost.
    pub async fn finish(&self, tx: &mut Tx) -> Result<()> {
        let now = tx.env().now();
        tx.when_committed(Arc::clone(&self.settled));
        tx.exec_one(
            "job lease",
            "UPDATE jobs SET state = 'done', finished_at = $1, lease_until = NULL
             WHERE id = $2 AND fence = $3 AND state = 'running'",
            vals![now, self.id, self.fence],
        )
        .await
    }

    /// Completes many jobs as [`Job::finish`] does one, or none of them.
    ///
    /// # Errors
    /// As [`Job::finish`], when one of them is lost.
    pub async fn finish_all(tx: &mut Tx, jobs: &[&Self]) -> Result<()> {
        let mut rows = Vec::new();
        for job in jobs {
            rows.push(vals![job.id, job.fence]);
            tx.when_committed(Arc::clone(&job.settled));
        }
        let touched = tx
            .exec_rows(
                "UPDATE jobs SET state = 'done', finished_at = $1, lease_until = NULL
                 FROM (VALUES {rows}) AS held
                 WHERE jobs.id = held.column1 AND jobs.fence = held.column2 AND jobs.state = 'running'",
                vals![tx.env().now()],
                rows,
            )
            .await?;
        if touched == jobs.len() as u64 {
            Ok(())
        } else {
            Err(StoreError::Stale("job lease"))
        }
    }

    /// Puts the job back until `wait` has passed, fenced, inside the handler's own transaction;
    /// not counted as a failure.
    ///
    /// # Errors
    /// As [`Job::finish`].
    pub async fn put_off(&self, tx: &mut Tx, wait: Duration, reason: &str) -> Result<()> {
        let due = after(tx.env().now(), wait);
        tx.when_committed(Arc::clone(&self.settled));
        tx.touch(&topic(&self.kind));
        tx.exec_one(
            "job lease",
            "UPDATE jobs SET state = 'ready', run_at = $1, last_error = $2, attempt = attempt - 1, lease_until = NULL
             WHERE id = $3 AND fence = $4 AND state = 'running'",
            vals![due, reason, self.id, self.fence],
        )
        .await
    }

    /// Whether the handler has written the job's end itself.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Acquire)
    }

    /// What holding it means, in a form that can be compared.
    pub(crate) const fn key(&self) -> (JobId, i64) {
        (self.id, self.fence)
    }

    /// Puts the job back, or gives it up. Answers whether it is dead now.
    pub(crate) async fn put_back(&self, db: &Db, error: &JobError, spread: f64) -> Result<bool> {
        let (wait, counted, fatal) = match error {
            JobError::Retry(_) => (backoff(self.attempt, spread), true, false),
            JobError::RetryAfter(_, wait) => (*wait, false, false),
            JobError::Fatal(_) => (Duration::ZERO, true, true),
        };
        let dead = fatal || (counted && self.attempt >= self.max_attempts);
        let mut tx = db.begin().await?;
        let now = tx.env().now();
        let (state, run_at, finished) = if dead {
            ("dead", now, Some(now))
        } else {
            ("ready", after(now, wait), None)
        };
        let attempt = if counted {
            self.attempt
        } else {
            self.attempt.saturating_sub(1)
        };
        tx.exec(
            "UPDATE jobs SET state = $1, run_at = $2, finished_at = $3, last_error = $4, attempt = $5, lease_until = NULL
             WHERE id = $6 AND fence = $7 AND state = 'running'",
            vals![state, run_at, finished, error.to_string(), attempt, self.id, self.fence],
        )
        .await?;
        tx.touch(&topic(&self.kind));
        tx.commit().await?;
        Ok(dead)
    }
}

/// Takes due jobs, and ones whose holders fell silent, for `lease`; at most `most` in one transaction.
/// When there are none, answers when the next one becomes due by itself.
///
/// Each of the two searches is one range of one index: however many jobs of whatever kind wait, only
/// those that are taken are read.
pub(crate) async fn claim(
    db: &Db,
    kind: &'static str,
    lease: Duration,
    most: usize,
) -> Result<(Vec<Job>, Option<Timestamp>)> {
    let now = db.env().now();
    // A look without a lock first: an idle process must not take the write lock over and over.
    let row = db
        .one(
            "jobs",
            "SELECT (SELECT MIN(run_at) FROM jobs WHERE kind = $1 AND state = 'ready') AS ready,
                    (SELECT MIN(lease_until) FROM jobs WHERE kind = $1 AND state = 'running') AS silent",
            vals![kind],
        )
        .await?;
    let (ready, silent) = (row.opt_time("ready")?, row.opt_time("silent")?);
    let first = ready.into_iter().chain(silent).min();
    if first.is_none_or(|first| first > now) {
        return Ok((Vec::new(), first));
    }
    let mut tx = db.begin().await?;
    let now = tx.env().now();
    let mut jobs = Vec::new();
    for (sql, any) in [(silent_sql(db), silent), (ready_sql(db), ready)] {
        let room = i64::try_from(most.saturating_sub(jobs.len())).unwrap_or(i64::MAX);
        if any.is_some_and(|first| first <= now) && room > 0 {
            let rows = tx
                .rows(sql, vals![kind, now, after(now, lease), room])
                .await?;
            for row in &rows {
                jobs.push(from_row(row)?);
            }
        }
    }
    tx.commit().await?;
    Ok((jobs, None))
}

fn silent_sql(db: &Db) -> &'static str {
    match db.dialect() {
        Dialect::Sqlite => {
            "UPDATE jobs SET attempt = attempt + 1, fence = fence + 1, lease_until = $3
             WHERE id IN (SELECT id FROM jobs WHERE kind = $1 AND state = 'running' AND lease_until <= $2
                 ORDER BY lease_until LIMIT $4)
             RETURNING *"
        }
        Dialect::Postgres => {
            "UPDATE jobs SET attempt = attempt + 1, fence = fence + 1, lease_until = $3
             WHERE id IN (SELECT id FROM jobs WHERE kind = $1 AND state = 'running' AND lease_until <= $2
                 ORDER BY lease_until LIMIT $4 FOR UPDATE SKIP LOCKED)
             RETURNING *"
        }
    }
}

fn ready_sql(db: &Db) -> &'static str {
    match db.dialect() {
        Dialect::Sqlite => {
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, fence = fence + 1, lease_until = $3
             WHERE id IN (SELECT id FROM jobs WHERE kind = $1 AND state = 'ready' AND run_at <= $2
                 ORDER BY run_at LIMIT $4)
             RETURNING *"
        }
        Dialect::Postgres => {
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, fence = fence + 1, lease_until = $3
             WHERE id IN (SELECT id FROM jobs WHERE kind = $1 AND state = 'ready' AND run_at <= $2
                 ORDER BY run_at LIMIT $4 FOR UPDATE SKIP LOCKED)
             RETURNING *"
        }
    }
}

/// Extends the leases of jobs with these fences; answers which of them this process still holds.
pub(crate) async fn renew(
    db: &Db,
    keys: &[(JobId, i64)],
    lease: Duration,
) -> Result<HashSet<JobId>> {
    let mut tx = db.begin().await?;
    let until = after(tx.env().now(), lease);
    let held = keys.iter().map(|(id, fence)| vals![*id, *fence]).collect();
    let rows = tx
        .rows_of(
            "UPDATE jobs SET lease_until = $1 FROM (VALUES {rows}) AS held
             WHERE jobs.id = held.column1 AND jobs.fence = held.column2 AND jobs.state = 'running'
             RETURNING jobs.id",
            vals![until],
            held,
        )
        .await?;
    tx.commit().await?;
    rows.iter().map(|row| row.parse("id")).collect()
}

/// Topic that a transaction touches when it makes jobs of a kind due.
pub(crate) fn topic(kind: &str) -> String {
    format!("jobs {kind}")
}

fn from_row(row: &Row) -> Result<Job> {
    let number = |column: &str| {
        row.int(column)
            .map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    };
    Ok(Job {
        id: row.parse("id")?,
        kind: row.text("kind")?,
        payload: row.json("payload")?,
        attempt: number("attempt")?,
        max_attempts: number("max_attempts")?,
        fence: row.int("fence")?,
        settled: Arc::default(),
    })
}

/// 1 s, 2 s, 4 s … at most 5 min, spread by ± 20 % so that jobs that failed together part.
fn backoff(attempt: u32, spread: f64) -> Duration {
    let base = 2_u64.saturating_pow(attempt.saturating_sub(1)).min(300);
    Duration::from_secs(base).mul_f64(0.8 + 0.4 * spread.clamp(0.0, 1.0))
}

pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| now.checked_add(wait).ok())
        .unwrap_or(Timestamp::MAX)
}
