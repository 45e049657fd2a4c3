//! Table `alerts`.

use px_model::AlertId;
use px_store::{Db, Result, Row, Tx, vals};

use crate::{Alert, NewAlert, Text2};

/// Writes an alert unless one with the same key is open; then counts it there.
pub(crate) async fn insert(tx: &mut Tx, id: AlertId, new: &NewAlert) -> Result<bool> {
    let now = tx.env().now();
    let written = tx
        .exec(
            "INSERT INTO alerts (id, audience, severity, kind, title_en, title_zh, body_en, body_zh, tenant,
                 subject, dedup, state, times, first_at, last_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', 1, $12, $12)
             ON CONFLICT DO NOTHING",
            vals![
                id, &new.audience, new.severity.as_str(), &new.kind, &new.title.en, &new.title.zh,
                &new.body.en, &new.body.zh, new.tenant, new.subject.as_deref(), new.dedup.as_deref(), now
            ],
        )
        .await?;
    if written == 0 {
        tx.exec(
            "UPDATE alerts SET times = times + 1, last_at = $1, body_en = $2, body_zh = $3
             WHERE audience = $4 AND dedup = $5 AND state = 'open'",
            vals![
                now,
                &new.body.en,
                &new.body.zh,
                &new.audience,
                new.dedup.as_deref()
            ],
        )
        .await?;
    }
    Ok(written == 1)
}

pub(crate) async fn load(tx: &mut Tx, id: AlertId) -> Result<Alert> {
    let row = tx
        .one("alert", "SELECT * FROM alerts WHERE id = $1", vals![id])
        .await?;
    alert(&row)
}

pub(crate) async fn find(db: &Db, id: AlertId) -> Result<Option<Alert>> {
    db.opt("SELECT * FROM alerts WHERE id = $1", vals![id])
        .await?
        .as_ref()
        .map(alert)
        .transpose()
}

pub(crate) async fn list(
    db: &Db,
    audience: Option<&str>,
    open_only: bool,
    limit: u32,
) -> Result<Vec<Alert>> {
    let rows = db
        .rows(
            "SELECT * FROM alerts WHERE ($1 IS NULL OR audience = $1) AND ($2 = 0 OR state = 'open')
             ORDER BY last_at DESC, id DESC LIMIT $3",
            vals![audience, open_only, limit.clamp(1, 1000)],
        )
        .await?;
    rows.iter().map(alert).collect()
}

pub(crate) async fn count_open(db: &Db, audience: &str) -> Result<i64> {
    db.one(
        "count",
        "SELECT COUNT(*) AS n FROM alerts WHERE audience = $1 AND state = 'open'",
        vals![audience],
    )
    .await?
    .int("n")
}

/// How many alerts of each kind are open; kinds that were ever raised stay, with 0.
pub(crate) async fn open_by_kind(db: &Db) -> Result<Vec<(String, i64)>> {
    let rows = db
        .rows(
            "SELECT kind, COUNT(CASE WHEN state = 'open' THEN 1 END) AS n FROM alerts GROUP BY kind ORDER BY kind",
            vals![],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.text("kind")?, row.int("n")?)))
        .collect()
}

pub(crate) async fn acknowledge(tx: &mut Tx, id: AlertId, by: &str) -> Result<()> {
    let now = tx.env().now();
    tx.exec_one(
        "open alert",
        "UPDATE alerts SET state = 'acknowledged', acknowledged_at = $1, acknowledged_by = $2
         WHERE id = $3 AND state = 'open'",
        vals![now, by, id],
    )
    .await
}

pub(crate) async fn resolve(tx: &mut Tx, audience: &str, dedup: &str) -> Result<u64> {
    let now = tx.env().now();
    tx.exec(
        "UPDATE alerts SET state = 'resolved', resolved_at = $1
         WHERE audience = $2 AND dedup = $3 AND state IN ('open', 'acknowledged')",
        vals![now, audience, dedup],
    )
    .await
}

/// As [`resolve`] for many pairs of audience and key.
pub(crate) async fn resolve_all(tx: &mut Tx, keys: Vec<(String, String)>) -> Result<u64> {
    let now = tx.env().now();
    let rows = keys
        .into_iter()
        .map(|(audience, dedup)| vals![audience, dedup])
        .collect();
    tx.exec_rows(
        "UPDATE alerts SET state = 'resolved', resolved_at = $1 FROM (VALUES {rows}) AS gone
         WHERE alerts.audience = gone.column1 AND alerts.dedup = gone.column2
           AND alerts.state IN ('open', 'acknowledged')",
        vals![now],
        rows,
    )
    .await
}

fn alert(row: &Row) -> Result<Alert> {
    Ok(Alert {
        id: row.parse("id")?,
        audience: row.text("audience")?,
        severity: row.parse("severity")?,
        kind: row.text("kind")?,
        title: Text2::new(row.text("title_en")?, row.text("title_zh")?),
        body: Text2::new(row.text("body_en")?, row.text("body_zh")?),
        tenant: row.opt_parse("tenant")?,
        subject: row.opt_text("subject")?,
        state: row.parse("state")?,
        times: row.int("times")?,
        first_at: row.time("first_at")?,
        last_at: row.time("last_at")?,
        acknowledged_at: row.opt_time("acknowledged_at")?,
        acknowledged_by: row.opt_text("acknowledged_by")?,
        resolved_at: row.opt_time("resolved_at")?,
    })
}
