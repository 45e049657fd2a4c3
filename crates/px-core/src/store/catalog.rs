//! Listed versions as the Marketplace told them, and how far its feed was followed.

use jiff::Timestamp;
use px_api::market::{ListedVersion, TrustDocument};
use px_model::{Channel, Digest, PluginId, Version, VersionId, VersionState};
use px_store::{Db, Result, Row, Tx, vals};
use serde::Serialize;

/// How far the feed was followed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncState {
    /// Position of the last event taken.
    pub cursor: i64,
    /// Newest position the Marketplace told of.
    pub head: i64,
    /// When it last answered; `None` before the first time.
    pub polled_at: Option<Timestamp>,
    /// When the last event was taken.
    pub event_at: Option<Timestamp>,
    /// Gaps seen in the feed and read again.
    pub gaps: i64,
    /// Listings refused because their signature was not right.
    pub refused: i64,
    /// What went wrong the last time, until it goes right.
    pub error: Option<String>,
}

/// Puts a listed version in, or replaces what is known of it.
///
/// # Errors
/// When the engine is away.
pub async fn put(tx: &mut Tx, listed: &ListedVersion) -> Result<()> {
    let now = tx.env().now();
    tx.exec(
        "INSERT INTO catalog (version_id, plugin, version, channel, state, digest, doc, listed_at, synced_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (version_id) DO UPDATE SET state = $5, doc = $7, synced_at = $9",
        vals![
            listed.version_id,
            &listed.plugin_id,
            &listed.version,
            listed.channel,
            listed.state,
            listed.artifact.sha256,
            serde_json::to_string(listed)?,
            listed.listed_at,
            now
        ],
    )
    .await?;
    Ok(())
}

/// Changes the state of a listed version; answers whether it is known.
///
/// # Errors
/// When the engine is away.
pub async fn set_state(tx: &mut Tx, id: VersionId, state: VersionState) -> Result<bool> {
    let now = tx.env().now();
    let touched = tx
        .exec(
            "UPDATE catalog SET state = $1, synced_at = $2 WHERE version_id = $3",
            vals![state, now, id],
        )
        .await?;
    Ok(touched > 0)
}

