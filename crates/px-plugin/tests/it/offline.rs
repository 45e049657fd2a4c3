//! Making, checking, packing, signing, verifying and looking at bundles without any network.

use std::fs;

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use px_model::PublisherId;
use px_package::signature::{PublisherCa, PublisherIdentity, SigningKey, Validity};
use rand::SeedableRng;

use crate::kit::Author;

/// A key with a certificate, as `keys export --private` writes it, and the root that certified it.
pub fn certified_key() -> (String, String) {
    let mut rng = rand::rngs::StdRng::from_seed([7; 32]);
    let now = Timestamp::now();
    let validity = Validity {
        not_before: now - SignedDuration::from_hours(1),
        not_after: now + SignedDuration::from_hours(24),
    };
    let ca = PublisherCa::create(
        "Test CA",
        SigningKey::generate(&mut rng),
        validity,
        &mut rng,
    )
    .unwrap();
    let key = SigningKey::generate(&mut rng);
    let publisher = PublisherIdentity {
        name: "Example Ltd",
        id: PublisherId::from_uuid(uuid::Uuid::from_u128(1)),
        key: key.public(),
    };
    let chain = ca.issue(&publisher, validity, &mut rng).unwrap();
    (
        format!("{}{}", key.to_pem().unwrap(), chain.to_pem()),
        ca.certificate_pem(),
    )
}

#[test]
fn from_init_to_a_verified_bundle_and_one_changed_byte() {
    let author = Author::new();
    author.plugin();
    author.run(&["check", "notes"]).expect(0);
    let packed = author
        .json(&["pack", "notes", "--out", "a.pxp"])
        .expect(0)
        .json();
    assert_eq!(packed["pluginId"], "com.example.notes");

    // The same folder gives the same bytes.
    author
        .run(&["package", "notes", "--out", "b.pxp"])
        .expect(0);
    assert_eq!(
        fs::read(author.path("a.pxp")).unwrap(),
        fs::read(author.path("b.pxp")).unwrap()
    );

    // An unsigned bundle is not taken for a signed one.
    let unsigned = author.json(&["verify", "a.pxp"]).expect(1).json();
    assert_eq!(unsigned["problem"]["code"], "PX-0706");

    let (key, root) = certified_key();
    author.write("root.pem", &root);
    author.run_with_input(&["keys", "import"], &key).expect(0);
    author.run(&["sign", "a.pxp"]).expect(0);
    author.run(&["check", "a.pxp"]).expect(0);
    let verified = author
        .json(&["verify", "a.pxp", "--trust", "root.pem"])
        .expect(0)
        .json();
    assert_eq!(verified["trusted"], true);
    assert_eq!(verified["publisher"]["name"], "Example Ltd");
    // Without --trust the root of the author's own keys counts.
    assert_eq!(
        author.json(&["verify", "a.pxp"]).expect(0).json()["trusted"],
        true
    );

    let good = fs::read(author.path("a.pxp")).unwrap();
    for at in [40, good.len() / 2, good.len() - 3] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(author.path("bad.pxp"), bad).unwrap();
        let refused = author
            .json(&["verify", "bad.pxp", "--trust", "root.pem"])
            .expect(1)
            .json();
        assert!(
            refused["problem"]["remedy"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{refused}"
        );
    }
}

#[test]
fn another_root_is_not_trusted() {
    let author = Author::new();
    author.plugin();
    author.run(&["pack", "notes", "--out", "a.pxp"]).expect(0);
    author
        .run_with_input(&["keys", "import"], &certified_key().0)
        .expect(0);
    author.run(&["sign", "a.pxp"]).expect(0);
    let mut rng = rand::rngs::StdRng::from_seed([9; 32]);
    let now = Timestamp::now();
    let validity = Validity {
        not_before: now,
        not_after: now + SignedDuration::from_hours(1),
    };
    let other =
        PublisherCa::create("Other", SigningKey::generate(&mut rng), validity, &mut rng).unwrap();
    author.write("other.pem", &other.certificate_pem());
    let refused = author
        .json(&["verify", "a.pxp", "--trust", "other.pem"])
        .expect(1)
        .json();
    assert_eq!(refused["problem"]["code"], "PX-0411");
}

