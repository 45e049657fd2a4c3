//! Followers of the outbox: each event has its effect exactly once.

use std::sync::Arc;

use async_trait::async_trait;
use px_model::Event;
use px_store::{Db, Result, Tx, feed, vals};

/// Reacts to events within the transaction that also moves its position.
#[async_trait]
pub trait Consumer: Send + Sync + 'static {
    /// Stable name; its position is stored under it.
    fn name(&self) -> &'static str;

    /// Takes one event. An error stops the follower at this event until it succeeds.
    ///
    /// # Errors
    /// When the effect could not be written.
    async fn event(&self, tx: &mut Tx, event: &Event) -> Result<()>;
}

/// Takes what is new; answers how many events.
pub(crate) async fn follow(db: &Db, consumer: &Arc<dyn Consumer>) -> Result<usize> {
    let position = db
        .opt(
            "SELECT position FROM consumers WHERE name = $1",
            vals![consumer.name()],
        )
        .await?
        .map_or(Ok(0), |row| row.int("position"))?;
    let events = feed(db, position, 100).await?;
    for (taken, event) in events.iter().enumerate() {
        if !take(db, consumer, event).await? {
            return Ok(taken);
        }
    }
    Ok(events.len())
}

/// Takes one event unless another process has; answers whether to go on.
async fn take(db: &Db, consumer: &Arc<dyn Consumer>, event: &Event) -> Result<bool> {
    let sequence = event.sequence.unwrap_or_default();
    let mut tx = db.begin().await?;
    tx.exec(
        "INSERT INTO consumers (name, position) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        vals![consumer.name(), 0],
    )
    .await?;
    let moved = tx
        .exec(
            "UPDATE consumers SET position = $1 WHERE name = $2 AND position = $3",
            vals![sequence, consumer.name(), sequence - 1],
        )
        .await?;
    if moved == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    consumer.event(&mut tx, event).await?;
    tx.commit().await?;
    Ok(true)
}
