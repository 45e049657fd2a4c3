//! Installs as rows: columns to fields and back.

use px_store::{Actor, Result, Row, Val};
use serde_json::json;

use crate::app::fault::Blame;
use crate::app::install::{Ask, Install, Trigger};
use crate::app::ports::Facts;

pub(super) fn from_row(row: &Row) -> Result<Install> {
    let number = |column: &str| row.int(column).map(|n| u32::try_from(n).unwrap_or(0));
    Ok(Install {
        id: row.parse("id")?,
        tenant: row.parse("tenant")?,
        plugin: row.parse("plugin")?,
        name: row.text("name")?,
        version: row.parse("version")?,
        version_id: row.opt_parse("version_id")?,
        digest: row.parse("digest")?,
        size: u64::try_from(row.int("size")?).unwrap_or(0),
        source: row.text("source")?,
        trigger: Trigger::from_word(&row.text("started_by")?),
        rollout: row.opt_parse("rollout")?,
        listed: from_json(row, "listed")?,
        granted: row.json("granted")?,
        secret: row.text("secret")?,
        actor: actor_from(row)?,
        previous: from_json(row, "previous")?,
        facts: from_json::<Facts>(row, "facts")?,
        state: row.parse("state")?,
        since: row.time("state_since")?,
        due: row.time("due_at")?,
        attempts: number("attempts")?,
        transitions: number("transitions")?,
        generation: row.int("generation")?,
        ask: ask_from(row)?,
        not_before: row.opt_time("not_before")?,
        confirm_by: row.opt_time("confirm_by")?,
        migrated: row.bool("migrated")?,
        was_committed: row.bool("was_committed")?,
        problem: from_json(row, "problem")?,
        cause: row.opt_text("cause")?,
        blame: row.opt_text("blame")?.map(|w| Blame::from_word(&w)),
        rollback_at: row.opt_time("rollback_at")?,
        rollback_micros: row.opt_int("rollback_micros")?,
        created: row.time("created_at")?,
        finished: row.opt_time("finished_at")?,
    })
}

pub(super) fn ask_from(row: &Row) -> Result<Option<Ask>> {
    let ask = from_json::<(String, String)>(row, "ask")?;
    Ok(ask.map(|(word, why)| match word.as_str() {
        "rollback" => Ask::RollBack(why),
        _ => Ask::Cancel,
    }))
}

pub(super) fn ask_json(ask: &Ask) -> serde_json::Value {
    match ask {
        Ask::Cancel => json!(["cancel", ""]),
        Ask::RollBack(why) => json!(["rollback", why]),
    }
}

pub(super) fn actor_json(actor: &Actor) -> String {
    json!([actor.kind, actor.id, actor.name]).to_string()
}

fn actor_from(row: &Row) -> Result<Actor> {
    let (kind, id, name) = row.json("actor")?;
    Ok(Actor { kind, id, name })
}

/// A value as JSON text, or `NULL`.
pub(super) fn opt_json<T: serde::Serialize>(value: Option<&T>) -> Result<Val> {
    let text = value.map(serde_json::to_string).transpose()?;
    Ok(Val::Text(text))
}

/// A value from JSON text that may be `NULL`.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(
    row: &Row,
    column: &str,
) -> Result<Option<T>> {
    match row.opt_text(column)? {
        None => Ok(None),
        Some(_) => row.json(column).map(Some),
    }
}
