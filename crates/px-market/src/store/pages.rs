//! Queries that only the site's pages need: figures, series, the audit log by words.

use jiff::Timestamp;
use px_model::{PluginId, PublisherId, ReviewId, VersionState};
use px_store::{Actor, AuditRecord, Db, Result, vals};

use super::row::{VersionRow, unsigned};

/// The version under a review.
///
/// # Errors
/// [`px_store::StoreError::Missing`] when there is no such review.
pub async fn by_review(db: &Db, review: ReviewId) -> Result<VersionRow> {
    let row = db
        .one(
            "review",
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher WHERE v.review = $1",
            vals![review],
        )
        .await?;
    VersionRow::from_row(&row)
}

/// What is offered at present of the plugins that wait for a reviewer, to compare with.
///
/// # Errors
/// When the engine is away.
pub async fn offered_of_waiting(db: &Db) -> Result<Vec<VersionRow>> {
    let rows = db
        .rows(
            "SELECT v.*, o.name AS publisher_name FROM offers f JOIN versions v ON v.id = f.version
             JOIN publishers o ON o.id = v.publisher
             WHERE f.channel = 'any' AND f.plugin IN (SELECT plugin FROM versions WHERE state IN ('in_review', 'blocked'))",
            vec![],
        )
        .await?;
    rows.iter().map(VersionRow::from_row).collect()
}

/// A number that changes whenever the queue does.
///
/// # Errors
/// When the engine is away.
pub async fn queue_stamp(db: &Db) -> Result<i64> {
    let row = db
        .one(
            "stamp",
            "SELECT COUNT(*) AS n, CAST(COALESCE(SUM(revision), 0) AS BIGINT) AS r FROM versions
             WHERE state IN ('in_review', 'blocked')",
            vec![],
        )
        .await?;
    Ok(row.int("r")?.wrapping_mul(4096).wrapping_add(row.int("n")?))
}

/// How many versions wait for a reviewer, and how many of them are over their deadline.
///
/// # Errors
/// When the engine is away.
pub async fn waiting(db: &Db) -> Result<(u64, u64)> {
    let row = db
        .one(
            "count",
            "SELECT COUNT(*) AS n, CAST(COALESCE(SUM(CASE WHEN deadline <= $1 THEN 1 ELSE 0 END), 0) AS BIGINT) AS late
             FROM versions WHERE state IN ('in_review', 'blocked')",
            vals![db.env().now()],
        )
        .await?;
    Ok((unsigned(&row, "n")?, unsigned(&row, "late")?))
}

/// How many of a publisher's versions need their author.
///
/// # Errors
/// When the engine is away.
pub async fn needs_author(db: &Db, publisher: PublisherId) -> Result<u64> {
    let row = db
        .one(
            "count",
            "SELECT COUNT(*) AS n FROM versions WHERE publisher = $1
             AND state IN ('draft', 'uploading', 'changes_requested', 'blocked', 'quarantined')",
            vals![publisher],
        )
        .await?;
    unsigned(&row, "n")
}

/// How many versions entered each state since `since`.
///
/// # Errors
/// When the engine is away.
pub async fn entered(db: &Db, since: Timestamp) -> Result<Vec<(VersionState, u64)>> {
    let rows = db
        .rows(
            "SELECT state, COUNT(DISTINCT version) AS n FROM timeline WHERE at >= $1 GROUP BY state ORDER BY state",
            vals![since],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.parse("state")?, unsigned(row, "n")?)))
        .collect()
}

/// How many versions are in each state now.
///
/// # Errors
/// When the engine is away.
pub async fn states(db: &Db) -> Result<Vec<(VersionState, u64)>> {
    let rows = db
        .rows(
            "SELECT state, COUNT(*) AS n FROM versions GROUP BY state ORDER BY state",
            vec![],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.parse("state")?, unsigned(row, "n")?)))
        .collect()
}

/// When versions were listed since `since`, and the microseconds their reviews took.
///
/// # Errors
/// When the engine is away.
pub async fn reviews_since(db: &Db, since: Timestamp) -> Result<Vec<(Timestamp, i64)>> {
    let rows = db
        .rows(
            "SELECT listed_at, approval_micros FROM versions
             WHERE listed_at >= $1 AND approval_micros IS NOT NULL ORDER BY listed_at",
            vals![since],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.time("listed_at")?, row.int("approval_micros")?)))
        .collect()
}

