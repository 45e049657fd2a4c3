//! Audit entries and events of one transaction, written as the last thing before its commit.
//!
//! Their numbers come from counters whose rows stay locked until the commit, so that they appear in
//! its order and without gaps. Everybody who writes needs these rows: they are taken at the very end
//! and held for as few statements as can be.

use jiff::Timestamp;
use px_model::{AuditId, EventId};

use crate::audit::AuditRecord;
use crate::batch::Batch;
use crate::{AuditEntry, Dialect, NewEvent, Result, StoreError, Tx, Val, vals};

/// What has been said so far.
#[derive(Default)]
pub(crate) struct Ground {
    pub(crate) entries: Vec<(AuditId, AuditEntry)>,
    pub(crate) events: Vec<(EventId, NewEvent)>,
}

/// Rows up to which everything goes to the engine at once: more of them would make so many different
/// texts that none is found prepared.
const FEW: usize = 4;

/// Names of the counters.
const AUDIT_HEAD: &str = "audit";
const EVENTS_HEAD: &str = "outbox";

const AUDIT: &str = "INSERT INTO audit (seq, id, at, actor_kind, actor, actor_name, action, subject, tenant, detail,
     prev, hash) VALUES {rows}";
const EVENTS: &str = "INSERT INTO outbox (seq, id, at, kind, source, subject, data) VALUES {rows}";
const HEADS: &str = "UPDATE counters SET value = head.column2, hash = head.column3
     FROM (VALUES {rows}) AS head WHERE counters.name = head.column1";

/// The last number of a counter, and the hash that goes with it.
struct Head {
    name: &'static str,
    value: i64,
    hash: String,
}

impl Tx {
    /// Runs `late`, then gives everything that was said its number and writes it.
    pub(crate) async fn write_ground(&mut self, late: Vec<(&'static str, Vec<Val>)>) -> Result<()> {
        let mut batch = Batch::default();
        if self.dialect() == Dialect::Sqlite && late.len() <= FEW {
            late.into_iter()
                .for_each(|(sql, vals)| batch.add(sql, vals));
        } else {
            for (sql, vals) in late {
                self.exec(sql, vals).await?;
            }
        }
        let Ground { entries, events } = std::mem::take(&mut self.ground);
        let names: &[&'static str] = match (entries.is_empty(), events.is_empty()) {
            (true, true) => return self.exec_batch(batch).await,
            (false, true) => &[AUDIT_HEAD],
            (true, false) => &[EVENTS_HEAD],
            (false, false) => &[AUDIT_HEAD, EVENTS_HEAD],
        };
        self.take_turn().await;
        let mut heads = self.heads(names).await?;
        // Read under the lock: times do not go back along the chain.
        let now = self.env().now();
        let (said, told) = numbered(&mut heads, entries, events, now);
        let heads = heads
            .into_iter()
            .map(|head| vals![head.name, head.value, head.hash])
            .collect();
        if said.len() <= FEW && told.len() <= FEW {
            if self.dialect() == Dialect::Postgres {
                let inserts = [(AUDIT, said), (EVENTS, told)];
                return self.exec_with(inserts, (HEADS, heads)).await;
            }
            batch.add_rows(AUDIT, said);
            batch.add_rows(EVENTS, told);
            batch.add_rows(HEADS, heads);
            return self.exec_batch(batch).await;
        }
        self.exec_batch(batch).await?;
        self.exec_rows(AUDIT, vec![], said).await?;
        self.exec_rows(EVENTS, vec![], told).await?;
        self.exec_rows(HEADS, vec![], heads).await.map(drop)
    }

    /// Counters, locked until the end; always in the order of their names, so that nobody waits in a
    /// circle. On SQLite the transaction is the only one that writes.
    async fn heads(&mut self, names: &[&'static str]) -> Result<Vec<Head>> {
        let sql = match self.dialect() {
            Dialect::Sqlite => {
                "SELECT name, value, hash FROM counters WHERE name IN ($1, $2) ORDER BY name"
            }
            Dialect::Postgres => {
                "SELECT name, value, hash FROM counters WHERE name IN ($1, $2) ORDER BY name FOR UPDATE"
            }
        };
        let (first, last) = (names[0], names[names.len() - 1]);
        let rows = self.rows(sql, vals![first, last]).await?;
        if rows.len() != names.len() {
            return Err(StoreError::Missing("counter"));
        }
        names
            .iter()
            .zip(&rows)
            .map(|(name, row)| {
                Ok(Head {
                    name,
                    value: row.int("value")?,
                    hash: row.text("hash")?,
                })
            })
            .collect()
    }

    async fn exec_batch(&mut self, batch: Batch) -> Result<()> {
        if batch.text.is_empty() {
            return Ok(());
        }
        // Constants of this program with numbered places put in.
        let text = sqlx::AssertSqlSafe(batch.text);
        self.exec(text, batch.vals).await.map(drop)
    }

    /// `last`, and before it those of `inserts` that have rows, in one statement.
    async fn exec_with(
        &mut self,
        inserts: [(&'static str, Vec<Vec<Val>>); 2],
        last: (&'static str, Vec<Vec<Val>>),
    ) -> Result<()> {
        let (mut parts, mut all) = (Vec::new(), Vec::new());
        for (n, (sql, rows)) in inserts.into_iter().enumerate() {
            if !rows.is_empty() {
                let text = crate::tx::with_rows(sql, all.len(), &rows);
                parts.push(format!("w{n} AS ({text})"));
                all.extend(rows.into_iter().flatten());
            }
        }
        let (sql, rows) = last;
        let text = crate::tx::with_rows(sql, all.len(), &rows);
        all.extend(rows.into_iter().flatten());
        let text = format!("WITH {} {text}", parts.join(", "));
        // Constants of this program with numbered places put in.
        self.exec(sqlx::AssertSqlSafe(text), all).await.map(drop)
    }
}

/// The rows of what was said, each with its number, and of an entry with the hash that follows from
/// all before it; the heads are the last ones afterwards.
fn numbered(
    heads: &mut [Head],
    entries: Vec<(AuditId, AuditEntry)>,
    events: Vec<(EventId, NewEvent)>,
    now: Timestamp,
) -> (Vec<Vec<Val>>, Vec<Vec<Val>>) {
    let (mut said, mut told) = (Vec::new(), Vec::new());
    let (mut entries, mut events) = (Some(entries), Some(events));
    for head in heads {
        if head.name == AUDIT_HEAD {
            for (id, entry) in entries.take().unwrap_or_default() {
                head.value += 1;
                let prev = std::mem::take(&mut head.hash);
                let record = AuditRecord::follow(head.value, now, prev, id, entry);
                head.hash.clone_from(&record.hash);
                said.push(record.into_vals());
            }
        } else {
            for (id, event) in events.take().unwrap_or_default() {
                head.value += 1;
                let NewEvent {
                    kind,
                    source,
                    subject,
                    data,
                } = event;
                told.push(vals![head.value, id, now, kind, source, subject, data]);
            }
        }
    }
    (said, told)
}
