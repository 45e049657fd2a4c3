//! What is offered: the newest listed version per plugin and channel, ready to be searched.

use jiff::Timestamp;
use px_model::{Channel, PluginId, Risk, Version, VersionId};
use px_store::{Db, Result, Tx, Val, vals};

use crate::app::shelf::Placed;

use super::row::{VersionRow, risk_from, unsigned};

/// Channel under which a plugin's newest version of any channel is found (stable before beta).
pub const ANY: &str = "any";

/// A search result.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The version offered.
    pub row: VersionRow,
    /// Whether the publisher was verified.
    pub verified: bool,
    /// Tenants that have the plugin installed.
    pub installs: u64,
}

/// What a page of search results shows of an offer; without texts that are shown elsewhere only.
#[derive(Debug, Clone)]
pub struct Card {
    /// The version offered.
    pub id: VersionId,
    /// Plugin.
    pub plugin: PluginId,
    /// Its number.
    pub version: Version,
    /// Channel.
    pub channel: Channel,
    /// Risk.
    pub risk: Risk,
    /// When it was listed.
    pub listed_at: Timestamp,
    /// Publisher's name.
    pub publisher_name: String,
    /// Whether the publisher was verified.
    pub verified: bool,
    /// Tenants that have the plugin installed.
    pub installs: u64,
    /// What the bundle says about itself.
    pub headline: Headline,
}

/// A part of the facts of a version.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Headline {
    /// Plugin's name for people.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Category, when given.
    pub category: Option<String>,
    /// `wasm`, `process`, `static` or `remote`.
    pub kind: String,
}

/// Takes everything a plugin offers away.
///
/// # Errors
/// When the engine is away.
pub async fn clear(tx: &mut Tx, plugin: &PluginId) -> Result<()> {
    tx.exec("DELETE FROM offers WHERE plugin = $1", vals![plugin])
        .await?;
    // The row stays locked until the end: numbers appear in the order of the commits.
    let row = tx
        .one(
            "revision",
            "UPDATE offer_revision SET value = value + 1 WHERE one = 1 RETURNING value",
            vals![],
        )
        .await?;
    tx.exec(
        "INSERT INTO offer_changes (seq, plugin) VALUES ($1, $2)",
        vals![row.int("value")?, plugin],
    )
    .await?;
    Ok(())
}

/// A number that grows with every change of what is offered.
///
/// # Errors
/// When the engine is away.
pub async fn revision(db: &Db) -> Result<i64> {
    let sql = "SELECT value FROM offer_revision WHERE one = 1";
    db.glance("revision", sql).await
}

/// Changes read one by one at most; beyond, reading everything is quicker.
const FEW: usize = 200;

/// Plugins whose offers changed after a revision; `None` when they are many.
///
/// # Errors
/// When the engine is away.
pub async fn changed_since(db: &Db, revision: i64) -> Result<Option<Vec<String>>> {
    let rows = db
        .rows(
            "SELECT DISTINCT plugin FROM offer_changes WHERE seq > $1 LIMIT $2",
            vals![revision, FEW + 1],
        )
        .await?;
    if rows.len() > FEW {
        return Ok(None);
    }
    rows.iter()
        .map(|row| row.text("plugin"))
        .collect::<Result<_>>()
        .map(Some)
}

/// What is offered, by channel: everything, or what some plugins offer.
///
/// # Errors
/// When the engine is away.
pub async fn placed(db: &Db, plugins: Option<&[String]>) -> Result<Vec<(String, Placed)>> {
    let mut rows = Vec::new();
    match plugins {
        None => {
            let sql = "SELECT plugin, channel, version, listed_at, category, search FROM offers";
            rows = db.rows(sql, vals![]).await?;
        }
        Some(some) => {
            for plugin in some {
                let sql = "SELECT plugin, channel, version, listed_at, category, search FROM offers WHERE plugin = $1";
                rows.extend(db.rows(sql, vals![plugin.as_str()]).await?);
            }
        }
    }
    rows.iter()
        .map(|row| {
            let offer = Placed {
                at: row.int("listed_at")?,
                version: row.parse("version")?,
                plugin: row.text("plugin")?,
                category: row.opt_text("category")?,
                text: row.text("search")?,
            };
            Ok((row.text("channel")?, offer))
        })
        .collect()
}

/// Offers a listed version on a channel.
///
/// # Errors
/// When the engine is away.
pub async fn put(tx: &mut Tx, channel: &str, row: &VersionRow) -> Result<()> {
    let facts = row.facts.as_ref();
    let search = [
        row.plugin.as_str(),
        facts.map_or("", |f| &f.name),
        facts.map_or("", |f| &f.summary),
        facts.and_then(|f| f.category.as_deref()).unwrap_or(""),
        &row.publisher_name,
    ]
    .join(" ")
    .to_lowercase();
    tx.exec(
        "INSERT INTO offers (plugin, channel, version, listed_at, category, search) VALUES ($1, $2, $3, $4, $5, $6)",
        vals![
            &row.plugin,
            channel,
            row.id,
            row.listed_at.unwrap_or(row.created_at),
            facts.and_then(|f| f.category.as_deref()),
            search
        ],
    )
    .await?;
    Ok(())
}

