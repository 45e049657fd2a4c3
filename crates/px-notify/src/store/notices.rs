//! Table `notices`.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use px_model::{EndpointId, NoticeId};
use px_store::{Db, Result, Row, StoreError, Tx, vals};

use crate::Endpoint;
use crate::notice::{Notice, NoticeState};
use crate::store::endpoints::{Secrets, addressee};

/// A notice to be written.
pub(crate) struct NewNotice<'a> {
    pub(crate) id: NoticeId,
    pub(crate) endpoint: EndpointId,
    pub(crate) channel: crate::Channel,
    pub(crate) receiver: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) dedup: Option<&'a str>,
    pub(crate) body: &'a str,
    /// Set when it cannot be delivered at all.
    pub(crate) dead: Option<&'a str>,
}

/// Writes notices, but for those whose event went to the same endpoint before; answers the ids of
/// those written.
pub(crate) async fn insert(tx: &mut Tx, news: Vec<NewNotice<'_>>) -> Result<HashSet<NoticeId>> {
    let now = tx.env().now();
    let rows = news.into_iter().map(|new| {
        let (state, next, end) = match new.dead {
            Some(_) => (NoticeState::Dead, None, Some(now)),
            None => (NoticeState::Pending, Some(now), None),
        };
        let (state, channel) = (state.as_str(), new.channel.as_str());
        vals![
            new.id,
            new.endpoint,
            channel,
            new.receiver,
            new.topic,
            new.dedup,
            new.body,
            state,
            0,
            now,
            now,
            next,
            end,
            new.dead
        ]
    });
    let written = tx
        .rows_of(
            "INSERT INTO notices (id, endpoint, channel, receiver, topic, dedup, body, state, attempts,
                 queued_at, base_at, next_at, ended_at, last_error)
             VALUES {rows} ON CONFLICT DO NOTHING RETURNING id",
            vec![],
            rows.collect(),
        )
        .await?;
    written.iter().map(|row| row.parse("id")).collect()
}

/// The notice of an event to an endpoint.
pub(crate) async fn id_of(
    tx: &mut Tx,
    endpoint: EndpointId,
    dedup: Option<&str>,
) -> Result<NoticeId> {
    let sql = "SELECT id FROM notices WHERE endpoint = $1 AND dedup = $2";
    tx.one("notice", sql, vals![endpoint, dedup])
        .await?
        .parse("id")
}

pub(crate) async fn find(db: &Db, id: NoticeId) -> Result<Option<(Notice, String)>> {
    db.opt("SELECT * FROM notices WHERE id = $1", vals![id])
        .await?
        .map(|row| Ok((notice(&row)?, row.text("body")?)))
        .transpose()
}

/// A notice with its text, where it goes to and what it is signed with.
pub(crate) async fn addressed(
    db: &Db,
    id: NoticeId,
) -> Result<Option<(Notice, String, Endpoint, Secrets)>> {
    let row = db
        .opt(
            "SELECT e.*, n.id AS notice, n.channel, n.receiver, n.topic, n.body, n.state AS notice_state,
                 n.attempts, n.queued_at, n.base_at, n.next_at, n.ended_at, n.last_status, n.last_error
             FROM notices n JOIN endpoints e ON e.id = n.endpoint WHERE n.id = $1",
            vals![id],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (endpoint, secrets) = addressee(&row)?;
    let notice = columns(&row, ["notice", "id", "notice_state"])?;
    Ok(Some((notice, row.text("body")?, endpoint, secrets)))
}

pub(crate) async fn load(tx: &mut Tx, id: NoticeId) -> Result<Notice> {
    let row = tx
        .one("notice", "SELECT * FROM notices WHERE id = $1", vals![id])
        .await?;
    notice(&row)
}

/// Notices of one state, or of all, newest first.
pub(crate) async fn list(
    db: &Db,
    receiver: Option<&str>,
    state: Option<NoticeState>,
    limit: u32,
) -> Result<Vec<Notice>> {
    let rows = db
        .rows(
            "SELECT * FROM notices WHERE ($1 IS NULL OR receiver = $1) AND ($2 IS NULL OR state = $2)
             ORDER BY queued_at DESC, id DESC LIMIT $3",
            vals![receiver, state.map(NoticeState::as_str), limit.clamp(1, 1000)],
        )
        .await?;
    rows.iter().map(notice).collect()
}

/// Records an attempt that arrived. Fails as stale when the notice ended otherwise meanwhile.
pub(crate) async fn delivered(
    tx: &mut Tx,
    id: NoticeId,
    now: Timestamp,
    status: Option<u16>,
) -> Result<()> {
    tx.exec_one(
        "notice",
        "UPDATE notices SET state = 'delivered', attempts = attempts + 1, ended_at = $1, next_at = NULL,
             last_status = $2, last_error = NULL
         WHERE id = $3 AND state = 'pending'",
        vals![now, status.map(i64::from), id],
    )
    .await
}

/// As [`delivered`] for many, or none of them.
pub(crate) async fn all_delivered(
    tx: &mut Tx,
    now: Timestamp,
    told: &[(NoticeId, Option<u16>)],
) -> Result<()> {
    let rows = told
        .iter()
        .map(|(id, status)| vals![id, status.map(i64::from)])
        .collect();
    let touched = tx
        .exec_rows(
            "UPDATE notices SET state = 'delivered', attempts = attempts + 1, ended_at = $1, next_at = NULL,
                 last_status = told.column2, last_error = NULL
             FROM (VALUES {rows}) AS told
             WHERE notices.id = told.column1 AND notices.state = 'pending'",
            vals![now],
            rows,
        )
        .await?;
    if touched == told.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::Stale("notice"))
    }
}

