//! Audit entries and events of one transaction, written as the last thing before its commit.
//!
//! Their numbers come from counters whose rows stay locked until the commit, so that they appear in
//! its order and without gaps. Everybody who writes needs these rows: they are taken at the very end
//! and held for as few statements as can be.

use px_model::{AuditId, EventId};

use crate::audit::AuditRecord;
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

/// Statements that SQLite runs one after the other when it is asked once. They share one list of
/// values, so the numbers of their places are moved on.
#[derive(Default)]
struct Batch {
    text: String,
    vals: Vec<Val>,
}

impl Batch {
    fn add(&mut self, sql: &str, vals: Vec<Val>) {
        let before = self.vals.len();
        if !self.text.is_empty() {
            self.text.push_str(";\n");
        }
        let mut parts = sql.split('$');
        self.text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let end = part.find(|c: char| !c.is_ascii_digit());
            let (number, rest) = part.split_at(end.unwrap_or(part.len()));
            self.text.push('$');
            match number.parse::<usize>() {
                Ok(number) => self.text.push_str(&(before + number).to_string()),
                Err(_) => self.text.push_str(number),
            }
            self.text.push_str(rest);
        }
        self.vals.extend(vals);
    }

    fn add_rows(&mut self, sql: &str, rows: Vec<Vec<Val>>) {
        if !rows.is_empty() {
            let text = crate::tx::with_rows(sql, 0, &rows);
            self.add(&text, rows.into_iter().flatten().collect());
        }
    }
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
            (false, true) => &["audit"],
            (true, false) => &["outbox"],
            (false, false) => &["audit", "outbox"],
        };
        self.take_turn().await;
        let mut heads = self.heads(names).await?;
        // Read under the lock: times do not go back along the chain.
        let now = self.env().now();
        let (mut said, mut told) = (Vec::new(), Vec::new());
        for head in &mut heads {
            match head.name {
                "audit" => {
                    for (id, entry) in &entries {
                        head.value += 1;
                        let prev = std::mem::take(&mut head.hash);
                        let record = AuditRecord::follow(head.value, now, prev, *id, entry.clone());
                        head.hash.clone_from(&record.hash);
                        said.push(record.into_vals());
                    }
                }
                _ => {
                    for (id, event) in &events {
                        head.value += 1;
                        told.push(vals![
                            head.value,
                            *id,
                            now,
                            event.kind,
                            &event.source,
                            &event.subject,
                            &event.data
                        ]);
                    }
                }
            }
        }
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
