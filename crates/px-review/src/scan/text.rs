//! Which files are text, and where in them something stands.

use super::View;
use crate::report::Location;
use std::borrow::Cow;

/// What a text file is written in, as far as the scanners care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// JavaScript and its relatives.
    Script,
    /// HTML, SVG and single-file components with scripts inside.
    Markup,
    /// Other programming languages and style sheets.
    Code,
    /// Settings: YAML, JSON, TOML, `.env` and the like.
    Config,
    /// Prose and everything else.
    Other,
}

/// The file's name without folders.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The ending after the last dot, in lower case.
pub(crate) fn extension(path: &str) -> String {
    name(path)
        .rsplit_once('.')
        .map_or_else(String::new, |(_, e)| e.to_ascii_lowercase())
}

/// Judges by the name.
pub(crate) fn language(path: &str) -> Language {
    if name(path).starts_with(".env") {
        return Language::Config;
    }
    match extension(path).as_str() {
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "tsx" | "mts" | "cts" => Language::Script,
        "html" | "htm" | "xhtml" | "svg" | "vue" | "svelte" => Language::Markup,
        "css" | "scss" | "less" | "go" | "rs" | "py" | "sh" | "bash" | "lua" | "rb" | "php"
        | "java" | "kt" | "c" | "h" | "cpp" | "cs" | "sql" | "ps1" | "bat" | "wat" | "wit"
        | "proto" => Language::Code,
        "yaml" | "yml" | "json" | "toml" | "ini" | "conf" | "cfg" | "properties" | "env"
        | "config" | "tfvars" | "npmrc" | "pypirc" | "netrc" => Language::Config,
        _ => Language::Other,
    }
}

/// Documents and reports that later checks read.
pub(crate) fn is_kept(path: &str) -> bool {
    let upper = name(path).to_ascii_uppercase();
    let document = !path.contains("node_modules/")
        && ["README", "CHANGELOG", "LICENSE", "LICENCE", "COPYING"]
            .iter()
            .any(|p| upper.starts_with(p));
    document
        || path == px_package::names::MANIFEST_JSON
        || path.starts_with("reports/")
        || path.starts_with("LICENSES/")
}

/// The window as text, when it is: UTF-8 but for characters cut at the borders, and no NUL bytes.
pub(crate) fn decode<'a>(view: &View<'a>) -> Option<Cow<'a, str>> {
    let head = &view.bytes[..view.bytes.len().min(8192)];
    if head.contains(&0) || matches!(language(view.path), Language::Other) && !view.whole {
        return None;
    }
    match std::str::from_utf8(view.bytes) {
        Ok(text) => Some(Cow::Borrowed(text)),
        // The last character continues in the next window, which holds it as a whole.
        Err(e) if e.error_len().is_none() && !view.whole => {
            std::str::from_utf8(&view.bytes[..e.valid_up_to()])
                .ok()
                .map(Cow::Borrowed)
        }
        // A few odd bytes do not make a script harmless: scanners see it as a browser would.
        Err(_) if !matches!(language(view.path), Language::Other) => {
            Some(String::from_utf8_lossy(view.bytes))
        }
        Err(_) => None,
    }
}

/// Line and column (from 1) and bytes of something in a window that was decoded without loss.
pub(crate) fn locate(view: &View<'_>, text: &str, start: usize, end: usize) -> Location {
    let start_byte = view.offset + start as u64;
    let mut location = Location::range(view.path, start_byte, view.offset + end as u64);
    if view.first() {
        let start = (0..=start.min(text.len()))
            .rev()
            .find(|i| text.is_char_boundary(*i))
            .unwrap_or(0);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        location.line = u32::try_from(before.bytes().filter(|b| *b == b'\n').count() + 1).ok();
        location.column = u32::try_from(before[line_start..].chars().count() + 1).ok();
    }
    location
}

/// Code around a place, for fingerprints: the line, or what of a long line is near.
pub(crate) fn snippet(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    let from = bytes[..start]
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |i| i + 1);
    let to = bytes[end..]
        .iter()
        .position(|b| *b == b'\n')
        .map_or(bytes.len(), |i| end + i);
    &bytes[from.max(start.saturating_sub(80))..to.min(end + 80)]
}