/// Records an attempt that failed; without `next` the notice ends in `state`.
pub(crate) async fn failed(
    tx: &mut Tx,
    id: NoticeId,
    state: NoticeState,
    next: Option<Timestamp>,
    status: Option<u16>,
    error: &str,
) -> Result<()> {
    let now = tx.env().now();
    tx.exec_one(
        "notice",
        "UPDATE notices SET state = $1, attempts = attempts + 1, next_at = $2, ended_at = $3,
             last_status = $4, last_error = $5
         WHERE id = $6 AND state = 'pending'",
        vals![
            state.as_str(),
            next,
            next.is_none().then_some(now),
            status.map(i64::from),
            error,
            id
        ],
    )
    .await
}

/// Starts over; only for a notice that ended without arriving.
pub(crate) async fn restart(tx: &mut Tx, id: NoticeId) -> Result<()> {
    let now = tx.env().now();
    tx.exec_one(
        "dead letter",
        "UPDATE notices SET state = 'pending', attempts = 0, base_at = $1, next_at = $1, ended_at = NULL
         WHERE id = $2 AND state IN ('dead', 'skipped')",
        vals![now, id],
    )
    .await
}

/// Everything that waits for an endpoint becomes a dead letter.
pub(crate) async fn bury_all(tx: &mut Tx, endpoint: EndpointId, reason: &str) -> Result<()> {
    let now = tx.env().now();
    tx.exec(
        "UPDATE notices SET state = 'dead', ended_at = $1, next_at = NULL, last_error = $2
         WHERE endpoint = $3 AND state = 'pending'",
        vals![now, reason, endpoint],
    )
    .await
    .map(drop)
}

/// Numbers of notices that arrived and that became dead letters, ended within `period` before now.
pub(crate) async fn ended(db: &Db, period: Duration) -> Result<(i64, i64)> {
    let since = db.env().now() - period;
    let row = db
        .one(
            "sum",
            "SELECT CAST(COALESCE(SUM(CASE WHEN state = 'delivered' THEN 1 ELSE 0 END), 0) AS BIGINT) AS ok,
                    CAST(COALESCE(SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END), 0) AS BIGINT) AS dead
             FROM notices WHERE state IN ('delivered', 'dead') AND ended_at >= $1",
            vals![since],
        )
        .await?;
    Ok((row.int("ok")?, row.int("dead")?))
}

/// Number of notices about a topic that are on their way.
pub(crate) async fn pending_about(db: &Db, topic: &str) -> Result<i64> {
    db.one(
        "count",
        "SELECT COUNT(*) AS n FROM notices WHERE topic = $1 AND state = 'pending'",
        vals![topic],
    )
    .await?
    .int("n")
}

/// Numbers of notices by state, for gauges.
pub(crate) async fn waiting(db: &Db) -> Result<i64> {
    db.one(
        "sum",
        "SELECT COUNT(*) AS n FROM notices WHERE state = 'pending'",
        vec![],
    )
    .await?
    .int("n")
}

/// All notices about a topic, inbox messages among them, in a stable order.
pub(crate) async fn about(db: &Db, topic: &str, after: &str, limit: u32) -> Result<Vec<Row>> {
    db.rows(
        "SELECT * FROM (
             SELECT id, receiver, channel, state, queued_at, ended_at, attempts, last_error
                 FROM notices WHERE topic = $1
             UNION ALL
             SELECT id, audience AS receiver, 'inbox' AS channel, 'delivered' AS state,
                    at AS queued_at, at AS ended_at, CAST(1 AS BIGINT) AS attempts, CAST(NULL AS TEXT) AS last_error
                 FROM inbox WHERE subject = $1
         ) AS everything WHERE id > $2 ORDER BY id LIMIT $3",
        vals![topic, after, limit.clamp(1, 1000)],
    )
    .await
}

fn notice(row: &Row) -> Result<Notice> {
    columns(row, ["id", "endpoint", "state"])
}

fn columns(row: &Row, [id, endpoint, state]: [&str; 3]) -> Result<Notice> {
    Ok(Notice {
        id: row.parse(id)?,
        endpoint: row.parse(endpoint)?,
        channel: row.parse("channel")?,
        receiver: row.text("receiver")?,
        topic: row.text("topic")?,
        state: row.parse(state)?,
        attempts: row.int("attempts")?,
        queued_at: row.time("queued_at")?,
        base_at: row.time("base_at")?,
        next_at: row.opt_time("next_at")?,
        ended_at: row.opt_time("ended_at")?,
        last_status: row.opt_int("last_status")?,
        last_error: row.opt_text("last_error")?,
    })
}
