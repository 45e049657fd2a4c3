//! Canonical JSON: one text per value, so that digests and signatures compare.

use serde_json::Value;
use std::fmt::Write as _;

/// Writes a value with keys sorted by their UTF-8 bytes, two spaces of indentation and a final newline.
///
/// The order does not depend on how the map was built, and numbers are written as they are held:
/// integers exactly, other numbers in their shortest form.
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, Some(0));
    out.push('\n');
    out
}

/// The same order of keys on one line, for payloads that are signed.
pub(crate) fn compact_json(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, None);
    out
}

fn write_value(out: &mut String, value: &Value, indent: Option<usize>) {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| (None, item)).collect();
            write_block(out, ['[', ']'], &items, indent);
        }
        Value::Object(map) => {
            let mut items: Vec<_> = map.iter().map(|(k, v)| (Some(k.as_str()), v)).collect();
            items.sort_by_key(|(key, _)| *key);
            write_block(out, ['{', '}'], &items, indent);
        }
        scalar => {
            let _ = write!(out, "{scalar}"); // writing to a String cannot fail
        }
    }
}

fn write_block(
    out: &mut String,
    [open, close]: [char; 2],
    items: &[(Option<&str>, &Value)],
    indent: Option<usize>,
) {
    out.push(open);
    let inner = indent.map(|level| level + 1);
    for (position, (key, value)) in items.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        new_line(out, inner);
        if let Some(key) = key {
            let _ = write!(out, "{}:", Value::from(*key));
            if indent.is_some() {
                out.push(' ');
            }
        }
        write_value(out, value, inner);
    }
    if !items.is_empty() {
        new_line(out, indent);
    }
    out.push(close);
}

fn new_line(out: &mut String, indent: Option<usize>) {
    if let Some(level) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    }
}
