//! Steps and log lines of installs, and how far downloads are.

use px_api::core::{InstallStep, LogLine};
use px_model::{Digest, InstallId};
use px_store::{Db, Result, Tx, vals};

use crate::app::authority::TenantScope;

/// Most log lines kept for one install.
const LINES: i64 = 2000;

/// States an install went through, oldest first.
///
/// # Errors
/// When the engine is away.
pub async fn steps(db: &Db, scope: &TenantScope, id: InstallId) -> Result<Vec<InstallStep>> {
    let rows = db
        .rows(
            "SELECT s.* FROM install_steps s JOIN installs i ON i.id = s.install
             WHERE s.install = $1 AND ($2 IS NULL OR i.tenant = $2) ORDER BY s.seq",
            vals![id, scope.tenant()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(InstallStep {
                state: row.parse("state")?,
                at: row.time("at")?,
                detail: row.text("detail")?,
            })
        })
        .collect()
}

/// Adds a line to an install's log; beyond the limit nothing is added.
///
/// # Errors
/// When the engine is away.
pub async fn line(db: &Db, id: InstallId, level: &str, text: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    line_in(&mut tx, id, level, text);
    tx.commit().await
}

/// As [`line`], with the commit of the caller's transaction.
pub fn line_in(tx: &mut Tx, id: InstallId, level: &str, text: &str) {
    let now = tx.env().now();
    let text: String = text.chars().take(4000).collect();
    tx.later(
        "INSERT INTO install_logs (install, seq, at, level, text)
         SELECT $1, COALESCE(MAX(seq), 0) + 1, $2, $3, $4 FROM install_logs WHERE install = $1
         HAVING COALESCE(MAX(seq), 0) < $5",
        vals![id, now, level, text, LINES],
    );
}

/// Log lines, oldest first.
///
/// # Errors
/// When the engine is away.
pub async fn lines(db: &Db, scope: &TenantScope, id: InstallId) -> Result<Vec<LogLine>> {
    let rows = db
        .rows(
            "SELECT l.* FROM install_logs l JOIN installs i ON i.id = l.install
             WHERE l.install = $1 AND ($2 IS NULL OR i.tenant = $2) ORDER BY l.seq",
            vals![id, scope.tenant()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(LogLine {
                at: row.time("at")?,
                level: row.text("level")?,
                text: row.text("text")?,
            })
        })
        .collect()
}

/// Notes how far a download is.
///
/// # Errors
/// When the engine is away.
pub async fn progress(db: &Db, digest: &Digest, done: u64, total: u64) -> Result<()> {
    let mut tx = db.begin().await?;
    let now = tx.env().now();
    tx.exec(
        "INSERT INTO downloads (digest, bytes_done, bytes_total, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (digest) DO UPDATE SET bytes_done = $2, bytes_total = $3, updated_at = $4",
        vals![digest, done, total, now],
    )
    .await?;
    tx.commit().await
}

/// How far a download is: bytes done and bytes in all.
///
/// # Errors
/// When the engine is away.
pub async fn progress_of(db: &Db, digest: &Digest) -> Result<(u64, u64)> {
    let row = db
        .opt("SELECT * FROM downloads WHERE digest = $1", vals![digest])
        .await?;
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    row.map_or(Ok((0, 0)), |row| {
        Ok((
            number(row.int("bytes_done")?),
            number(row.int("bytes_total")?),
        ))
    })
}
