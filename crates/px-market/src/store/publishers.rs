//! Publishers and the plugins they own.

use jiff::Timestamp;
use px_model::{PluginId, PublisherId};
use px_store::{Db, Result, Tx, vals};

/// A publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherRow {
    /// Its id.
    pub id: PublisherId,
    /// Its name.
    pub name: String,
    /// Whether its identity was verified.
    pub verified: bool,
    /// When it was registered.
    pub created_at: Timestamp,
}

fn from_row(row: &px_store::Row) -> Result<PublisherRow> {
    Ok(PublisherRow {
        id: row.parse("id")?,
        name: row.text("name")?,
        verified: row.bool("verified")?,
        created_at: row.time("created_at")?,
    })
}

/// Registers a publisher, or renames it.
///
/// # Errors
/// When the engine is away.
pub async fn put(tx: &mut Tx, id: PublisherId, name: &str) -> Result<()> {
    let now = tx.env().now();
    tx.exec(
        "INSERT INTO publishers (id, name, verified, created_at) VALUES ($1, $2, 0, $3)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        vals![id, name, now],
    )
    .await?;
    Ok(())
}

/// Sets whether a publisher's identity counts as verified.
///
/// # Errors
/// [`px_store::StoreError::Stale`] when there is no such publisher.
pub async fn set_verified(tx: &mut Tx, id: PublisherId, verified: bool) -> Result<()> {
    tx.exec_one(
        "publisher",
        "UPDATE publishers SET verified = $1 WHERE id = $2",
        vals![verified, id],
    )
    .await
}

/// A publisher by id.
///
/// # Errors
/// [`px_store::StoreError::Missing`] when there is none.
pub async fn get_tx(tx: &mut Tx, id: PublisherId) -> Result<PublisherRow> {
    let row = tx
        .one(
            "publisher",
            "SELECT * FROM publishers WHERE id = $1",
            vals![id],
        )
        .await?;
    from_row(&row)
}

/// A publisher by id, if there is one.
///
/// # Errors
/// When the engine is away.
pub async fn find(db: &Db, id: PublisherId) -> Result<Option<PublisherRow>> {
    db.opt("SELECT * FROM publishers WHERE id = $1", vals![id])
        .await?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// All publishers, by name.
///
/// # Errors
/// When the engine is away.
pub async fn list(db: &Db) -> Result<Vec<PublisherRow>> {
    let rows = db
        .rows("SELECT * FROM publishers ORDER BY name, id", vec![])
        .await?;
    rows.iter().map(from_row).collect()
}

/// Registers a plugin to a publisher unless somebody owns it; answers the owner.
///
/// # Errors
/// When the engine is away.
pub async fn own_plugin(
    tx: &mut Tx,
    plugin: &PluginId,
    publisher: PublisherId,
) -> Result<PublisherId> {
    let now = tx.env().now();
    tx.exec(
        "INSERT INTO plugins (id, publisher, created_at, listings) VALUES ($1, $2, $3, 0) ON CONFLICT (id) DO NOTHING",
        vals![plugin, publisher, now],
    )
    .await?;
    tx.one(
        "plugin",
        "SELECT publisher FROM plugins WHERE id = $1",
        vals![plugin],
    )
    .await?
    .parse("publisher")
}

/// Counts a listing of a plugin; the row stays locked until the end of the transaction, so that
/// two versions of one plugin are never listed at the same moment.
///
/// # Errors
/// When there is no such plugin.
pub async fn lock_plugin(tx: &mut Tx, plugin: &PluginId) -> Result<()> {
    tx.exec_one(
        "plugin",
        "UPDATE plugins SET listings = listings + 1 WHERE id = $1",
        vals![plugin],
    )
    .await
}

/// Ids of all plugins, with their owners; for look-alike checks.
///
/// # Errors
/// When the engine is away.
pub async fn plugin_owners(db: &Db) -> Result<Vec<(PluginId, PublisherId)>> {
    let rows = db
        .rows("SELECT id, publisher FROM plugins ORDER BY id", vec![])
        .await?;
    rows.iter()
        .map(|row| Ok((row.parse("id")?, row.parse("publisher")?)))
        .collect()
}
