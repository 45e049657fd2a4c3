//! Files named by `catalogs`, merged into the manifest.

use super::field::{Field, Findings, bundle_path};
use super::yaml::{Data, Key, Node, parse};
use crate::issue::Severity;

/// Keys of `catalogs` that name files; each is also the top-level key its content goes to.
pub const CATALOG_KEYS: [&str; 5] = ["capabilities", "exposure", "agent_tools", "events", "rbac"];

/// Reads a file of the bundle as text; `None` when there is none.
pub type ReadFile<'f> = dyn FnMut(&str) -> Option<String> + 'f;

/// Puts the content of every catalog file in its place and drops `catalogs`.
///
/// A file either holds its key at the top (`events: …`, possibly with other keys) or is the value itself.
/// A key that is already in the manifest is MAN-03: two places for one fact.
pub fn merge(root: &mut Node, read: &mut ReadFile<'_>, findings: &mut Findings) {
    let snapshot = root.clone();
    let catalogs = Field::root(&snapshot).get("catalogs");
    for key in CATALOG_KEYS {
        let field = catalogs.get(key);
        for path in field.texts(findings) {
            if let Some(node) = load(&field, &path, read, findings) {
                insert(root, key, node, &field, findings);
            }
        }
    }
    if let Data::Map(entries) = &mut root.data {
        entries.retain(|(key, _)| key.text != "catalogs");
    }
}

fn load(
    field: &Field<'_>,
    path: &str,
    read: &mut ReadFile<'_>,
    findings: &mut Findings,
) -> Option<Node> {
    let Some(inside) = bundle_path(path) else {
        findings.block(
            field,
            format!("`{path}` does not name a place inside the bundle"),
            "write a path relative to plugin.yaml",
        );
        return None;
    };
    let Some(text) = read(&inside) else {
        findings.block(
            field,
            format!("the catalog file `{inside}` is not there, or is not text"),
            "add the file, or mend the path",
        );
        return None;
    };
    match parse(&text) {
        Ok(Some(node)) => Some(node),
        Ok(None) => {
            findings.warn(
                field,
                format!("the catalog file `{inside}` is empty"),
                "fill it or remove the line",
            );
            None
        }
        Err(fault) => {
            let message = format!("in `{inside}` line {}: {}", fault.place.line, fault.message);
            findings.add(fault.rule, Severity::Block, field, message, fault.remedy);
            None
        }
    }
}

fn insert(root: &mut Node, key: &str, node: Node, field: &Field<'_>, findings: &mut Findings) {
    let additions = match node.data {
        Data::Map(entries) if entries.iter().any(|(k, _)| k.text == key) => entries,
        _ => vec![(
            Key {
                text: key.to_owned(),
                place: field.place(),
            },
            node,
        )],
    };
    let Data::Map(entries) = &mut root.data else {
        return;
    };
    for (key, value) in additions {
        if entries.iter().any(|(present, _)| present.text == key.text) {
            findings.add(
                "MAN-03",
                Severity::Block,
                field,
                format!(
                    "`{}` stands in plugin.yaml or another catalog, and in this file too",
                    key.text
                ),
                "keep it in one place",
            );
        } else {
            entries.push((key, value));
        }
    }
}
