//! Table `endpoints`.

use jiff::Timestamp;
use px_model::EndpointId;
use px_store::{Db, Result, Row, Tx, vals};

use crate::endpoint::{Endpoint, EndpointKind, EndpointState};
use crate::store::notices;

/// What signing needs; never leaves this crate.
#[derive(Clone)]
pub(crate) struct Secrets {
    pub(crate) current: Option<String>,
    pub(crate) old: Option<(String, Timestamp)>,
}

pub(crate) async fn insert(tx: &mut Tx, endpoint: &Endpoint, secret: Option<&str>) -> Result<()> {
    let (target, language) = match &endpoint.kind {
        EndpointKind::Webhook { url } => (url.to_string(), None),
        EndpointKind::Mail { address, language } => (address.clone(), Some(language.as_str())),
    };
    tx.exec(
        "INSERT INTO endpoints (id, owner, kind, target, language, secret, state, failures, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'active', 0, $7)",
        vals![
            endpoint.id, &endpoint.owner, endpoint.kind.channel().as_str(), target, language,
            secret, endpoint.created_at
        ],
    )
    .await
    .map(drop)
}

pub(crate) async fn find(db: &Db, id: EndpointId) -> Result<Option<Endpoint>> {
    db.opt("SELECT * FROM endpoints WHERE id = $1", vals![id])
        .await?
        .map(|row| endpoint(&row))
        .transpose()
}

/// The endpoint in a row that has all its columns, and what signing for it needs.
pub(crate) fn addressee(row: &Row) -> Result<(Endpoint, Secrets)> {
    Ok((endpoint(row)?, secrets(row)?))
}

pub(crate) async fn load(tx: &mut Tx, id: EndpointId) -> Result<Endpoint> {
    let row = tx
        .one(
            "endpoint",
            "SELECT * FROM endpoints WHERE id = $1 AND state <> 'removed'",
            vals![id],
        )
        .await?;
    endpoint(&row)
}

/// Those of many endpoints that are still there.
pub(crate) async fn load_all(tx: &mut Tx, ids: &[EndpointId]) -> Result<Vec<Endpoint>> {
    let rows = tx
        .rows_of(
            "SELECT endpoints.* FROM endpoints JOIN (VALUES {rows}) AS wanted ON endpoints.id = wanted.column1
             WHERE state <> 'removed'",
            vec![],
            ids.iter().map(|id| vals![*id]).collect(),
        )
        .await?;
    rows.iter().map(endpoint).collect()
}

pub(crate) async fn of_owner(db: &Db, owner: &str) -> Result<Vec<Endpoint>> {
    let rows = db
        .rows(
            "SELECT * FROM endpoints WHERE owner = $1 AND state <> 'removed' ORDER BY created_at, id",
            vals![owner],
        )
        .await?;
    rows.iter().map(endpoint).collect()
}

pub(crate) async fn active_of_owner(tx: &mut Tx, owner: &str) -> Result<Vec<Endpoint>> {
    let rows = tx
        .rows(
            "SELECT * FROM endpoints WHERE owner = $1 AND state = 'active' ORDER BY created_at, id",
            vals![owner],
        )
        .await?;
    rows.iter().map(endpoint).collect()
}

pub(crate) async fn enable(tx: &mut Tx, id: EndpointId) -> Result<()> {
    tx.exec_one(
        "endpoint",
        "UPDATE endpoints SET state = 'active', reason = NULL, failures = 0 WHERE id = $1 AND state <> 'removed'",
        vals![id],
    )
    .await
}

/// Takes an endpoint out of use; what still waits for it becomes a dead letter.
pub(crate) async fn retire(
    tx: &mut Tx,
    id: EndpointId,
    state: EndpointState,
    reason: &str,
) -> Result<()> {
    tx.exec_one(
        "endpoint",
        "UPDATE endpoints SET state = $1, reason = $2 WHERE id = $3 AND state <> 'removed'",
        vals![state.as_str(), reason, id],
    )
    .await?;
    if state == EndpointState::Removed {
        tx.exec(
            "UPDATE endpoints SET secret = NULL, old_secret = NULL, old_until = NULL WHERE id = $1",
            vals![id],
        )
        .await?;
    }
    notices::bury_all(tx, id, reason).await
}

pub(crate) async fn set_secret(
    tx: &mut Tx,
    id: EndpointId,
    secret: &str,
    old_until: Timestamp,
) -> Result<()> {
    tx.exec_one(
        "webhook endpoint",
        "UPDATE endpoints SET old_secret = secret, old_until = $1, secret = $2
         WHERE id = $3 AND kind = 'webhook' AND state <> 'removed'",
        vals![old_until, secret, id],
    )
    .await
}

pub(crate) async fn has_secret(tx: &mut Tx, id: EndpointId, secret: &str) -> Result<bool> {
    let sql = "SELECT id FROM endpoints WHERE id = $1 AND secret = $2";
    Ok(tx.opt(sql, vals![id, secret]).await?.is_some())
}

pub(crate) async fn replace_secret(tx: &mut Tx, id: EndpointId, secret: &str) -> Result<()> {
    tx.exec_one(
        "webhook endpoint",
        "UPDATE endpoints SET secret = $1, old_secret = NULL, old_until = NULL
         WHERE id = $2 AND kind = 'webhook'",
        vals![secret, id],
    )
    .await
}

pub(crate) async fn succeeded(tx: &mut Tx, id: EndpointId, now: Timestamp) -> Result<()> {
    tx.exec(
        "UPDATE endpoints SET failures = 0, last_ok_at = $1 WHERE id = $2",
        vals![now, id],
    )
    .await
    .map(drop)
}

/// As [`succeeded`] for many.
pub(crate) async fn all_succeeded(tx: &mut Tx, now: Timestamp, ids: &[EndpointId]) -> Result<()> {
    let rows = ids.iter().map(|id| vals![id]).collect();
    tx.exec_rows(
        "UPDATE endpoints SET failures = 0, last_ok_at = $1 FROM (VALUES {rows}) AS told
         WHERE endpoints.id = told.column1",
        vals![now],
        rows,
    )
    .await
    .map(drop)
}

/// Counts a failure; answers how many there were in a row.
pub(crate) async fn failed(tx: &mut Tx, id: EndpointId, now: Timestamp) -> Result<i64> {
    tx.one(
        "endpoint",
        "UPDATE endpoints SET failures = failures + 1, last_failed_at = $1 WHERE id = $2 RETURNING failures",
        vals![now, id],
    )
    .await?
    .int("failures")
}

fn endpoint(row: &Row) -> Result<Endpoint> {
    let kind = match row.text("kind")?.as_str() {
        "webhook" => EndpointKind::Webhook {
            url: row.parse("target")?,
        },
        _ => EndpointKind::Mail {
            address: row.text("target")?,
            language: crate::text::parse_or(
                row.opt_text("language")?.as_deref(),
                crate::Language::English,
            ),
        },
    };
    Ok(Endpoint {
        id: row.parse("id")?,
        owner: row.text("owner")?,
        kind,
        state: row.parse("state")?,
        reason: row.opt_text("reason")?,
        failures: row.int("failures")?,
        created_at: row.time("created_at")?,
        last_ok_at: row.opt_time("last_ok_at")?,
        last_failed_at: row.opt_time("last_failed_at")?,
        secret: None,
    })
}

fn secrets(row: &Row) -> Result<Secrets> {
    let old = row.opt_text("old_secret")?.zip(row.opt_time("old_until")?);
    Ok(Secrets {
        current: row.opt_text("secret")?,
        old,
    })
}
