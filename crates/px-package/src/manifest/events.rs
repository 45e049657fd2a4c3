//! `events` in the shapes that exist.

use super::field::{Field, Findings};
use super::model::{Events, Topic};
use super::yaml::Data;

const PRODUCES: [&str; 5] = ["produces", "produce", "publishes", "publish", "emits"];
const CONSUMES: [&str; 5] = ["consumes", "consume", "subscribes", "subscribe", "listens"];

/// Reads lists below `produces`/`publishes` and `consumes`/`subscribes`; or one list of topics that are sent;
/// or a mapping from topic to description. Elements are texts or mappings with `topic`, `name`, `type` or `id`.
pub fn events(field: &Field<'_>, findings: &mut Findings) -> Events {
    let Some(node) = field.node() else {
        return Events::default();
    };
    match &node.data {
        Data::List(_) => Events {
            produces: topics(field, findings),
            consumes: Vec::new(),
        },
        Data::Map(entries) => {
            let is_word = |key: &str| PRODUCES.contains(&key) || CONSUMES.contains(&key);
            if entries.iter().any(|(key, _)| is_word(&key.text)) {
                let mut list = |words: [&str; 5]| {
                    let fields = words.iter().map(|word| field.get(word));
                    fields.flat_map(|field| topics(&field, findings)).collect()
                };
                Events {
                    produces: list(PRODUCES),
                    consumes: list(CONSUMES),
                }
            } else {
                by_topic(field, findings)
            }
        }
        Data::Scalar(_) => {
            findings.block(
                field,
                "`events` is neither a list nor a mapping",
                "write `produces` and `consumes` with lists of topics",
            );
            Events::default()
        }
    }
}

/// `topic.name: description`, or `topic.name: {description, direction}`.
fn by_topic(field: &Field<'_>, findings: &mut Findings) -> Events {
    let mut events = Events::default();
    for (name, entry) in field.entries(findings) {
        let is_map = entry
            .node()
            .is_some_and(|node| matches!(node.data, Data::Map(_)));
        let is_list = entry
            .node()
            .is_some_and(|node| matches!(node.data, Data::List(_)));
        let description = match (is_map, is_list) {
            (true, _) => entry.get("description").text(findings),
            (_, true) => None,
            _ => entry.text(findings),
        };
        let direction = if is_map {
            entry.get("direction").text(findings)
        } else {
            None
        };
        let topic = Topic {
            topic: name.to_owned(),
            description: description.filter(|text| !text.is_empty()),
        };
        if direction.is_some_and(|word| CONSUMES.contains(&word.as_str()) || word == "in") {
            events.consumes.push(topic);
        } else {
            events.produces.push(topic);
        }
    }
    events
}

fn topics(field: &Field<'_>, findings: &mut Findings) -> Vec<Topic> {
    let mut found = Vec::new();
    for item in field.items(findings) {
        if !item
            .node()
            .is_some_and(|node| matches!(node.data, Data::Map(_)))
        {
            found.extend(item.text(findings).map(|topic| Topic {
                topic,
                description: None,
            }));
            continue;
        }
        let name = ["topic", "name", "type", "id"].map(|key| item.get(key));
        match name.iter().find(|field| field.is_present()) {
            Some(name) => found.extend(name.text(findings).map(|topic| Topic {
                topic,
                description: item.get("description").text(findings),
            })),
            None => findings.block(
                &item,
                format!("`{}` names no topic", item.path),
                "add `topic: orders.created`",
            ),
        }
    }
    found
}
