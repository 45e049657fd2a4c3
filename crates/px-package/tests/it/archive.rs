use crate::zipkit::{Raw, file, stored, zip, zip_with};
use px_package::archive::{Archive, ArchiveError, Limits};
use std::io::{Cursor, Read, Write};

fn small() -> Limits {
    Limits {
        max_bytes: 1 << 20,
        max_unpacked: 4 << 20,
        max_entries: 100,
        max_ratio: 50,
        max_path: 100,
    }
}

/// Opens, reads everything, and gives the first rule that is broken.
fn first_rule(bytes: &[u8]) -> Option<&'static str> {
    let read = || -> Result<(), ArchiveError> {
        Archive::new(Cursor::new(bytes), small())?.check_contents()
    };
    match read() {
        Ok(()) => None,
        Err(error) => Some(
            error
                .faults()
                .first()
                .unwrap_or_else(|| panic!("{error}"))
                .rule,
        ),
    }
}

/// Each broken archive is refused by its rule, and its benign twin is not.
fn check(rule: &str, bad: &[u8], twin: &[u8]) {
    assert_eq!(first_rule(bad), Some(rule));
    assert_eq!(first_rule(twin), None, "the benign twin of {rule}");
}

fn one(entry: Raw) -> Vec<u8> {
    zip(&[entry])
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let bad = [
        "../x",
        "a/../x",
        "/etc/passwd",
        "C:/x",
        "a\\b",
        "a//b",
        "./a",
        "a/.",
        "aux",
        "b/NUL.txt",
        "com1.log",
        "LPT²",
        "con .txt",
        "a.",
        "a ",
        " a",
        "a:stream",
        "a?b",
        "",
    ];
    for name in bad {
        assert_eq!(
            first_rule(&one(file(name, b"x"))),
            Some("ARC-01"),
            "{name:?}"
        );
    }
    let good = [
        "a..b/c",
        ".output/x",
        "console.log",
        "com10",
        "auxiliary",
        "空/文件",
        "a b/c-d_e.mjs",
        "[id].js",
    ];
    for name in good {
        assert_eq!(first_rule(&one(file(name, b"x"))), None, "{name:?}");
    }
    let mut latin = file("x", b"x");
    latin.name = b"caf\xe9".to_vec();
    check("ARC-01", &one(latin), &one(file("café", b"x")));
    let unmarked = Raw {
        flags: 0,
        ..file("café", b"x")
    };
    check(
        "ARC-01",
        &one(unmarked),
        &one(Raw {
            flags: 0,
            ..file("cafe", b"x")
        }),
    );
}

