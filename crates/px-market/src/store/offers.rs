//! What is offered: the newest listed version per plugin and channel, ready to be searched.

use jiff::Timestamp;
use px_model::PluginId;
use px_store::{Db, Result, Tx, vals};

use super::row::{VersionRow, unsigned};

/// Channel under which a plugin's newest version of any channel is found (stable before beta).
pub const ANY: &str = "any";

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct OfferQuery {
    /// Every one of these words occurs in id, name, summary or category; lower case.
    pub words: Vec<String>,
    /// Only this category.
    pub category: Option<String>,
    /// `stable`, `beta` or [`ANY`].
    pub channel: String,
    /// Only what comes after this one.
    pub after: Option<(Timestamp, PluginId)>,
    /// At most this many.
    pub limit: u32,
}

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

/// Takes everything a plugin offers away.
///
/// # Errors
/// When the engine is away.
pub async fn clear(tx: &mut Tx, plugin: &PluginId) -> Result<()> {
    tx.exec("DELETE FROM offers WHERE plugin = $1", vals![plugin])
        .await?;
    Ok(())
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

/// A page of results, newest listing first.
///
/// # Errors
/// When the engine is away.
pub async fn search(db: &Db, query: &OfferQuery) -> Result<Vec<Offer>> {
    let [a, b, c, d] = patterns(&query.words);
    let (at, plugin) = match &query.after {
        Some((at, plugin)) => (at.as_microsecond(), plugin.as_str().to_owned()),
        None => (i64::MAX, String::new()),
    };
    let rows = db
        .rows(
            "SELECT v.*, o.name AS publisher_name, o.verified,
                 (SELECT COUNT(*) FROM plugin_installs i WHERE i.plugin = f.plugin) AS installs
             FROM offers f JOIN versions v ON v.id = f.version JOIN publishers o ON o.id = v.publisher
             WHERE f.channel = $1 AND ($2 IS NULL OR f.category = $2) AND f.search LIKE $3 ESCAPE '!'
               AND f.search LIKE $4 ESCAPE '!' AND f.search LIKE $5 ESCAPE '!' AND f.search LIKE $6 ESCAPE '!'
               AND (f.listed_at < $7 OR (f.listed_at = $7 AND f.plugin > $8))
             ORDER BY f.listed_at DESC, f.plugin LIMIT $9",
            vals![&query.channel, query.category.as_deref(), a, b, c, d, at, plugin, query.limit],
        )
        .await?;
    rows.iter().map(offer_from).collect()
}

/// How many results there are in all.
///
/// # Errors
/// When the engine is away.
pub async fn count(db: &Db, query: &OfferQuery) -> Result<u64> {
    let [a, b, c, d] = patterns(&query.words);
    let row = db
        .one(
            "count",
            "SELECT COUNT(*) AS n FROM offers f
             WHERE f.channel = $1 AND ($2 IS NULL OR f.category = $2) AND f.search LIKE $3 ESCAPE '!'
               AND f.search LIKE $4 ESCAPE '!' AND f.search LIKE $5 ESCAPE '!' AND f.search LIKE $6 ESCAPE '!'",
            vals![&query.channel, query.category.as_deref(), a, b, c, d],
        )
        .await?;
    unsigned(&row, "n")
}

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

fn offer_from(row: &px_store::Row) -> Result<Offer> {
    Ok(Offer {
        row: VersionRow::from_row(row)?,
        verified: row.bool("verified")?,
        installs: unsigned(row, "installs")?,
    })
}

/// `%word%` four times; words beyond the fourth follow it in order. `!` makes the next character an
/// ordinary one.
fn patterns(words: &[String]) -> [String; 4] {
    let mut patterns = [const { String::new() }; 4];
    for (n, word) in words.iter().enumerate() {
        let pattern = &mut patterns[n.min(3)];
        pattern.push('%');
        for c in word.chars() {
            if matches!(c, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(c);
        }
    }
    for pattern in &mut patterns {
        pattern.push('%');
    }
    patterns
}
