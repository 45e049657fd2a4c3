//! The audit log as a table: who did what, about which thing, what changed, and its place in the
//! chain.

use super::{Column, Empty, Filter, ListQuery, Row, Table, avatar, copyable, facts, time};
use crate::html::Html;
use crate::http::Export;
use crate::i18n::T;
use px_store::AuditRecord;
use serde_json::{Value, json};

/// What an entry is about, as people call it.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// Its name; the id when empty.
    pub name: String,
    /// Where it is shown; empty for nowhere.
    pub href: String,
}

/// A page of the audit log. `subject` names what an entry is about.
pub fn audit_table<'a>(
    t: &'a T,
    query: &'a ListQuery,
    found: &[AuditRecord],
    next: Option<String>,
    about: Filter,
    subject: impl Fn(&AuditRecord) -> Subject,
) -> Table<'a> {
    let none = Empty::new("history", t.t("audit-none"), t.t("audit-none-text"));
    Table::new(t, query, t.t("audit-title"))
        .search(t.t("audit-search"))
        .filter(about)
        .column(Column::new(t.t("audit-when")))
        .column(Column::new(t.t("audit-who")))
        .column(Column::new(t.t("audit-what")))
        .column(Column::new(t.t("audit-subject")))
        .column(Column::new(t.t("audit-detail")))
        .rows(found.iter().map(|r| row(t, r, &subject(r))))
        .next(next)
        .empty(none)
        .export()
}

fn row(t: &T, record: &AuditRecord, subject: &Subject) -> Row {
    let when = time(t, record.at);
    let when = Html::trusted(format!(
        r#"{when}<br><small class="px-muted">#{}</small>"#,
        record.seq
    ));
    let kind = t.find(&format!("audit-by-{}", record.actor.kind));
    let kind = kind.unwrap_or_else(|| record.actor.kind.clone());
    Row::new([
        when,
        Row::lead(
            &avatar(&record.actor.name),
            &actor_words(t, record),
            "",
            &kind,
        ),
        Html::text(&audit_words(t, &record.action)),
        about(t, record, subject),
        detail(t, record),
    ])
}

/// A part of the program by its name for people; people by their own.
fn actor_words(t: &T, record: &AuditRecord) -> String {
    let part = (record.actor.kind == "system").then(|| {
        t.find(&format!(
            "audit-part-{}",
            record.actor.name.replace('_', "-")
        ))
    });
    part.flatten().unwrap_or_else(|| record.actor.name.clone())
}

/// What was done, in words; the code itself when there are none.
#[must_use]
pub fn audit_words(t: &T, action: &str) -> String {
    let key = format!("did-{}", action.replace(['.', '_'], "-"));
    t.find(&key).unwrap_or_else(|| action.to_owned())
}

fn about(t: &T, record: &AuditRecord, subject: &Subject) -> Html {
    if subject.name.is_empty() {
        return copyable(t, &record.subject);
    }
    let id = short(&record.subject);
    Row::lead(&Html::empty(), &subject.name, &subject.href, &id)
}

/// Enough of an id to tell it from others.
fn short(id: &str) -> String {
    let n = id.chars().count();
    if n <= 16 {
        return id.to_owned();
    }
    let head: String = id.chars().take(8).collect();
    let tail: String = id.chars().skip(n - 4).collect();
    format!("{head}…{tail}")
}

/// What changed, with the entry's id and place in the chain.
fn detail(t: &T, record: &AuditRecord) -> Html {
    let mut lines = Vec::new();
    flatten(&record.detail, "", &mut lines);
    let rows: Vec<(String, Html)> = lines
        .into_iter()
        .map(|(name, value)| (name, Html::text(&value)))
        .chain([
            (t.t("audit-action"), copyable(t, &record.action)),
            (t.t("audit-subject"), copyable(t, &record.subject)),
            (t.t("audit-entry"), copyable(t, &record.id.to_string())),
            (t.t("audit-hash"), copyable(t, &record.hash)),
        ])
        .collect();
    let (facts, word) = (facts(&rows), Html::text(&t.t("audit-show")));
    Html::trusted(format!(
        r#"<details class="px-detail"><summary>{word}</summary><div class="pt-2">{facts}</div></details>"#
    ))
}

fn flatten(value: &Value, path: &str, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(inner, &path, out);
            }
        }
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => out.push((path.to_owned(), text.clone())),
        other => out.push((path.to_owned(), other.to_string())),
    }
}

/// The same entries as a file.
#[must_use]
pub fn audit_export(found: &[AuditRecord]) -> Export {
    let columns = vec![
        "seq",
        "id",
        "at",
        "actorKind",
        "actor",
        "actorName",
        "action",
        "subject",
        "tenant",
        "detail",
        "prev",
        "hash",
    ];
    let rows = found.iter().map(|r| {
        vec![
            json!(r.seq),
            json!(r.id),
            json!(r.at),
            json!(r.actor.kind),
            json!(r.actor.id),
            json!(r.actor.name),
            json!(r.action),
            json!(r.subject),
            json!(r.tenant),
            json!(r.detail.to_string()),
            json!(r.prev),
            json!(r.hash),
        ]
    });
    Export::new("audit", columns).rows(rows)
}
