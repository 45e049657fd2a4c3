//! Holds the table "May use" of `ARCHITECTURE.md` against what the crates depend on.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::sources::{root, sources};

/// Allowed dependencies per crate, in the order of the table.
fn allowed() -> Vec<(String, BTreeSet<String>)> {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let rows: Vec<(String, String)> = page
        .lines()
        .filter_map(|line| {
            let cells: Vec<_> = line
                .trim()
                .trim_matches('|')
                .split('|')
                .map(str::trim)
                .collect();
            let name = cells.first()?.strip_prefix('`')?.strip_suffix('`')?;
            let uses = cells.last()?;
            (cells.len() == 3 && name.starts_with("px-"))
                .then(|| (name.to_owned(), (*uses).to_owned()))
        })
        .collect();
    let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    rows.iter()
        .enumerate()
        .map(|(at, (name, uses))| (name.clone(), read(uses, &names, at)))
        .collect()
}

/// Reads one cell: `–`, a list, `all above but x and y`, or `all`.
fn read(cell: &str, names: &[&str], at: usize) -> BTreeSet<String> {
    let full = |short: &str| format!("px-{}", short.trim());
    if let Some(but) = cell.strip_prefix("all above but") {
        let but: Vec<String> = but.split(" and ").map(full).collect();
        let above = names[..at].iter().map(|n| (*n).to_owned());
        return above.filter(|name| !but.contains(name)).collect();
    }
    if cell.starts_with("all") {
        return names.iter().map(|n| (*n).to_owned()).collect();
    }
    cell.split(',')
        .filter(|s| s.trim() != "–")
        .map(full)
        .collect()
}

/// Dependencies within the workspace, by crate: ordinary and build ones, then those of tests.
fn actual() -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    list(&metadata["packages"])
        .iter()
        .map(|package| {
            let (mut used, mut tests) = (BTreeSet::new(), BTreeSet::new());
            for dependency in list(&package["dependencies"]) {
                if dependency["path"].is_null() {
                    continue;
                }
                let name = dependency["name"].as_str().unwrap_or_default().to_owned();
                if dependency["kind"] == "dev" {
                    tests.insert(name);
                } else {
                    used.insert(name);
                }
            }
            let name = package["name"].as_str().unwrap_or_default().to_owned();
            (name, (used, tests))
        })
        .collect()
}

#[test]
fn crates_use_only_what_the_table_allows() {
    let allowed = allowed();
    let actual = actual();
    let listed: BTreeSet<_> = allowed.iter().map(|(name, _)| name.clone()).collect();
    let present: BTreeSet<_> = actual
        .keys()
        .filter(|n| n.starts_with("px-"))
        .cloned()
        .collect();
    assert_eq!(listed, present, "the table and the crates");
    assert!(present.len() <= 15, "no more than fifteen rooms");

    let mut wrong = Vec::new();
    for (name, may) in &allowed {
        for used in &actual[name].0 {
            if !may.contains(used) {
                wrong.push(format!("{name} may not use {used}"));
            }
            // The demo shows where notices arrive; see the next test. The benchmarks are no product.
            if used == "px-testkit" && !matches!(name.as_str(), "px-server" | "px-bench") {
                wrong.push(format!("{name} uses px-testkit outside its tests"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn of_the_servers_only_the_demo_borrows_from_the_kit() {
    for source in sources(&["crates/px-server/src"], &[".rs"]) {
        let borrows = source.code().any(|(_, line)| line.contains("px_testkit"));
        assert!(
            !borrows || source.path.contains("/src/demo/"),
            "{}",
            source.path
        );
    }
}

#[test]
fn the_market_and_the_core_never_meet_in_code_not_even_in_tests() {
    let actual = actual();
    for (one, other) in [("px-market", "px-core"), ("px-core", "px-market")] {
        let (used, tests) = &actual[one];
        assert!(
            !used.contains(other) && !tests.contains(other),
            "{one} → {other}"
        );
    }
}

#[test]
fn the_repository_commands_depend_on_nothing() {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let xtask = packages
        .iter()
        .find(|p| p["name"] == "xtask")
        .expect("xtask");
    assert_eq!(xtask["dependencies"].as_array().map(Vec::len), Some(0));
}
