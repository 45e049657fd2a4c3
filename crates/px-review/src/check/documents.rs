//! What people read (DOC-01): a changelog entry for this version, a README of its own, links that lead somewhere.

use super::Subject;
use crate::catalogue::CheckId;
use crate::report::{Finding, Location};
use crate::scan::Facts;
use crate::sink::Sink;

/// Marks a README that `px-plugin init` wrote and nobody has edited; authors remove the line.
pub const README_TEMPLATE_MARK: &str = "<!-- px-plugin:template -->";

/// Placeholders of common templates.
const TEMPLATE_WORDS: &[&str] = &[
    README_TEMPLATE_MARK,
    "TODO: describe your plugin",
    "Describe your plugin here",
    "Look at the [Nuxt documentation]",
    "This template should help get you started developing with Vue",
    "Getting Started with Create React App",
];

pub(crate) fn check(subject: &Subject<'_>, sink: &mut Sink) {
    let Some(facts) = subject.facts else {
        return;
    };
    sink.ran(CheckId::Doc01);
    changelog(facts, &subject.manifest.version.to_string(), sink);
    readme(facts, sink);
}

fn add(sink: &mut Sink, file: &str, line: Option<usize>, seen: String, remedy: &str) {
    let line = line.and_then(|l| u32::try_from(l).ok());
    sink.add(Finding::new(CheckId::Doc01, seen, remedy).at(Location {
        line,
        ..Location::file(file)
    }));
}

/// The document of this name at the root, whatever its letter case.
fn root<'f>(facts: &'f Facts, name: &str) -> Option<&'f str> {
    facts
        .kept
        .keys()
        .map(String::as_str)
        .find(|path| path.eq_ignore_ascii_case(name))
}

fn changelog(facts: &Facts, version: &str, sink: &mut Sink) {
    let Some((path, text)) =
        root(facts, "CHANGELOG.md").and_then(|p| Some((p, facts.document(p)?)))
    else {
        let seen = "there is no changelog".to_owned();
        return add(
            sink,
            "CHANGELOG.md",
            None,
            seen,
            "add one with an entry for each version",
        );
    };
    let mut lines = text.lines().enumerate();
    let Some((at, _)) = lines.find(|(_, line)| line.starts_with('#') && mentions(line, version))
    else {
        let seen = format!("there is no entry for version {version}");
        let remedy = format!("add a heading such as `## {version}` and say what changed");
        return add(sink, path, None, seen, &remedy);
    };
    let said = lines
        .map(|(_, line)| line.trim())
        .take_while(|line| !is_entry(line))
        .any(|line| !line.is_empty() && !line.starts_with('#'));
    if !said {
        add(
            sink,
            path,
            Some(at + 1),
            format!("the entry for version {version} is empty"),
            "say what changed",
        );
    }
    links(facts, path, &text, sink);
}

/// A heading of the level at which versions stand.
fn is_entry(line: &str) -> bool {
    (line.starts_with("# ") || line.starts_with("## "))
        && line.contains(|c: char| c.is_ascii_digit())
}

/// Whether the version stands in the line as a word of its own.
fn mentions(line: &str, version: &str) -> bool {
    let part = |c: Option<char>| {
        c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))
    };
    line.match_indices(version).any(|(at, _)| {
        let before = line[..at].chars().next_back().filter(|c| *c != 'v');
        let mut after = line[at + version.len()..].chars();
        let next = after.next();
        !part(before) && (!part(next) || next == Some('.') && !part(after.next()))
    })
}

fn readme(facts: &Facts, sink: &mut Sink) {
    let Some((path, text)) = root(facts, "README.md").and_then(|p| Some((p, facts.document(p)?)))
    else {
        let seen = "there is no README.md".to_owned();
        return add(
            sink,
            "README.md",
            None,
            seen,
            "say what the plugin does, for whom, and how it is set up",
        );
    };
    if let Some(word) = TEMPLATE_WORDS.iter().find(|w| text.contains(**w)) {
        let line = text.lines().position(|l| l.contains(word)).map(|i| i + 1);
        add(
            sink,
            path,
            line,
            "README.md is still the template".to_owned(),
            "write your own, and remove this line",
        );
    }
    links(facts, path, &text, sink);
}

/// Relative links and images of a document must lead to files of the bundle.
fn links(facts: &Facts, document: &str, text: &str, sink: &mut Sink) {
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        for target in targets(line) {
            if let Some(path) = inside(document, target).filter(|path| !exists(facts, path)) {
                let seen = format!("`{target}` leads to `{path}`, which is not in the bundle");
                add(
                    sink,
                    document,
                    Some(number + 1),
                    seen,
                    "add the file, or mend the link",
                );
            }
        }
    }
}

/// Targets of `[…](target)` and `src="target"` in a line.
fn targets(line: &str) -> Vec<&str> {
    let after = |mark: &'static str, end: &'static [char]| {
        line.match_indices(mark).filter_map(move |(at, _)| {
            let rest = &line[at + mark.len()..];
            let stop = rest.find(end)?;
            rest[..stop].split_whitespace().next()
        })
    };
    after("](", &[')']).chain(after("src=\"", &['"'])).collect()
}

/// The path in the bundle that a link means; none for links to elsewhere.
fn inside(document: &str, target: &str) -> Option<String> {
    let target = target
        .trim_matches(['<', '>'])
        .split(['#', '?'])
        .next()
        .unwrap_or_default();
    if target.is_empty()
        || target.starts_with(['/', '{', '$'])
        || target.contains("://")
        || target.contains(':')
    {
        return None;
    }
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/").replace("%20", " "))
}

fn exists(facts: &Facts, path: &str) -> bool {
    let below = format!("{path}/");
    let next = facts.files.range(below.clone()..).next();
    facts.has(path) || next.is_some_and(|file| file.starts_with(&below))
}