#[test]
fn init_refuses_to_overwrite_and_bad_names() {
    let author = Author::new();
    author.write("notes/precious.txt", "mine");
    let refused = author.run(&["init", "com.example.notes"]).expect(2);
    assert_snapshot!(refused.err, @r#"
    ✗ error PX-0701: `notes` is not empty
    help: Nothing was changed. Choose another folder with `--dir`.
    "#);
    assert_eq!(fs::read_dir(author.path("notes")).unwrap().count(), 1);
    author.run(&["init", "Notes"]).expect(2);
    author
        .run(&["init", "com.example.x", "--name", "a: [b"])
        .expect(2);
    assert!(!author.path("x").exists());
}

/// A mark such as `{{name}}` that nobody filled in.
fn unfilled(text: &str) -> bool {
    text.split("{{")
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[test]
fn every_kind_is_complete_and_says_what_to_build() {
    let author = Author::new();
    for kind in ["wasm", "process"] {
        let made = author
            .json(&[
                "init",
                "com.example.word-count",
                "--kind",
                kind,
                "--dir",
                kind,
            ])
            .expect(0)
            .json();
        assert!(
            made["build"]
                .as_array()
                .is_some_and(|steps| !steps.is_empty())
        );
        for file in made["files"].as_array().unwrap() {
            let text = author.read(&format!("{kind}/{}", file.as_str().unwrap()));
            assert!(!text.is_empty() && !unfilled(&text), "{file} of {kind}");
        }
        // The only thing that is missing is what the build makes.
        let report = author.json(&["check", kind]).expect(1).json();
        assert_eq!(report["verdict"]["blocking"][0], "MAN-01", "{report}");
        let parts = if kind == "wasm" {
            "backend/plugin.wasm"
        } else {
            "backend/bin/plugin"
        };
        assert!(report.to_string().contains(parts));
    }
}

#[test]
fn findings_show_the_place_in_the_manifest() {
    let author = Author::new();
    author.plugin();
    let manifest = author
        .read("notes/plugin.yaml")
        .replace("static_dir: web-admin", "static_dir: web-amin");
    author.write("notes/plugin.yaml", &manifest);
    let checked = author.run(&["check", "notes"]).expect(1);
    // How many checks there are is the review's business.
    let (findings, verdict) = checked.out.split_once("\n✗ blocked").unwrap();
    assert!(verdict.contains("with findings"));
    assert_snapshot!(findings, @r#"
    com.example.notes 0.1.0  10 files

    ✗ block MAN-01 `frontend.admin.static_dir` names the folder `web-amin`, which is not in the bundle
        ╭─[plugin.yaml:14:17]
     13 │     kind: static
     14 │     static_dir: web-amin
        ·                 ────┬───
        ·                     ╰── frontend.admin.static_dir
     15 │     menus:
        ╰────
      fix: build it before packing, or mend the path
    "#);
    let alone = author
        .run(&["check", "--manifest", "notes/plugin.yaml"])
        .expect(0);
    assert!(alone.out.contains("clean"));
    let refused = author.run(&["pack", "notes", "--out", "x.pxp"]).expect(1);
    assert_snapshot!(refused.err, @r#"
    ✗ error PX-0703: The local check found blocking problems
      plugin.yaml is not valid
    ✗ `frontend.admin.static_dir` names the folder `web-amin`, which is not in the bundle
      fix: build it before packing, or mend the path
        ╭─[plugin.yaml:14:17]
     13 │     kind: static
     14 │     static_dir: web-amin
        ·                 ────┬───
        ·                     ╰── frontend.admin.static_dir
     15 │     menus:
        ╰────
    help: Mend the fields above; `px-plugin check` shows everything a reviewer would see.
    "#);
    assert!(!author.path("x.pxp").exists());
}

#[test]
fn inspect_tells_everything_and_blocks_on_damage() {
    let author = Author::new();
    author.plugin();
    author.run(&["pack", "notes"]).expect(0);
    let seen = author
        .run(&["inspect", "com.example.notes-0.1.0.pxp"])
        .expect(0);
    assert_snapshot!(author.scrub(&seen.out), @r#"
    com.example.notes 0.1.0  Notes
    Counts the words and characters of a text and tells how long it takes to read.

    Kind         static
    Cores        >=1.0.0, <2.0.0
    Permissions  none
    Needs        none
    Author       example.com
    Licence      Apache-2.0
    Size         8.7 KiB, 17.5 KiB unpacked, 13 entries
    SHA-256      HEX

    ! Not signed
    "#);
    author.write("junk.pxp", "not a bundle");
    let junk = author.json(&["inspect", "junk.pxp"]).expect(1).json();
    assert_eq!(junk["manifest"], serde_json::Value::Null);
    author.run(&["inspect", "absent.pxp"]).expect(2);
}

#[test]
fn every_code_and_check_is_explained() {
    let author = Author::new();
    let list = author.json(&["explain", "--list"]).expect(0).json();
    let codes = list["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code["code"].as_str().unwrap());
    assert_eq!(codes.count(), px_api::Code::ALL.len());
    assert_eq!(
        list["checks"].as_array().unwrap().len(),
        px_review::CATALOGUE.len()
    );
    let one = author.run(&["explain", "px-0203"]).expect(0);
    assert_snapshot!(one.out, @r#"
    PX-0203  The version is not newer than the listed one

    why          On one channel versions only go up; `current` names the newest.
    help         Choose a higher number.
    HTTP status  409
    "#);
    author.run(&["explain", "arc-01"]).expect(0);
    author.run(&["explain", "PX-9999"]).expect(2);
}

#[test]
fn help_has_examples_everywhere_and_usage_errors_are_problems() {
    let author = Author::new();
    let commands = [
        "init",
        "check",
        "lint",
        "pack",
        "package",
        "sign",
        "verify",
        "inspect",
        "publish",
        "status",
        "withdraw",
        "login",
        "keys",
        "doctor",
        "version",
        "explain",
        "completions",
    ];
    for command in commands {
        let help = author.run(&[command, "--help"]).expect(0).out;
        assert!(help.contains("Examples:"), "{command}: {help}");
        assert!(
            help.lines().all(|line| line.chars().count() <= 120),
            "{command}"
        );
    }
    let wrong = author.json(&["pack", "--nonsense"]).expect(2).json();
    assert_eq!(wrong["problem"]["code"], "PX-0701");
    assert!(
        author
            .run(&["completions", "bash"])
            .expect(0)
            .out
            .contains("px-plugin")
    );
    let version = author.json(&["version"]).expect(0).json();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn quiet_prints_the_essence_alone() {
    let author = Author::new();
    author.plugin();
    let packed = author
        .run(&["pack", "notes", "--quiet", "--out", "q.pxp"])
        .expect(0);
    assert_eq!(
        packed.out.trim(),
        author.path("q.pxp").display().to_string()
    );
    assert_eq!(packed.err, "");
    assert_eq!(
        author.run(&["check", "notes", "-q"]).expect(0).out,
        "clean\n"
    );
}
