//! The audit log: append-only, hash-chained, written in the transaction it speaks of.

use jiff::Timestamp;
use px_model::{AuditId, TenantId};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{Db, Result, Row, Tx, Val, vals};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// `account`, `token`, `installation` or `system`.
    pub kind: String,
    /// Stable id; never a secret.
    pub id: String,
    /// Name for people.
    pub name: String,
}

impl Actor {
    /// A part of the program itself, such as `sweeper`.
    #[must_use]
    pub fn system(part: &str) -> Self {
        Self {
            kind: "system".to_owned(),
            id: part.to_owned(),
            name: part.to_owned(),
        }
    }
}

/// Something to be recorded.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// Who.
    pub actor: Actor,
    /// What, as `noun.verb`: `install.committed`.
    pub action: String,
    /// About which thing, by id.
    pub subject: String,
    /// Whose tenant it concerns, when one.
    pub tenant: Option<TenantId>,
    /// Before, after, reason; no secrets.
    pub detail: Value,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// Position in the chain, from 1, without gaps.
    pub seq: i64,
    /// Its id, shown to whoever did it.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: String,
    /// About which thing.
    pub subject: String,
    /// Whose tenant.
    pub tenant: Option<TenantId>,
    /// Before, after, reason.
    pub detail: Value,
    /// Hash of the entry before.
    pub prev: String,
    /// SHA-256 over `prev` and this entry's canonical JSON.
    pub hash: String,
}

/// What a walk over the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditVerdict {
    /// Entries looked at.
    pub entries: i64,
    /// Hash of the last one.
    pub head: String,
    /// First entry that does not fit, with the reason; `None` when the chain is whole.
    pub first_bad: Option<(i64, String)>,
}

/// Which entries to show.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only this tenant's.
    pub tenant: Option<TenantId>,
    /// Only about this subject.
    pub subject: Option<String>,
    /// Only entries before this position, newest first.
    pub before: Option<i64>,
    /// At most this many.
    pub limit: u32,
}

impl Tx {
    /// Records an entry; answers its id so that people can be shown it. It gets its place in the
    /// chain with the commit, which fails when it cannot be written.
    ///
    /// # Errors
    /// None at present; the caller's transaction must not commit when there is one.
    #[expect(clippy::unused_async, reason = "writing may become part of it again")]
    pub async fn audit(&mut self, entry: AuditEntry) -> Result<AuditId> {
        let id = AuditId::from_uuid(self.env().uuid());
        self.ground.entries.push((id, entry));
        Ok(id)
    }
}

impl AuditRecord {
    /// The entry that follows one with the hash `prev`.
    pub(crate) fn follow(
        seq: i64,
        at: Timestamp,
        prev: String,
        id: AuditId,
        entry: AuditEntry,
    ) -> Self {
        let mut record = Self {
            seq,
            id,
            at,
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            tenant: entry.tenant,
            detail: entry.detail,
            prev,
            hash: String::new(),
        };
        record.hash = record.computed_hash();
        record
    }

    fn computed_hash(&self) -> String {
        let body = json!({
            "seq": self.seq, "id": self.id, "at": self.at.as_microsecond(), "actorKind": self.actor.kind,
            "actor": self.actor.id, "actorName": self.actor.name, "action": self.action,
            "subject": self.subject, "tenant": self.tenant, "detail": canonical(&self.detail),
        });
        let mut hasher = Sha256::new();
        hasher.update(self.prev.as_bytes());
        hasher.update(b"\n");
        hasher.update(canonical(&body).to_string());
        hex::encode(hasher.finalize())
    }

    /// In the order of the table's columns.
    pub(crate) fn into_vals(self) -> Vec<Val> {
        vals![
            self.seq,
            self.id,
            self.at,
            self.actor.kind,
            self.actor.id,
            self.actor.name,
            self.action,
            self.subject,
            self.tenant,
            self.detail,
            self.prev,
            self.hash
        ]
    }

    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
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
    }
}

/// Sorts object keys at every depth, so that the text does not depend on how a map is built.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let sorted: std::collections::BTreeMap<_, _> =
                map.iter().map(|(k, v)| (k, canonical(v))).collect();
            Value::Object(sorted.into_iter().map(|(k, v)| (k.clone(), v)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

/// Entries, newest first.
///
/// # Errors
/// When the engine is away.
pub async fn list_audit(db: &Db, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
    let rows = db
        .rows(
            "SELECT * FROM audit
             WHERE ($1 IS NULL OR tenant = $1) AND ($2 IS NULL OR subject = $2) AND seq < $3
             ORDER BY seq DESC LIMIT $4",
            vals![
                filter.tenant,
                filter.subject.as_deref(),
                filter.before.unwrap_or(i64::MAX),
                filter.limit.clamp(1, 1000)
            ],
        )
        .await?;
    rows.iter().map(AuditRecord::from_row).collect()
}

/// Walks the chain from the first entry and names the first one that was changed, removed or added.
///
/// # Errors
/// When the engine is away.
pub async fn verify_audit(db: &Db) -> Result<AuditVerdict> {
    let mut verdict = AuditVerdict {
        entries: 0,
        head: String::new(),
        first_bad: None,
    };
    // Read first: entries written during the walk are beyond it and left for the next one.
    let counter = db
        .one(
            "counter",
            "SELECT value, hash FROM counters WHERE name = 'audit'",
            vec![],
        )
        .await?;
    let (last, head) = (counter.int("value")?, counter.text("hash")?);
    loop {
        let rows = db
            .rows(
                "SELECT * FROM audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT 1000",
                vals![verdict.entries, last],
            )
            .await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let expected = verdict.entries + 1;
            let fault = match AuditRecord::from_row(row) {
                Err(e) => Some(e.to_string()),
                Ok(r) if r.seq != expected => Some("the entry is missing".to_owned()),
                Ok(r) if r.prev != verdict.head => {
                    Some("does not follow the entry before it".to_owned())
                }
                Ok(r) if r.computed_hash() != r.hash => Some("its content was changed".to_owned()),
                Ok(r) => {
                    verdict.entries = r.seq;
                    verdict.head = r.hash;
                    None
                }
            };
            if let Some(reason) = fault {
                verdict.first_bad = Some((expected, reason));
                return Ok(verdict);
            }
        }
    }
    if verdict.entries != last || verdict.head != head {
        verdict.first_bad = Some((verdict.entries + 1, "the entry is missing".to_owned()));
    }
    Ok(verdict)
}
