//! Forgetting jobs that are done, so that looking at the others stays quick.

use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use px_store::{Db, Result, vals};

use crate::{JobError, Periodic};

/// How long a job that is done is remembered.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Rows forgotten in one transaction.
const AT_ONCE: u32 = 1000;

/// Forgets jobs that were done more than [`REMEMBERED`] ago, some at a time; answers how many. Those
/// that were given up stay until somebody tries them again.
///
/// # Errors
/// When the engine is away.
pub async fn tidy(db: &Db) -> Result<u64> {
    let mut gone = 0;
    loop {
        let mut tx = db.begin().await?;
        let before = tx.env().now() - REMEMBERED;
        let some = tx
            .exec(
                "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = 'done' AND finished_at < $1
                 ORDER BY finished_at LIMIT $2)",
                vals![before, AT_ONCE],
            )
            .await?;
        tx.commit().await?;
        gone += some;
        if some < u64::from(AT_ONCE) {
            return Ok(gone);
        }
    }
}

/// Calls [`tidy`] every ten minutes.
pub(crate) struct Tidy(pub(crate) Db);

#[async_trait]
impl Periodic for Tidy {
    fn name(&self) -> &'static str {
        "work.tidy"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(600)
    }

    async fn tick(&self) -> std::result::Result<(), JobError> {
        tidy(&self.0).await?;
        Ok(())
    }
}
