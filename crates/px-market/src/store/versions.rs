//! Versions: registered, found, moved from state to state.

use jiff::Timestamp;
use px_model::{Channel, Digest, PluginId, PublisherId, UploadId, VersionId, VersionState};
use px_store::{Db, Result, Tx, vals};

use super::row::{VersionRow, risk_rank};
use crate::app::facts::BundleFacts;

/// What a registration writes.
pub struct Registration<'a> {
    /// The version as it will be; its state, revision and review columns are written as they are.
    pub row: &'a VersionRow,
    /// Now.
    pub at: Timestamp,
}

/// Version number without build metadata: what must be unique within a plugin.
#[must_use]
pub fn version_key(version: &px_model::Version) -> String {
    let mut plain = version.semver().clone();
    plain.build = semver::BuildMetadata::EMPTY;
    plain.to_string()
}

/// Writes a version that was not there.
///
/// # Errors
/// A conflict (see [`px_store::StoreError::is_conflict`]) when somebody registered it first.
pub async fn insert(tx: &mut Tx, reg: &Registration<'_>) -> Result<()> {
    let r = reg.row;
    tx.exec(
        "INSERT INTO versions (id, review, publish, plugin, publisher, version, version_key, channel, state, revision,
             round, sha256, size, upload, upload_expires, permissions, dependencies, signatures, notes, rollout, risk,
             risk_rank, clock_used, warned, findings, claim_token, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
             0, 0, 0, 0, $22, $22)",
        vals![
            r.id, r.review, r.publish, &r.plugin, r.publisher, &r.version, version_key(&r.version), r.channel, r.state,
            r.round, r.sha256, r.size, r.upload, r.upload_expires, serde_json::to_string(&r.permissions)?,
            serde_json::to_string(&r.dependencies)?, serde_json::to_string(&r.signatures)?, r.notes.as_deref(),
            r.rollout.as_ref(), r.risk, risk_rank(r.risk), reg.at
        ],
    )
    .await?;
    Ok(())
}

/// Gives a version that was not listed new bytes to expect; the review starts afresh except for
/// its clock.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when it changed since it was read.
pub async fn restart(tx: &mut Tx, reg: &Registration<'_>, keep_clock: bool) -> Result<()> {
    let r = reg.row;
    tx.exec_one(
        "version",
        "UPDATE versions SET publish = $1, channel = $2, revision = revision + 1, round = $3, sha256 = $4, size = $5,
             upload = $6, upload_expires = $7, permissions = $8, dependencies = $9, signatures = $10, notes = $11,
             rollout = $12, risk = $13, risk_rank = $14, facts = NULL, verdict = NULL, findings = 0, claimed_by = NULL,
             claimed_name = NULL, claimed_until = NULL, version = $15, changed_at = $16,
             clock_used = CASE WHEN $17 = 1 THEN clock_used ELSE 0 END, warned = CASE WHEN $17 = 1 THEN warned ELSE 0 END
         WHERE id = $18 AND revision = $19",
        vals![
            r.publish, r.channel, r.round, r.sha256, r.size, r.upload, r.upload_expires,
            serde_json::to_string(&r.permissions)?, serde_json::to_string(&r.dependencies)?,
            serde_json::to_string(&r.signatures)?, r.notes.as_deref(), r.rollout.as_ref(), r.risk, risk_rank(r.risk),
            &r.version, reg.at, keep_clock, r.id, r.revision
        ],
    )
    .await
}

/// Moves a version from the state it was read in; the caller has checked the transition.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when it changed since it was read.
pub async fn set_state(tx: &mut Tx, row: &VersionRow, to: VersionState) -> Result<()> {
    let now = tx.env().now();
    tx.exec_one(
        "version",
        "UPDATE versions SET state = $1, revision = revision + 1, changed_at = $2
         WHERE id = $3 AND state = $4 AND revision = $5",
        vals![to, now, row.id, row.state, row.revision],
    )
    .await
}

/// Replaces or removes the upload resource of a version whose bytes may still change.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when it changed since it was read.
pub async fn set_upload(
    tx: &mut Tx,
    row: &VersionRow,
    upload: Option<UploadId>,
    expires: Timestamp,
) -> Result<()> {
    tx.exec_one(
        "version",
        "UPDATE versions SET upload = $1, upload_expires = $2, revision = revision + 1
         WHERE id = $3 AND state = $4 AND revision = $5",
        vals![upload, expires, row.id, row.state, row.revision],
    )
    .await
}

/// Keeps what the bundle says about itself, with the risk that follows from it.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when the version left the scan in the meantime.
pub async fn set_facts(tx: &mut Tx, row: &VersionRow, facts: &BundleFacts) -> Result<()> {
    tx.exec_one(
        "version",
        "UPDATE versions SET facts = $1, permissions = $2, dependencies = $3, risk = $4, risk_rank = $5,
             revision = revision + 1
         WHERE id = $6 AND state = $7 AND round = $8",
        vals![
            serde_json::to_string(facts)?,
            serde_json::to_string(&facts.permissions)?,
            serde_json::to_string(&facts.dependencies)?,
            facts.risk,
            risk_rank(facts.risk),
            row.id,
            row.state,
            row.round
        ],
    )
    .await
}

