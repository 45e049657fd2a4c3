//! Table `inbox`.

use px_model::InboxId;
use px_store::{Db, Result, Row, Tx, vals};

use crate::{InboxMessage, NewMessage, Text2};

pub(crate) async fn insert(tx: &mut Tx, news: &[NewMessage]) -> Result<Vec<InboxId>> {
    let now = tx.env().now();
    let mut rows = Vec::with_capacity(news.len());
    for new in news {
        let id = InboxId::from_uuid(tx.env().uuid());
        let (title, body) = (&new.title, &new.body);
        rows.push(vals![
            id,
            &new.audience,
            new.level.as_str(),
            &title.en,
            &title.zh,
            &body.en,
            &body.zh,
            new.subject.as_deref(),
            new.dedup.as_deref(),
            now
        ]);
    }
    let written = tx
        .rows_of(
            "INSERT INTO inbox (id, audience, level, title_en, title_zh, body_en, body_zh, subject, dedup, at)
             VALUES {rows} ON CONFLICT DO NOTHING RETURNING id",
            vec![],
            rows,
        )
        .await?;
    written.iter().map(|row| row.parse("id")).collect()
}

pub(crate) async fn list(
    db: &Db,
    audience: &str,
    unread_only: bool,
    limit: u32,
) -> Result<Vec<InboxMessage>> {
    let rows = db
        .rows(
            "SELECT * FROM inbox WHERE audience = $1 AND ($2 = 0 OR read_at IS NULL)
             ORDER BY at DESC, id DESC LIMIT $3",
            vals![audience, unread_only, limit.clamp(1, 1000)],
        )
        .await?;
    rows.iter().map(message).collect()
}

pub(crate) async fn unread(db: &Db, audience: &str) -> Result<i64> {
    db.one(
        "count",
        "SELECT COUNT(*) AS n FROM inbox WHERE audience = $1 AND read_at IS NULL",
        vals![audience],
    )
    .await?
    .int("n")
}

pub(crate) async fn mark(tx: &mut Tx, audience: &str, id: Option<InboxId>) -> Result<u64> {
    let now = tx.env().now();
    tx.exec(
        "UPDATE inbox SET read_at = $1
         WHERE audience = $2 AND ($3 IS NULL OR id = $3) AND read_at IS NULL",
        vals![now, audience, id],
    )
    .await
}

fn message(row: &Row) -> Result<InboxMessage> {
    Ok(InboxMessage {
        id: row.parse("id")?,
        audience: row.text("audience")?,
        level: row.parse("level")?,
        title: Text2::new(row.text("title_en")?, row.text("title_zh")?),
        body: Text2::new(row.text("body_en")?, row.text("body_zh")?),
        subject: row.opt_text("subject")?,
        at: row.time("at")?,
        read_at: row.opt_time("read_at")?,
    })
}
