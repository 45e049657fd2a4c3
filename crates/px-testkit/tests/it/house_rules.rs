//! Rules about source text that no compiler knows.

use crate::sources::{Source, sources};

fn crates() -> Vec<Source> {
    sources(&["crates"], &[".rs"])
        .into_iter()
        .filter(|s| s.path.contains("/src/"))
        .collect()
}

fn report(faults: &[String]) {
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn clock_randomness_and_environment_are_passed_in() {
    // `Instant` is allowed: it measures, it does not tell the time.
    const SURROUNDINGS: &[&str] = &[
        "Timestamp::now(",
        "Zoned::now(",
        "SystemTime::now(",
        "Utc::now(",
        "Local::now(",
        "rand::fill",
        "rand::rng(",
        "rand::random",
        "rand::make_rng",
        "thread_rng(",
        "OsRng",
        "SysRng",
        "getrandom::",
        "Uuid::new_v4",
        "Uuid::now_v7",
        "env::var",
        "env::args",
        "env::temp_dir",
        "env::current_dir",
        "env::home_dir",
    ];
    let mut faults = Vec::new();
    for source in crates() {
        if matches!(
            source.crate_name(),
            "px-server" | "px-plugin" | "px-testkit" | "px-bench"
        ) || source.path == "crates/px-store/src/env.rs"
        {
            continue;
        }
        for (number, line) in source.code() {
            if let Some(word) = SURROUNDINGS.iter().find(|word| contains_path(line, word)) {
                faults.push(format!("{}:{number}: {word}", source.path));
            }
        }
    }
    report(&faults);
}

/// Whether `line` names `path`, not merely something that ends in it (`operand::`).
fn contains_path(line: &str, path: &str) -> bool {
    line.match_indices(path)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[test]
fn statements_stand_in_store_folders_only() {
    const STARTS: &[&str] = &[
        "SELECT ",
        "INSERT INTO ",
        "DELETE FROM ",
        "CREATE TABLE ",
        "UPDATE ",
    ];
    let mut faults = Vec::new();
    for source in crates() {
        if matches!(source.crate_name(), "px-store" | "px-work" | "px-testkit")
            || source.path.contains("/store/")
            || source.path.ends_with("/store.rs")
        {
            continue;
        }
        for (number, line) in source.code() {
            let text = line.trim_start().trim_start_matches(['r', '#', '"']);
            let in_quotes = |start: &&str| line.contains(&format!("\"{start}"));
            if STARTS
                .iter()
                .any(|start| text.starts_with(*start) || in_quotes(start))
            {
                faults.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    report(&faults);
}

#[test]
fn use_cases_know_neither_web_server_nor_templates() {
    let mut faults = Vec::new();
    for source in crates().iter().filter(|s| s.path.contains("/app/")) {
        for (number, line) in source.code() {
            if ["axum::", "askama", "sqlx::", "tower_http::"]
                .iter()
                .any(|w| line.contains(w))
            {
                faults.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    report(&faults);
}

#[test]
fn files_and_functions_keep_to_their_size() {
    let mut faults = Vec::new();
    for source in sources(&["crates", "xtask"], &[".rs"]) {
        let lines: Vec<_> = source.text.lines().collect();
        if lines.len() > 500 {
            faults.push(format!(
                "{}: {} lines, at most 500",
                source.path,
                lines.len()
            ));
        }
        for (start, length) in functions(&lines) {
            if length > 100 {
                let name = lines[start].trim();
                faults.push(format!(
                    "{}:{}: {length} lines, at most 100: {name}",
                    source.path,
                    start + 1
                ));
            }
        }
    }
    report(&faults);
}

/// First line and length of every function; rustfmt puts its last brace below its first letter.
fn functions(lines: &[&str]) -> Vec<(usize, usize)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let begins = |line: &str| {
        let text = line.trim_start();
        let words: Vec<_> = text.split(' ').take(5).collect();
        words.contains(&"fn") && !text.starts_with("//") && !text.ends_with(';')
    };
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate().filter(|(_, line)| begins(line)) {
        if line.trim_end().ends_with('}') {
            continue;
        }
        let end = lines[start..].iter().position(|l| {
            indent(l) == indent(line) && (l.trim() == "}" || l.trim_end().ends_with(';'))
        });
        if let Some(length) = end {
            found.push((start, length + 1));
        }
    }
    found
}

#[test]
fn nothing_is_left_for_later() {
    // Put together, so that this file does not hold them.
    let put = |words: &[&str]| words.iter().map(|w| w.replace('-', "")).collect::<Vec<_>>();
    let notes = put(&["TO-DO", "FIX-ME", "X-XX", "HA-CK"]);
    let macros = put(&["to-do!(", "unim-plemented!("]);
    let kinds = [".rs", ".toml", ".sql", ".sh", ".md"];
    let mut faults = Vec::new();
    for source in sources(&["crates", "xtask", "docs", "deploy", ".ci"], &kinds) {
        for (number, line) in source.text.lines().enumerate() {
            // In code a word may be data, such as what a check looks for; a note is a comment.
            let note = match source.path.rsplit('.').next() {
                Some("rs") => line.split_once("//").map_or("", |(_, note)| note),
                Some("toml" | "sh") => line.split_once('#').map_or("", |(_, note)| note),
                Some("sql") => line.split_once("--").map_or("", |(_, note)| note),
                _ => line,
            };
            let left =
                notes.iter().any(|w| has_word(note, w)) || macros.iter().any(|w| line.contains(w));
            if left {
                faults.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    report(&faults);
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let letter = |c: char| c.is_alphanumeric() || c == '_';
        !line[..at].ends_with(letter) && !line[at + word.len()..].starts_with(letter)
    })
}

#[test]
fn no_file_names_the_place_where_it_was_written() {
    let mut faults = Vec::new();
    let places = ["/wo-rk/", "/ro-ot/", "/ho-me/runner"].map(|w| w.replace('-', ""));
    for source in sources(
        &["crates", "xtask", "docs", "deploy", "samples"],
        &[".rs", ".md", ".toml", ".sh", ".html"],
    ) {
        for (number, line) in source.text.lines().enumerate() {
            if places.iter().any(|place| line.contains(place.as_str())) {
                faults.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    report(&faults);
}