/// A version by the Marketplace's id.
///
/// # Errors
/// When the engine is away.
pub async fn get(db: &Db, id: VersionId) -> Result<Option<ListedVersion>> {
    let row = db
        .opt(
            "SELECT doc, state FROM catalog WHERE version_id = $1",
            vals![id],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// A listed version by the digest of its bundle.
///
/// # Errors
/// When the engine is away.
pub async fn by_digest(db: &Db, digest: &Digest) -> Result<Option<ListedVersion>> {
    let row = db
        .opt(
            "SELECT doc, state FROM catalog WHERE digest = $1 AND state = 'listed' LIMIT 1",
            vals![digest],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Versions, of one plugin when given, newest listed first. Without a channel every one is meant;
/// `beta` includes `stable`.
///
/// # Errors
/// When the engine is away.
pub async fn list(
    db: &Db,
    plugin: Option<&PluginId>,
    channel: Option<Channel>,
) -> Result<Vec<ListedVersion>> {
    let rows = db
        .rows(
            "SELECT doc, state FROM catalog WHERE ($1 IS NULL OR plugin = $1)
               AND ($2 IS NULL OR $2 = 'beta' OR channel = $2)
             ORDER BY listed_at DESC LIMIT 2000",
            vals![plugin, channel],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// A plugin's installable version: the one asked for, or the newest of the channel.
///
/// # Errors
/// When the engine is away.
pub async fn pick(
    db: &Db,
    plugin: &PluginId,
    version: Option<&Version>,
    channel: Channel,
) -> Result<Option<ListedVersion>> {
    let channel = version.is_none().then_some(channel);
    let found = list(db, Some(plugin), channel).await?;
    Ok(found
        .into_iter()
        .filter(|l| l.state == VersionState::Listed && version.is_none_or(|v| l.version == *v))
        .max_by(|a, b| a.version.cmp(&b.version)))
}

fn from_row(row: &Row) -> Result<ListedVersion> {
    let mut listed: ListedVersion = row.json("doc")?;
    listed.state = row.parse("state")?;
    Ok(listed)
}

/// How far the feed of `source` was followed.
///
/// # Errors
/// When the engine is away.
pub async fn sync_state(db: &Db, source: &str) -> Result<SyncState> {
    let row = db
        .opt("SELECT * FROM sync WHERE source = $1", vals![source])
        .await?;
    let Some(row) = row else {
        return Ok(SyncState::default());
    };
    let known = |at: Timestamp| (at > Timestamp::UNIX_EPOCH).then_some(at);
    Ok(SyncState {
        cursor: row.int("cursor_at")?,
        head: row.int("head")?,
        polled_at: known(row.time("polled_at")?),
        event_at: known(row.time("event_at")?),
        gaps: row.int("gaps")?,
        refused: row.int("refused")?,
        error: row.opt_text("error")?,
    })
}

/// Makes the row of a feed when it is missing.
///
/// # Errors
/// When the engine is away.
pub async fn sync_begin(tx: &mut Tx, source: &str) -> Result<()> {
    tx.exec(
        "INSERT INTO sync (source, cursor_at, head, polled_at, event_at, gaps, refused)
         VALUES ($1, 0, 0, 0, 0, 0, 0) ON CONFLICT (source) DO NOTHING",
        vals![source],
    )
    .await?;
    Ok(())
}

/// Moves the cursor from exactly `from` to `to`; answers whether this process was the one.
///
/// # Errors
/// When the engine is away.
pub async fn sync_advance(tx: &mut Tx, source: &str, from: i64, to: i64) -> Result<bool> {
    let now = tx.env().now();
    let moved = tx
        .exec(
            "UPDATE sync SET cursor_at = $1, event_at = $2 WHERE source = $3 AND cursor_at = $4",
            vals![to, now, source, from],
        )
        .await?;
    Ok(moved == 1)
}

/// Notes an answer of the Marketplace: its head, or what went wrong.
///
/// # Errors
/// When the engine is away.
pub async fn sync_polled(
    tx: &mut Tx,
    source: &str,
    outcome: std::result::Result<i64, &str>,
) -> Result<()> {
    let now = tx.env().now();
    match outcome {
        Ok(head) => {
            tx.exec(
                "UPDATE sync SET head = CASE WHEN head < $1 THEN $1 ELSE head END, polled_at = $2, error = NULL WHERE source = $3",
                vals![head, now, source],
            )
            .await?
        }
        Err(error) => {
            tx.exec(
                "UPDATE sync SET error = $1 WHERE source = $2",
                vals![error, source],
            )
            .await?
        }
    };
    Ok(())
}

/// Counts a gap or a refused listing.
///
/// # Errors
/// When the engine is away.
pub async fn sync_count(tx: &mut Tx, source: &str, gaps: i64, refused: i64) -> Result<()> {
    tx.exec(
        "UPDATE sync SET gaps = gaps + $1, refused = refused + $2 WHERE source = $3",
        vals![gaps, refused, source],
    )
    .await?;
    Ok(())
}

/// The trust document pinned for `source`, and when it was last compared.
///
/// # Errors
/// When the engine is away.
pub async fn trust(db: &Db, source: &str) -> Result<Option<(TrustDocument, Timestamp)>> {
    let row = db
        .opt("SELECT * FROM trust WHERE source = $1", vals![source])
        .await?;
    row.map(|row| Ok((row.json("doc")?, row.time("pinned_at")?)))
        .transpose()
}

/// Pins a trust document in the place of what was pinned.
///
/// # Errors
/// When the engine is away.
pub async fn pin_trust(tx: &mut Tx, source: &str, document: &TrustDocument) -> Result<()> {
    let now = tx.env().now();
    tx.exec(
        "INSERT INTO trust (source, doc, pinned_at) VALUES ($1, $2, $3) ON CONFLICT (source) DO UPDATE SET doc = $2, pinned_at = $3",
        vals![source, serde_json::to_string(document)?, now],
    )
    .await?;
    Ok(())
}

/// Reads the feed again from its beginning; every effect happens once all the same.
///
/// # Errors
/// When the engine is away.
pub async fn sync_rewind(tx: &mut Tx, source: &str) -> Result<()> {
    tx.exec(
        "UPDATE sync SET cursor_at = 0, head = 0 WHERE source = $1",
        vals![source],
    )
    .await?;
    Ok(())
}
