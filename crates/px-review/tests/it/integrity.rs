//! ARC-12: the bundle's files and its `integrity.txt` say the same, or the bundle is blocked.

use crate::context::{catalog, market};
use crate::plugin::{Plugin, found};
use crate::zip::{Raw, listed, write};
use px_review::{CheckId, Outcome, Report, check_bundle};

const LIST: &str = "integrity.txt";

fn review(entries: &[Raw]) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pxp");
    std::fs::write(&path, write(entries)).unwrap();
    check_bundle(&path, &market(catalog(&[])))
}

fn good() -> Vec<Raw> {
    listed(&Plugin::good().files)
}

/// The good bundle with its list changed.
fn with_list(change: impl Fn(&str) -> String) -> Vec<Raw> {
    let mut entries = good();
    let list = entries.iter_mut().find(|e| e.name == LIST).unwrap();
    let text = String::from_utf8(list.data.clone()).unwrap();
    let changed = change(&text);
    assert_ne!(changed, text, "nothing was changed");
    list.data = changed.into_bytes();
    entries
}

/// Without the line of a path.
fn unlisted(text: &str, path: &str) -> String {
    let kept = text.split_inclusive('\n');
    kept.filter(|line| !line.trim_end().ends_with(&format!("  {path}")))
        .collect()
}

/// What the check says about each disagreement, and about which file.
fn said(entries: &[Raw]) -> Vec<String> {
    let report = review(entries);
    let blocked = report.verdict.blocking.contains(&CheckId::Arc12);
    let said: Vec<String> = found(&report, CheckId::Arc12)
        .iter()
        .map(|f| {
            let file = f.location.as_ref().map_or("", |l| l.file.as_str());
            format!("{file}: {}", f.seen.replace('`', ""))
        })
        .collect();
    assert_eq!(blocked, !said.is_empty(), "{said:?}");
    said
}

#[test]
fn a_bundle_that_agrees_with_its_list_passes() {
    let report = review(&good());
    assert_eq!(report.outcome(CheckId::Arc12), Some(&Outcome::Pass));
}

#[test]
fn every_disagreement_is_named_with_its_file() {
    let mut extra = good();
    extra.push(Raw::new("web-admin/late.js", "steal();"));
    assert_eq!(
        said(&extra),
        ["web-admin/late.js: the file is not listed in integrity.txt"]
    );

    let dropped = with_list(|text| unlisted(text, "web-admin/app.js"));
    assert_eq!(
        said(&dropped),
        ["web-admin/app.js: the file is not listed in integrity.txt"]
    );

    let mut missing = good();
    missing.retain(|e| e.name != "web-admin/app.js");
    let told = said(&missing);
    assert_eq!(told.len(), 1, "{told:?}");
    let named = told[0].contains("web-admin/app.js") && told[0].contains("missing");
    assert!(named, "{told:?}");

    let mut other = good();
    let app = other.iter_mut().find(|e| e.name == "web-admin/app.js");
    app.unwrap().data = b"steal();".to_vec();
    assert_eq!(
        said(&other),
        ["web-admin/app.js: the file has another digest than integrity.txt says"]
    );

    let mut none = good();
    none.retain(|e| e.name != LIST);
    assert_eq!(said(&none), [": the bundle has no integrity.txt"]);
}

#[test]
fn all_disagreements_are_told_at_once() {
    let mut entries = with_list(|text| unlisted(text, "README.md"));
    entries.retain(|e| e.name != "LICENSE");
    let app = entries.iter_mut().find(|e| e.name == "web-admin/app.js");
    app.unwrap().data = b"steal();".to_vec();
    let told = said(&entries).join("\n");
    for part in ["README.md", "LICENSE", "web-admin/app.js"] {
        assert!(told.contains(part), "no {part} in {told}");
    }
}

#[test]
fn a_list_in_another_form_is_refused() {
    let forms: [(&str, fn(&str) -> String); 5] = [
        ("a path twice", |text| {
            let first = text.split_inclusive('\n').next().unwrap();
            format!("{first}{text}")
        }),
        ("out of order", |text| {
            let mut lines: Vec<_> = text.split_inclusive('\n').collect();
            lines.reverse();
            lines.concat()
        }),
        ("short digests", |text| {
            text.lines()
                .map(|line| format!("{}\n", &line[1..]))
                .collect()
        }),
        ("a path that climbs out", |text| {
            format!("{}  ../outside\n{text}", "0".repeat(64))
        }),
        ("no end of the last line", |text| text.trim_end().to_owned()),
    ];
    for (case, change) in forms {
        assert!(!said(&with_list(change)).is_empty(), "{case}");
    }
}