/// Versions that are offered, in the order asked for; those that no longer are stay out.
///
/// # Errors
/// When the engine is away.
pub async fn of_versions(db: &Db, versions: &[VersionId]) -> Result<Vec<Card>> {
    let mut found = Vec::with_capacity(versions.len());
    for some in versions.chunks(AT_ONCE) {
        let mut ids: Vec<Val> = some.iter().map(Val::from).collect();
        ids.resize(AT_ONCE, Val::from(""));
        let rows = db
            .rows(
                "SELECT v.id, v.state, v.plugin, v.version, v.channel, v.risk, v.listed_at, v.created_at, v.facts,
                     o.name AS publisher_name, o.verified,
                     (SELECT COUNT(*) FROM plugin_installs i WHERE i.plugin = v.plugin) AS installs
                 FROM versions v JOIN publishers o ON o.id = v.publisher
                 WHERE v.id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                     $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)",
                ids,
            )
            .await?;
        let mut cards = Vec::with_capacity(rows.len());
        for row in &rows {
            // Not said in the statement: SQLite would go through all that is listed, by the index of states.
            if row.text("state")? == "listed" {
                cards.push(card_from(row)?);
            }
        }
        for id in some {
            found.extend(cards.iter().find(|card| card.id == *id).cloned());
        }
    }
    Ok(found)
}

/// Ids in one statement; a page of the usual length and one more.
const AT_ONCE: usize = 25;

/// Categories in use, by name, with the number of plugins in each.
///
/// # Errors
/// When the engine is away.
pub async fn categories(db: &Db) -> Result<Vec<(String, u64)>> {
    let rows = db
        .rows(
            "SELECT category, COUNT(*) AS n FROM offers WHERE channel = 'any' AND category IS NOT NULL
             GROUP BY category ORDER BY category",
            vec![],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.text("category")?, unsigned(row, "n")?)))
        .collect()
}

/// Versions of a plugin that were ever listed, newest listing first.
///
/// # Errors
/// When the engine is away.
pub async fn listed_versions(db: &Db, plugin: &PluginId) -> Result<Vec<VersionRow>> {
    let rows = db
        .rows(
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher
             WHERE v.plugin = $1 AND v.listed_at IS NOT NULL ORDER BY v.listed_at DESC, v.id DESC",
            vals![plugin],
        )
        .await?;
    rows.iter().map(VersionRow::from_row).collect()
}

/// Every version that was ever listed; those that are not offered any more keep their numbers.
///
/// # Errors
/// When the engine is away.
pub async fn ever_listed(db: &Db) -> Result<Vec<VersionRow>> {
    let rows = db
        .rows(
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher
             WHERE v.listed_at IS NOT NULL ORDER BY v.plugin, v.id",
            vec![],
        )
        .await?;
    rows.iter().map(VersionRow::from_row).collect()
}

/// The versions that have these bytes, whatever their state.
///
/// # Errors
/// When the engine is away.
pub async fn by_digest(db: &Db, digest: &px_model::Digest) -> Result<Vec<VersionRow>> {
    let rows = db
        .rows(
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher
             WHERE v.sha256 = $1",
            vals![digest],
        )
        .await?;
    rows.iter().map(VersionRow::from_row).collect()
}

/// What a plugin offers on any channel.
///
/// # Errors
/// When the engine is away.
pub async fn of_plugin(db: &Db, plugin: &PluginId) -> Result<Option<Offer>> {
    db.opt(
        "SELECT v.*, o.name AS publisher_name, o.verified,
             (SELECT COUNT(*) FROM plugin_installs i WHERE i.plugin = f.plugin) AS installs
         FROM offers f JOIN versions v ON v.id = f.version JOIN publishers o ON o.id = v.publisher
         WHERE f.channel = 'any' AND f.plugin = $1",
        vals![plugin],
    )
    .await?
    .as_ref()
    .map(offer_from)
    .transpose()
}

fn card_from(row: &px_store::Row) -> Result<Card> {
    Ok(Card {
        id: row.parse("id")?,
        plugin: row.parse("plugin")?,
        version: row.parse("version")?,
        channel: row.parse("channel")?,
        risk: risk_from(&row.text("risk")?),
        listed_at: match row.opt_time("listed_at")? {
            Some(at) => at,
            None => row.time("created_at")?,
        },
        publisher_name: row.text("publisher_name")?,
        verified: row.bool("verified")?,
        installs: unsigned(row, "installs")?,
        headline: row.json("facts")?,
    })
}

fn offer_from(row: &px_store::Row) -> Result<Offer> {
    Ok(Offer {
        row: VersionRow::from_row(row)?,
        verified: row.bool("verified")?,
        installs: unsigned(row, "installs")?,
    })
}
