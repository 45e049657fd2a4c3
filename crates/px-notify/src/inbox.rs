//! The inbox in the product: written in the transaction it tells of, so it always arrives.

use jiff::Timestamp;
use px_model::InboxId;
use px_store::{Db, Result, Tx};
use serde::Serialize;

use crate::store::inbox;
use crate::{Severity, Text2};

/// A message to be posted.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Who sees it: `publisher:org_…`, `tenant:ten_…`, `role:reviewer`.
    pub audience: String,
    /// How loud.
    pub level: Severity,
    /// One line.
    pub title: Text2,
    /// Plain text.
    pub body: Text2,
    /// What it is about, by id; counted as told in the statistics of that topic.
    pub subject: Option<String>,
    /// At most one message with this key per audience.
    pub dedup: Option<String>,
}

/// A message as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxMessage {
    /// Its id.
    pub id: InboxId,
    /// Who sees it.
    pub audience: String,
    /// How loud.
    pub level: Severity,
    /// One line.
    pub title: Text2,
    /// Plain text.
    pub body: Text2,
    /// What it is about, by id.
    pub subject: Option<String>,
    /// When it was posted.
    pub at: Timestamp,
    /// When somebody of the audience read it.
    pub read_at: Option<Timestamp>,
}

/// Posts a message; `None` when one with the same key is there already.
///
/// # Errors
/// When it cannot be written.
pub async fn post_inbox(tx: &mut Tx, new: NewMessage) -> Result<Option<InboxId>> {
    Ok(post_inbox_all(tx, &[new]).await?.pop())
}

/// Posts many messages at once, but for those with the key of one that is there already; answers
/// the ids of those posted.
///
/// # Errors
/// When they cannot be written.
pub async fn post_inbox_all(tx: &mut Tx, news: &[NewMessage]) -> Result<Vec<InboxId>> {
    inbox::insert(tx, news).await
}

/// An audience's messages, newest first; at most `limit`, which is held between 1 and 1000.
///
/// # Errors
/// When the engine is away.
pub async fn list_inbox(
    db: &Db,
    audience: &str,
    unread_only: bool,
    limit: u32,
) -> Result<Vec<InboxMessage>> {
    inbox::list(db, audience, unread_only, limit).await
}

/// How many of an audience's messages nobody has read.
///
/// # Errors
/// When the engine is away.
pub async fn count_unread(db: &Db, audience: &str) -> Result<i64> {
    inbox::unread(db, audience).await
}

/// Marks one of the audience's messages as read; answers whether it was there and unread.
///
/// # Errors
/// When it cannot be written.
pub async fn mark_read(tx: &mut Tx, audience: &str, id: InboxId) -> Result<bool> {
    Ok(inbox::mark(tx, audience, Some(id)).await? > 0)
}

/// Marks all of the audience's messages as read; answers how many were unread.
///
/// # Errors
/// When it cannot be written.
pub async fn mark_all_read(tx: &mut Tx, audience: &str) -> Result<u64> {
    inbox::mark(tx, audience, None).await
}
