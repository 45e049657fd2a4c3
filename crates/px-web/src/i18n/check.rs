//! Finds words that are missing in a language or used without being defined; for tests.

use super::{Lang, Words};
use std::collections::BTreeSet;
use std::path::Path;

/// Keys a Fluent text defines: identifiers at the start of a line before `=`.
pub(super) fn keys_of(ftl: &str) -> Vec<String> {
    ftl.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, _)| key.trim_end())
        .filter(|key| {
            key.starts_with(|c: char| c.is_ascii_lowercase())
                && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
        .map(str::to_owned)
        .collect()
}

fn used_in(text: &str, found: &mut BTreeSet<String>) {
    for opener in ["t.t(\"", ".t(\"", "t_args(\"", ".word(\""] {
        for rest in text.split(opener).skip(1) {
            let key: String = rest.chars().take_while(|c| *c != '"').collect();
            if !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                found.insert(key);
            }
        }
    }
}

fn walk(folder: &Path, found: &mut BTreeSet<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_some_and(|e| e == "rs" || e == "html") {
            let text = std::fs::read_to_string(&path)?;
            let code = text.lines().filter(|l| !l.trim_start().starts_with("//"));
            used_in(&code.collect::<Vec<_>>().join("\n"), found);
        }
    }
    Ok(())
}

/// Says in words what is wrong with a site's words: keys only one language has, and keys that the
/// sources below the folders use as literals but nobody defines. Empty when all is well.
///
/// # Errors
/// When a folder cannot be read.
pub fn audit(words: &Words, folders: &[&Path]) -> std::io::Result<Vec<String>> {
    let (en, zh) = (words.keys(Lang::En), words.keys(Lang::ZhCn));
    let mut faults: Vec<String> = Vec::new();
    faults.extend(en.difference(&zh).map(|k| format!("zh-CN lacks {k}")));
    faults.extend(zh.difference(&en).map(|k| format!("en lacks {k}")));
    let mut used = BTreeSet::new();
    for folder in folders {
        walk(folder, &mut used)?;
    }
    faults.extend(used.difference(&en).map(|k| format!("undefined {k}")));
    Ok(faults)
}
