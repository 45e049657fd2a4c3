//! What happened to a version, oldest first.

use px_api::market::TimelineEntry;
use px_model::{VersionId, VersionState};
use px_store::{Db, Result, Tx, vals};

/// Adds an entry with the commit. The caller has written the version's row in the same transaction,
/// which keeps two writers from taking one number.
pub fn add(tx: &mut Tx, version: VersionId, state: VersionState, actor: &str, note: Option<&str>) {
    let now = tx.env().now();
    tx.later(
        "INSERT INTO timeline (version, seq, state, at, actor, note)
         SELECT $1, COALESCE(MAX(seq), 0) + 1, $2, $3, $4, $5 FROM timeline WHERE version = $1",
        vals![version, state, now, actor, note],
    );
}

/// All entries of a version.
///
/// # Errors
/// When the engine is away.
pub async fn list(db: &Db, version: VersionId) -> Result<Vec<TimelineEntry>> {
    let rows = db
        .rows(
            "SELECT state, at, actor, note FROM timeline WHERE version = $1 ORDER BY seq",
            vals![version],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(TimelineEntry {
                state: row.parse("state")?,
                at: row.time("at")?,
                actor: row.text("actor")?,
                note: row.opt_text("note")?,
            })
        })
        .collect()
}