#[test]
fn links_devices_and_special_modes_are_refused() {
    for mode in [
        0o120_777, 0o060_644, 0o010_644, 0o140_644, 0o104_755, 0o040_755,
    ] {
        let entry = |mode| {
            one(Raw {
                mode,
                ..file("a", b"target")
            })
        };
        check("ARC-02", &entry(mode), &entry(0o100_755));
    }
    let link = [0x0d, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b'x'];
    let times = [0x0d, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let entry = |extra: &[u8]| {
        one(Raw {
            extra: extra.to_vec(),
            ..file("a", b"x")
        })
    };
    check("ARC-02", &entry(&link), &entry(&times));
}

#[test]
fn sizes_are_counted_not_believed() {
    let zeros = vec![0; 3 << 20];
    check(
        "ARC-03",
        &one(file("bomb", &zeros)),
        &one(file("small", &zeros[..1 << 19])),
    );
    // It declares ten bytes and has a million.
    let liar = Raw {
        size: Some(10),
        ..file("liar", &zeros[..1 << 20])
    };
    check("ARC-03", &one(liar), &one(file("honest", &zeros[..10])));
    let many = |n: usize| {
        zip(&(0..n)
            .map(|i| file(&format!("f{i}"), b"x"))
            .collect::<Vec<_>>())
    };
    check("ARC-03", &many(101), &many(100));
    let large = |n: usize| one(stored("a", &vec![7; n]));
    check("ARC-03", &large(1 << 20), &large(1 << 19));
    check(
        "ARC-03",
        &one(file(&format!("{}x", "p/".repeat(50)), b"")),
        &one(file(&format!("{}x", "p/".repeat(40)), b"")),
    );
    let total = |n: usize| {
        zip(&(0..n)
            .map(|i| Raw {
                size: Some(1 << 20),
                ..file(&format!("f{i}"), b"x")
            })
            .collect::<Vec<_>>())
    };
    assert_eq!(first_rule(&total(5)), Some("ARC-03"));
}

#[test]
fn local_headers_and_directory_must_agree() {
    let plain = || file("a", b"hello hello hello");
    assert_eq!(first_rule(&zip(&[file("z", b"x"), plain()])), None);
    let bad = [
        (
            "another name",
            Raw {
                local_name: Some(b"b".to_vec()),
                ..plain()
            },
        ),
        (
            "another size",
            Raw {
                local_size: Some(3),
                ..plain()
            },
        ),
        (
            "another offset",
            Raw {
                offset: Some(1),
                ..plain()
            },
        ),
        (
            "a gap",
            Raw {
                gap: b"hidden".to_vec(),
                ..plain()
            },
        ),
        (
            "a wrong checksum",
            Raw {
                crc: Some(1),
                ..plain()
            },
        ),
        (
            "too few bytes",
            Raw {
                size: Some(99),
                ..plain()
            },
        ),
        (
            "bytes after the content",
            Raw {
                tail: b"hidden".to_vec(),
                ..plain()
            },
        ),
        (
            "a comment",
            Raw {
                comment: b"hello".to_vec(),
                ..plain()
            },
        ),
        (
            "ZIP64 sizes",
            Raw {
                extra: [1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0].to_vec(),
                ..plain()
            },
        ),
        (
            "a second name",
            Raw {
                extra: [0x75, 0x70, 1, 0, 1].to_vec(),
                ..plain()
            },
        ),
        (
            "a broken extra field",
            Raw {
                extra: vec![9, 9, 9],
                ..plain()
            },
        ),
        ("a folder with content", file("a/", b"x")),
    ];
    for (what, entry) in bad {
        let rule = first_rule(&zip(&[file("z", b"x"), entry]));
        let expected = if what == "a folder with content" {
            "ARC-02"
        } else {
            "ARC-04"
        };
        assert_eq!(rule, Some(expected), "{what}");
    }
}

#[test]
fn the_file_is_the_archive_and_nothing_else() {
    let plain = || file("a", b"hello hello hello");
    let ok = zip(&[plain(), file("b", b"x")]);
    let overlapping = zip(&[
        plain(),
        Raw {
            offset: Some(0),
            ..file("b", b"x")
        },
    ]);
    check("ARC-04", &overlapping, &ok);
    check("ARC-04", &zip_with(&[plain()], b"between", b""), &ok);
    check("ARC-04", &zip_with(&[plain()], b"", b"comment"), &ok);
    check("ARC-04", &[&ok[..], b"after"].concat(), &ok);
    check("ARC-04", &[b"before", &ok[..]].concat(), &ok);
    for cut in [0, 1, 21, 22, ok.len() / 2, ok.len() - 1] {
        assert_eq!(first_rule(&ok[..cut]), Some("ARC-04"), "cut at {cut}");
    }
    check("ARC-04", b"\x1f\x8b\x08 some tar.gz", &ok);
}

#[test]
fn data_descriptors_are_read_when_they_agree() {
    for descriptor in [12, 16] {
        let streamed = || Raw {
            descriptor,
            ..file("a", b"hello hello")
        };
        let lying = Raw {
            crc: Some(5),
            ..streamed()
        };
        check(
            "ARC-04",
            &zip(&[lying, file("b", b"x")]),
            &zip(&[streamed(), file("b", b"x")]),
        );
    }
}

#[test]
fn names_that_are_one_file_somewhere_are_refused() {
    let two = |a: &str, b: &str| zip(&[file(a, b"1"), file(b, b"2")]);
    for (a, b) in [
        ("a", "a"),
        ("A.txt", "a.TXT"),
        ("é", "e\u{301}"),
        ("straße", "STRASSE"),
        ("x", "x/y"),
        ("X/y/z", "x/Y"),
    ] {
        check("ARC-05", &two(a, b), &two(a, "other"));
    }
    check(
        "ARC-05",
        &two("d", "D/e"),
        &zip(&[
            Raw {
                mode: 0o040_755,
                ..stored("d/", b"")
            },
            file("d/e", b"2"),
        ]),
    );
}

#[test]
fn a_file_of_two_kinds_is_refused() {
    let ok = zip(&[file("a", b"hello")]);
    // The outer archive's comment holds a whole second archive: parsers differ in which one they find.
    check(
        "ARC-06",
        &zip_with(&[file("a", b"hello")], b"", &zip(&[file("evil", b"x")])),
        &ok,
    );
    let mut two_ends = zip_with(&[file("a", b"hello")], b"", &[b'x'; 22]);
    let at = two_ends.len() - 22;
    two_ends[at..at + 4].copy_from_slice(b"PK\x05\x06");
    two_ends[at + 20..].fill(0);
    check("ARC-06", &two_ends, &ok);
    let mut tar = one(stored(&"n".repeat(99), &[b' '; 1000]));
    tar[148..156].fill(b' ');
    let sum: u32 = tar[..512].iter().map(|&b| u32::from(b)).sum();
    tar[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    assert_eq!(first_rule(&tar), Some("ARC-06"));
    for head in [&b"MZ"[..], b"\x7fELF", b"#!/bin/sh\n", b"%PDF-1.7\n"] {
        check("ARC-06", &[head, &ok[..]].concat(), &ok);
    }
}

#[test]
fn encrypted_and_unusual_entries_are_refused() {
    let flags = |flags: u16| {
        one(Raw {
            flags: flags | 0x0800,
            ..file("a", b"hello")
        })
    };
    for bad in [1, 1 | 1 << 6, 1 << 13, 1 << 5, 1 << 14] {
        check("ARC-10", &flags(bad), &flags(0b110));
    }
    for method in [1, 9, 12, 14, 93, 95, 99] {
        let entry = Raw {
            method: Some(method),
            ..stored("a", b"hello")
        };
        check("ARC-10", &one(entry), &one(stored("a", b"hello")));
    }
    let aes = one(Raw {
        extra: [0x01, 0x99, 1, 0, 1].to_vec(),
        ..file("a", b"x")
    });
    check(
        "ARC-10",
        &aes,
        &one(Raw {
            extra: [0x55, 0x54, 1, 0, 1].to_vec(),
            ..file("a", b"x")
        }),
    );
}

#[test]
fn characters_nobody_sees_are_refused() {
    for name in [
        "a\nb",
        "a\u{7f}",
        "a\u{202e}gpj.exe",
        "a\u{200b}b",
        "\u{feff}a",
        "a\u{e0041}",
        "a\u{2066}b",
    ] {
        assert_eq!(
            first_rule(&one(file(name, b"x"))),
            Some("ARC-11"),
            "{name:?}"
        );
    }
    let fault = Archive::new(Cursor::new(one(file("a\u{202e}b", b"x"))), small())
        .err()
        .unwrap();
    assert_eq!(fault.faults()[0].entry.as_deref(), Some("a\\u{202e}b"));
    assert_eq!(first_rule(&one(file("עברית/العربية.md", b"x"))), None);
}

#[test]
fn every_fault_of_the_directory_is_named_at_once() {
    let bytes = zip(&[
        file("../a", b"x"),
        Raw {
            flags: 1,
            ..file("b", b"x")
        },
        Raw {
            mode: 0o120_777,
            ..file("c", b"x")
        },
    ]);
    let error = Archive::new(Cursor::new(bytes), small()).err().unwrap();
    let rules: Vec<_> = error.faults().iter().map(|fault| fault.rule).collect();
    assert_eq!(rules, ["ARC-01", "ARC-10", "ARC-02"]);
}

#[test]
fn archives_of_other_tools_are_read() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    writer.start_file("backend/bin/plugin", options).unwrap();
    writer.write_all(&[7; 100_000]).unwrap();
    writer.add_directory("empty", options).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let mut archive = Archive::new(Cursor::new(bytes), Limits::default()).unwrap();
    let entry = archive.entry("backend/bin/plugin").unwrap();
    assert!(entry.executable && !entry.folder && entry.size == 100_000);
    assert!(archive.entry("empty").unwrap().folder);
    assert_eq!(
        archive.read_entry("backend/bin/plugin", 100_000).unwrap(),
        [7; 100_000]
    );
    assert!(matches!(
        archive.read_entry("backend/bin/plugin", 10),
        Err(ArchiveError::TooLarge { .. })
    ));
    assert!(matches!(
        archive.read_entry("nothing", 10),
        Err(ArchiveError::NoEntry(_))
    ));
    let mut first = [0; 3];
    archive
        .entry_reader("backend/bin/plugin")
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    assert_eq!(first, [7; 3]);
}
