//! Publishers' signing keys and their certificates.

use jiff::Timestamp;
use px_model::{KeyId, PublisherId};
use px_store::{Db, Result, Row, Tx, vals};

/// A key as stored.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Its id.
    pub id: KeyId,
    /// Whose it is.
    pub publisher: PublisherId,
    /// Name for people.
    pub name: String,
    /// SHA-256 of the public key.
    pub fingerprint: String,
    /// Public key, PEM.
    pub public_key: String,
    /// Certificate chain, PEM, leaf first.
    pub chain: String,
    /// Serial number of the certificate, lower-case hexadecimal.
    pub serial: String,
    /// Until when it may sign.
    pub not_after: Timestamp,
    /// When it was registered.
    pub created_at: Timestamp,
    /// From when on it does not count any more.
    pub revoked_at: Option<Timestamp>,
}

fn from_row(row: &Row) -> Result<KeyRow> {
    Ok(KeyRow {
        id: row.parse("id")?,
        publisher: row.parse("publisher")?,
        name: row.text("name")?,
        fingerprint: row.text("fingerprint")?,
        public_key: row.text("public_key")?,
        chain: row.text("chain")?,
        serial: row.text("serial")?,
        not_after: row.time("not_after")?,
        created_at: row.time("created_at")?,
        revoked_at: row.opt_time("revoked_at")?,
    })
}

/// Writes a new key.
///
/// # Errors
/// A conflict when the key or serial number is known already.
pub async fn insert(tx: &mut Tx, key: &KeyRow) -> Result<()> {
    tx.exec(
        "INSERT INTO publisher_keys (id, publisher, name, fingerprint, public_key, chain, serial, not_after, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        vals![
            key.id, key.publisher, &key.name, &key.fingerprint, &key.public_key, &key.chain, &key.serial, key.not_after,
            key.created_at
        ],
    )
    .await?;
    Ok(())
}

/// Replaces the certificate of a key.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when it was revoked.
pub async fn renew(tx: &mut Tx, key: &KeyRow) -> Result<()> {
    tx.exec_one(
        "key",
        "UPDATE publisher_keys SET chain = $1, serial = $2, not_after = $3, name = $4 WHERE id = $5 AND revoked_at IS NULL",
        vals![&key.chain, &key.serial, key.not_after, &key.name, key.id],
    )
    .await
}

/// The key with a fingerprint, whoever owns it.
///
/// # Errors
/// When the engine is away.
pub async fn by_fingerprint(tx: &mut Tx, fingerprint: &str) -> Result<Option<KeyRow>> {
    tx.opt(
        "SELECT * FROM publisher_keys WHERE fingerprint = $1",
        vals![fingerprint],
    )
    .await?
    .as_ref()
    .map(from_row)
    .transpose()
}

/// A publisher's key.
///
/// # Errors
/// [`px_store::StoreError::Missing`] when the publisher has none of that id.
pub async fn get(tx: &mut Tx, publisher: PublisherId, id: KeyId) -> Result<KeyRow> {
    let row = tx
        .one(
            "key",
            "SELECT * FROM publisher_keys WHERE id = $1 AND publisher = $2",
            vals![id, publisher],
        )
        .await?;
    from_row(&row)
}

/// A publisher's keys, newest first.
///
/// # Errors
/// When the engine is away.
pub async fn of_publisher(db: &Db, publisher: PublisherId) -> Result<Vec<KeyRow>> {
    let rows = db
        .rows(
            "SELECT * FROM publisher_keys WHERE publisher = $1 ORDER BY created_at DESC, id DESC",
            vals![publisher],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Marks a key as revoked now; a second time changes nothing.
///
/// # Errors
/// When the engine is away.
pub async fn revoke(tx: &mut Tx, id: KeyId, reason: &str) -> Result<()> {
    let now = tx.env().now();
    tx.exec(
        "UPDATE publisher_keys SET revoked_at = $1, revoked_reason = $2 WHERE id = $3 AND revoked_at IS NULL",
        vals![now, reason, id],
    )
    .await?;
    Ok(())
}

/// Serial numbers that do not count any more, and since when.
///
/// # Errors
/// When the engine is away.
pub async fn revoked(db: &Db) -> Result<Vec<(String, Timestamp)>> {
    let rows = db
        .rows(
            "SELECT serial, revoked_at FROM publisher_keys WHERE revoked_at IS NOT NULL ORDER BY serial",
            vec![],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.text("serial")?, row.time("revoked_at")?)))
        .collect()
}
