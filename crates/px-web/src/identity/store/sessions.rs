//! Signed-in browsers.

use super::accounts::record;
use jiff::{SignedDuration, Timestamp};
use px_model::{AccountId, AuditId, SessionId};
use px_store::{Actor, Db, Result, Row, Tx, vals};
use serde_json::json;

/// A session ends after this, whatever happens.
pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A session that is not used for this long ends.
const IDLE: SignedDuration = SignedDuration::from_hours(24);

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, which is not its secret.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// What the browser calls itself, shortened.
    pub agent: String,
    /// Address it signed in from.
    pub address: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last seen, to about ten minutes.
    pub seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

fn read(row: &Row) -> Result<Session> {
    Ok(Session {
        id: row.parse("id")?,
        account: row.parse("account")?,
        agent: row.text("agent")?,
        address: row.text("address")?,
        created_at: row.time("created_at")?,
        seen_at: row.time("seen_at")?,
        expires_at: row.time("expires_at")?,
    })
}

/// What is known of a browser that signs in.
pub(crate) struct NewSession<'a> {
    pub(crate) account: AccountId,
    pub(crate) hash: &'a str,
    pub(crate) agent: &'a str,
    pub(crate) address: &'a str,
    /// Session the browser brought along, which ends.
    pub(crate) replaces: Option<&'a str>,
}

pub(crate) async fn open_session(
    tx: &mut Tx,
    actor: &Actor,
    new: NewSession<'_>,
) -> Result<SessionId> {
    if let Some(old) = new.replaces {
        tx.exec("DELETE FROM sessions WHERE hash = $1", vals![old])
            .await?;
    }
    let id = SessionId::from_uuid(tx.env().uuid());
    let now = tx.env().now();
    let agent: String = new.agent.chars().take(200).collect();
    tx.exec(
        "INSERT INTO sessions (id, hash, account, agent, address, created_at, seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7)",
        vals![
            id,
            new.hash,
            new.account,
            agent,
            new.address,
            now,
            now + LIFETIME
        ],
    )
    .await?;
    let detail = json!({ "session": id, "address": new.address });
    let subject = new.account.to_string();
    record(tx, actor, "session.opened", subject, None, detail).await?;
    Ok(id)
}

/// A session that has not ended, by the hash of its secret.
pub(crate) async fn find_session(db: &Db, hash: &str, now: Timestamp) -> Result<Option<Session>> {
    let row = db
        .opt(
            "SELECT id, account, agent, address, created_at, seen_at, expires_at
             FROM sessions WHERE hash = $1 AND expires_at > $2 AND seen_at > $3",
            vals![hash, now, now - IDLE],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn touch_session(db: &Db, id: SessionId) -> Result<()> {
    let mut tx = db.begin().await?;
    let now = tx.env().now();
    tx.exec(
        "UPDATE sessions SET seen_at = $2 WHERE id = $1",
        vals![id, now],
    )
    .await?;
    tx.commit().await
}

/// Sessions of an account, newest first.
///
/// # Errors
/// When the engine is away.
pub async fn sessions_of(db: &Db, account: AccountId) -> Result<Vec<Session>> {
    let now = db.env().now();
    let rows = db
        .rows(
            "SELECT id, account, agent, address, created_at, seen_at, expires_at
             FROM sessions WHERE account = $1 AND expires_at > $2 AND seen_at > $3
             ORDER BY created_at DESC",
            vals![account, now, now - IDLE],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// Ends one session of an account; `None` when it had ended.
///
/// # Errors
/// When the engine is away.
pub async fn end_session(
    tx: &mut Tx,
    actor: &Actor,
    account: AccountId,
    session: SessionId,
) -> Result<Option<AuditId>> {
    let sql = "DELETE FROM sessions WHERE id = $1 AND account = $2";
    if tx.exec(sql, vals![session, account]).await? == 0 {
        return Ok(None);
    }
    let detail = json!({ "session": session });
    let subject = account.to_string();
    record(tx, actor, "session.ended", subject, None, detail)
        .await
        .map(Some)
}

/// Ends all sessions of an account.
///
/// # Errors
/// When the engine is away.
pub async fn end_sessions(tx: &mut Tx, actor: &Actor, account: AccountId) -> Result<AuditId> {
    let ended = drop_sessions(tx, account, None).await?;
    let detail = json!({ "sessions": ended });
    record(
        tx,
        actor,
        "session.all_ended",
        account.to_string(),
        None,
        detail,
    )
    .await
}

pub(super) async fn drop_sessions(
    tx: &mut Tx,
    account: AccountId,
    keep: Option<SessionId>,
) -> Result<u64> {
    let keep = keep.map_or_else(String::new, |id| id.to_string());
    let sql = "DELETE FROM sessions WHERE account = $1 AND id <> $2";
    tx.exec(sql, vals![account, keep]).await
}