/// The versions listed last.
///
/// # Errors
/// When the engine is away.
pub async fn newest_listed(db: &Db, limit: u32) -> Result<Vec<VersionRow>> {
    let rows = db
        .rows(
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher
             WHERE v.listed_at IS NOT NULL ORDER BY v.listed_at DESC, v.id DESC LIMIT $1",
            vals![limit],
        )
        .await?;
    rows.iter().map(VersionRow::from_row).collect()
}

/// Versions in the automated part of their review, the oldest first.
///
/// # Errors
/// When the engine is away.
pub async fn in_checks(db: &Db, limit: u32) -> Result<Vec<VersionRow>> {
    let rows = db
        .rows(
            "SELECT v.*, o.name AS publisher_name FROM versions v JOIN publishers o ON o.id = v.publisher
             WHERE v.state IN ('submitted', 'scanning') ORDER BY v.submitted_at, v.id LIMIT $1",
            vals![limit],
        )
        .await?;
    rows.iter().map(VersionRow::from_row).collect()
}

/// What tenants reported about one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeCount {
    /// Plugin.
    pub plugin: PluginId,
    /// Version number.
    pub version: String,
    /// What became of it.
    pub outcome: String,
    /// How often.
    pub count: u64,
}

/// Reports about a publisher's versions, newest listing first.
///
/// # Errors
/// When the engine is away.
pub async fn outcomes_of(db: &Db, publisher: PublisherId) -> Result<Vec<OutcomeCount>> {
    let rows = db
        .rows(
            "SELECT v.plugin, v.version, r.outcome, v.listed_at, COUNT(*) AS n
             FROM outcomes r JOIN versions v ON v.id = r.version WHERE v.publisher = $1
             GROUP BY v.plugin, v.version, r.outcome, v.listed_at ORDER BY v.listed_at DESC, v.plugin, r.outcome LIMIT 200",
            vals![publisher],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(OutcomeCount {
                plugin: row.parse("plugin")?,
                version: row.text("version")?,
                outcome: row.text("outcome")?,
                count: unsigned(row, "n")?,
            })
        })
        .collect()
}

/// Which audit entries to show.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Occurs in actor, action, subject or detail; lower case.
    pub words: Option<String>,
    /// Only actions that begin with this noun: `version`, `review`, `key`.
    pub noun: Option<String>,
    /// Only about this subject.
    pub subject: Option<String>,
    /// Only entries before this position.
    pub before: Option<i64>,
    /// At most this many.
    pub limit: u32,
}

/// Audit entries, newest first.
///
/// # Errors
/// When the engine is away.
pub async fn audit(db: &Db, query: &AuditQuery) -> Result<Vec<AuditRecord>> {
    let words = query.words.as_deref().unwrap_or_default();
    let noun = query.noun.as_deref().map(|noun| format!("{noun}."));
    let rows = db
        .rows(
            "SELECT * FROM audit
             WHERE seq < $1 AND LOWER(actor_name || ' ' || actor || ' ' || action || ' ' || subject || ' ' || id || ' ' || detail)
                 LIKE $2 ESCAPE '!'
               AND ($3 IS NULL OR SUBSTR(action, 1, LENGTH($3)) = $3) AND ($4 IS NULL OR subject = $4)
             ORDER BY seq DESC LIMIT $5",
            vals![
                query.before.unwrap_or(i64::MAX),
                contains(words),
                noun,
                query.subject.as_deref(),
                query.limit.clamp(1, 10_000)
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(AuditRecord {
                seq: row.int("seq")?,
                id: row.parse("id")?,
                at: row.time("at")?,
                actor: Actor {
                    kind: row.text("actor_kind")?,
                    id: row.text("actor")?,
                    name: row.text("actor_name")?,
                },
                action: row.text("action")?,
                subject: row.text("subject")?,
                tenant: row.opt_parse("tenant")?,
                detail: row.json("detail")?,
                prev: row.text("prev")?,
                hash: row.text("hash")?,
            })
        })
        .collect()
}

/// `LIKE` pattern for text that contains `words`; `!` makes the next character an ordinary one.
fn contains(words: &str) -> String {
    let mut pattern = String::from("%");
    for c in words.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