/// Marks a version as listed now, with its signed approval and the time its review took.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when it was listed or removed in the meantime.
pub async fn set_listed(
    tx: &mut Tx,
    row: &VersionRow,
    listing: &serde_json::Value,
    approval_micros: i64,
) -> Result<()> {
    let now = tx.env().now();
    tx.exec_one(
        "version",
        "UPDATE versions SET listing = $1, listed_at = $2, approval_micros = $3, revision = revision + 1
         WHERE id = $4 AND listed_at IS NULL",
        vals![listing, now, approval_micros, row.id],
    )
    .await
}

/// A version by id, inside a transaction.
///
/// # Errors
/// [`px_store::StoreError::Missing`] when there is none.
pub async fn get_tx(tx: &mut Tx, id: VersionId) -> Result<VersionRow> {
    let row = tx
        .one(
            "version",
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher WHERE v.id = $1",
            vals![id],
        )
        .await?;
    VersionRow::from_row(&row)
}

/// A version by id.
///
/// # Errors
/// [`px_store::StoreError::Missing`] when there is none.
pub async fn get(db: &Db, id: VersionId) -> Result<VersionRow> {
    let row = db
        .one(
            "version",
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher WHERE v.id = $1",
            vals![id],
        )
        .await?;
    VersionRow::from_row(&row)
}

/// The version an upload belongs to.
///
/// # Errors
/// [`px_store::StoreError::Missing`] when there is no such upload.
pub async fn by_upload(db: &Db, upload: UploadId) -> Result<VersionRow> {
    let row = db
        .one(
            "upload",
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher WHERE v.upload = $1",
            vals![upload],
        )
        .await?;
    VersionRow::from_row(&row)
}

/// The version with this number, whoever published it.
///
/// # Errors
/// When the engine is away.
pub async fn by_number(
    tx: &mut Tx,
    plugin: &PluginId,
    version: &px_model::Version,
) -> Result<Option<VersionRow>> {
    tx.opt(
        "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher
         WHERE v.plugin = $1 AND v.version_key = $2",
        vals![plugin, version_key(version)],
    )
    .await?
    .as_ref()
    .map(VersionRow::from_row)
    .transpose()
}

/// Versions of a plugin on a channel that are offered, or will be again when a quarantine ends.
///
/// # Errors
/// When the engine is away.
pub async fn offered(
    tx: &mut Tx,
    plugin: &PluginId,
    channel: Option<Channel>,
) -> Result<Vec<VersionRow>> {
    let rows = tx
        .rows(
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher
             WHERE v.plugin = $1 AND ($2 IS NULL OR v.channel = $2) AND v.state IN ('listed', 'quarantined')",
            vals![plugin, channel],
        )
        .await?;
    rows.iter().map(VersionRow::from_row).collect()
}

/// Number of a publisher's versions that are under way.
///
/// # Errors
/// When the engine is away.
pub async fn count_open(tx: &mut Tx, publisher: PublisherId) -> Result<u64> {
    let row = tx
        .one(
            "count",
            "SELECT COUNT(*) AS n FROM versions WHERE publisher = $1
             AND state IN ('draft', 'uploading', 'submitted', 'scanning', 'in_review', 'blocked')",
            vals![publisher],
        )
        .await?;
    super::row::unsigned(&row, "n")
}

/// A publisher's versions, newest first; at most `limit`.
///
/// # Errors
/// When the engine is away.
pub async fn of_publisher(
    db: &Db,
    publisher: PublisherId,
    plugin: Option<&PluginId>,
    limit: u32,
) -> Result<Vec<VersionRow>> {
    let rows = db
        .rows(
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher
             WHERE v.publisher = $1 AND ($2 IS NULL OR v.plugin = $2)
             ORDER BY v.created_at DESC, v.id DESC LIMIT $3",
            vals![publisher, plugin, limit],
        )
        .await?;
    rows.iter().map(VersionRow::from_row).collect()
}

/// Whether a version has these bytes, or had them when a report about it was written.
///
/// # Errors
/// When the engine is away.
pub async fn knows_bytes(db: &Db, digest: &Digest) -> Result<bool> {
    let row = db
        .opt(
            "SELECT sha256 FROM versions WHERE sha256 = $1
             UNION ALL SELECT sha256 FROM reports WHERE sha256 = $1 LIMIT 1",
            vals![*digest],
        )
        .await?;
    Ok(row.is_some())
}

/// Uploads whose time is over and that were never submitted; at most 100.
///
/// # Errors
/// When the engine is away.
pub async fn expired_uploads(db: &Db, now: Timestamp) -> Result<Vec<VersionRow>> {
    let rows = db
        .rows(
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher
             WHERE v.upload IS NOT NULL AND v.upload_expires <= $1 AND v.state IN ('draft', 'uploading', 'withdrawn')
             LIMIT 100",
            vals![now],
        )
        .await?;
    rows.iter().map(VersionRow::from_row).collect()
}
