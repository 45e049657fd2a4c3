//! Tasks that run every so often, in one process at a time.

use std::time::Duration;

use async_trait::async_trait;
use px_store::{Db, Result, vals};

use crate::JobError;
use crate::job::after;

/// Something to be done every so often; derived state is reconciled, deadlines are watched.
#[async_trait]
pub trait Periodic: Send + Sync + 'static {
    /// Stable name.
    fn name(&self) -> &'static str;

    /// Time between two runs.
    fn every(&self) -> Duration;

    /// Whether every process must run it (in-memory state) rather than one of them.
    fn everywhere(&self) -> bool {
        false
    }

    /// Does it.
    ///
    /// # Errors
    /// Logged; the next run comes at its time.
    async fn tick(&self) -> Result<(), JobError>;
}

/// Takes this turn for the whole installation, if nobody has.
pub(crate) async fn take_turn(db: &Db, name: &'static str, every: Duration) -> Result<bool> {
    let now = db.env().now();
    let known = db
        .opt("SELECT next_at FROM periodics WHERE name = $1", vals![name])
        .await?;
    if let Some(row) = &known
        && row.time("next_at")? > now
        // A clock that was set back must not silence the task for longer than its period.
        && row.time("next_at")? <= after(now, every)
    {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    let next = after(now, every);
    let taken = match known {
        None => {
            tx.exec("INSERT INTO periodics (name, next_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", vals![name, next])
                .await?
        }
        Some(row) => {
            tx.exec(
                "UPDATE periodics SET next_at = $1 WHERE name = $2 AND next_at = $3",
                vals![next, name, row.int("next_at")?],
            )
            .await?
        }
    };
    tx.commit().await?;
    Ok(taken == 1)
}
