//! The outbox: events written with the state they tell of, read as a feed with a cursor.

use px_model::{Event, EventId};
use serde_json::Value;

use crate::{Db, Result, Row, Tx, vals};

/// Topic that a transaction touches with its events (see [`Db::touched`]).
pub const OUTBOX: &str = "outbox";

/// An event to be written.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Event type, one of [`px_model::event_type`].
    pub kind: &'static str,
    /// Who says so.
    pub source: String,
    /// What it is about.
    pub subject: String,
    /// The content.
    pub data: Value,
}

impl Tx {
    /// Writes an event; it becomes visible in the feed with the commit, in commit order.
    ///
    /// # Errors
    /// None at present; the caller's transaction must not commit when there is one.
    #[expect(clippy::unused_async, reason = "writing may become part of it again")]
    pub async fn emit(&mut self, event: NewEvent) -> Result<EventId> {
        let id = EventId::from_uuid(self.env().uuid());
        self.ground.events.push((id, event));
        self.touch(OUTBOX);
        Ok(id)
    }
}

/// Events after position `after`, in order; at most `limit`.
///
/// # Errors
/// When the engine is away.
pub async fn feed(db: &Db, after: i64, limit: u32) -> Result<Vec<Event>> {
    let rows = db
        .rows(
            "SELECT * FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2",
            vals![after, limit.clamp(1, 1000)],
        )
        .await?;
    rows.iter().map(event_from).collect()
}

/// One event by its id.
///
/// # Errors
/// [`crate::StoreError::Missing`] when there is none; when the engine is away.
pub async fn event(db: &Db, id: &str) -> Result<Event> {
    let sql = "SELECT * FROM outbox WHERE id = $1";
    event_from(&db.one("event", sql, vals![id]).await?)
}

/// Position of the newest event; 0 when there is none.
///
/// # Errors
/// When the engine is away.
pub async fn feed_head(db: &Db) -> Result<i64> {
    db.one(
        "counter",
        "SELECT value FROM counters WHERE name = 'outbox'",
        vec![],
    )
    .await?
    .int("value")
}

fn event_from(row: &Row) -> Result<Event> {
    Ok(Event {
        specversion: "1.0".to_owned(),
        id: row.text("id")?,
        source: row.text("source")?,
        kind: row.text("kind")?,
        subject: row.text("subject")?,
        time: row.time("at")?,
        datacontenttype: "application/json".to_owned(),
        data: row.json("data")?,
        sequence: Some(row.int("seq")?),
    })
}
