//! Archive rules: each trick is refused under its id, and the plain archive is not.

use crate::context::{catalog, market};
use crate::plugin::{Plugin, found};
use crate::zip::{Raw, listed, write, write_after};
use px_review::{CheckId, Context, NotRun, Outcome, Report, Status, SubjectKind, check_bundle};

fn review(bytes: &[u8], context: &Context) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pxp");
    std::fs::write(&path, bytes).unwrap();
    check_bundle(&path, context)
}

fn context() -> Context {
    market(catalog(&[]))
}

fn good() -> Vec<Raw> {
    listed(&Plugin::good().files)
}

type Trick = (CheckId, &'static str, fn() -> Vec<u8>);

fn with(raw: Raw) -> Vec<u8> {
    let mut entries = good();
    entries.insert(0, raw);
    write(&entries)
}

fn tricks() -> Vec<Trick> {
    use CheckId as C;
    vec![
        (C::Arc01, "parent folder", || with(Raw::new("../x", "x"))),
        (C::Arc01, "absolute", || with(Raw::new("/etc/x", "x"))),
        (C::Arc01, "drive", || with(Raw::new("C:/x", "x"))),
        (C::Arc01, "backslash", || with(Raw::new("a\\..\\x", "x"))),
        (C::Arc01, "device name", || {
            with(Raw::new("assets/con.txt", "x"))
        }),
        (C::Arc02, "symbolic link", || {
            with(Raw {
                mode: 0o120_777,
                ..Raw::new("assets/link", "../../etc/passwd")
            })
        }),
        (C::Arc02, "pipe", || {
            with(Raw {
                mode: 0o010_644,
                ..Raw::new("assets/pipe", "")
            })
        }),
        (C::Arc04, "bytes after", || {
            [write(&good()), b"more".to_vec()].concat()
        }),
        (C::Arc04, "another name in the local header", || {
            with(Raw {
                local_name: Some("assets/b".to_owned()),
                ..Raw::new("assets/a", "x")
            })
        }),
        (C::Arc04, "another size than the content", || {
            with(Raw {
                declared: Some(7),
                ..Raw::new("assets/a", "x")
            })
        }),
        (C::Arc05, "letter case", || {
            let mut entries = good();
            entries.push(Raw::new("WEB-ADMIN/app.js", "x"));
            write(&entries)
        }),
        (C::Arc06, "script before it", || {
            write_after(b"#!/bin/sh\nexit\n", &good())
        }),
        (C::Arc10, "encrypted", || {
            with(Raw {
                flags: 1,
                ..Raw::new("assets/a", "x")
            })
        }),
        (C::Arc10, "unusual compression", || {
            with(Raw {
                method: 12,
                ..Raw::new("assets/a", "x")
            })
        }),
        (C::Arc11, "direction override", || {
            with(Raw::new("assets/a\u{202e}gnp.exe", "x"))
        }),
        (C::Arc11, "control character", || {
            with(Raw::new("assets/a\u{7}b", "x"))
        }),
        (C::Arc12, "file that is not listed", || {
            with(Raw::new("assets/late.txt", "x"))
        }),
        (C::Arc12, "listed file that is missing", || {
            let mut entries = good();
            entries.retain(|e| e.name != "LICENSE");
            write(&entries)
        }),
        (C::Arc12, "other content", || {
            let mut entries = good();
            entries
                .iter_mut()
                .find(|e| e.name == "LICENSE")
                .unwrap()
                .data = b"none".to_vec();
            write(&entries)
        }),
        (C::Arc12, "no list", || {
            let mut entries = good();
            entries.retain(|e| e.name != "integrity.txt");
            write(&entries)
        }),
    ]
}

#[test]
fn every_trick_is_refused_under_its_id() {
    let context = context();
    for (check, name, make) in tricks() {
        let report = review(&make(), &context);
        assert!(
            !found(&report, check).is_empty(),
            "{check} {name}: {:?}",
            report.verdict
        );
        assert_eq!(report.verdict.status, Status::Blocked, "{check} {name}");
    }
}

#[test]
fn limits_are_counted_while_streaming() {
    let mut context = context();
    context.limits.max_unpacked = 1000;
    let report = review(&with(Raw::new("assets/a", vec![b'a'; 2000])), &context);
    assert!(!found(&report, CheckId::Arc03).is_empty());
    context.limits = px_package::archive::Limits::default();
    context.limits.max_entries = 3;
    let report = review(&write(&good()), &context);
    assert!(!found(&report, CheckId::Arc03).is_empty());
}

#[test]
fn a_plain_archive_passes_every_archive_check() {
    let report = review(&write(&good()), &context());
    for info in px_review::CATALOGUE
        .iter()
        .filter(|i| i.id.as_str().starts_with("ARC"))
    {
        let outcome = report.outcome(info.id).unwrap();
        let not_applicable = Outcome::NotRun {
            reason: NotRun::NotApplicable("a bundle is a ZIP archive, tar is refused".to_owned()),
        };
        assert!(
            *outcome == Outcome::Pass || (info.id == CheckId::Arc07 && *outcome == not_applicable),
            "{}: {outcome:?}",
            info.id
        );
    }
    assert_eq!(report.subject.kind, SubjectKind::Bundle);
}

#[test]
fn a_refused_archive_is_never_complete_whatever_is_overruled() {
    let context = context();
    let report = review(&with(Raw::new("../x", "x")), &context);
    assert!(!report.complete(&context.policy));
    assert!(report.verdict.unreadable.contains(&CheckId::Sec01));
    let waivers = report.findings().map(|f| f.fingerprint).collect();
    assert_eq!(
        report
            .with_waivers(&waivers, &context.policy)
            .verdict
            .status,
        Status::Blocked
    );
}

#[test]
fn not_a_zip_and_not_there() {
    let context = context();
    for bytes in [b"".as_slice(), b"hello", &[0x1f, 0x8b, 8, 0]] {
        let report = review(bytes, &context);
        assert_eq!(
            report.verdict.status,
            Status::Blocked,
            "{bytes:?}: {:?}",
            report.verdict
        );
    }
    // A machine's trouble says nothing about the plugin.
    let report = check_bundle(std::path::Path::new("/nonexistent/a.pxp"), &context);
    assert_eq!(report.verdict.status, Status::Held);
    assert!(matches!(
        report.outcome(CheckId::Arc03),
        Some(Outcome::EngineFailed { .. })
    ));
}

#[test]
fn a_secret_on_the_border_of_two_windows_is_found_once() {
    let token = ["AKIA", "ZQ3DY7KJ5WXN2MBT"].concat();
    let mut plugin = Plugin::good();
    let mut text = vec![b' '; 16 * 1024 * 1024 - 10];
    text.extend(token.as_bytes());
    text.extend(vec![b' '; 1024 * 1024]);
    plugin.with("assets/large.txt", text);
    let report = review(&write(&listed(&plugin.files)), &context());
    let hits = found(&report, CheckId::Sec01);
    assert_eq!(hits.len(), 1, "{hits:?}");
    let bytes = hits[0].location.as_ref().unwrap().bytes.unwrap();
    assert_eq!(
        (bytes.start, bytes.end),
        (16 * 1024 * 1024 - 10, 16 * 1024 * 1024 + 10)
    );
}
