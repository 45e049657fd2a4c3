use crate::zipkit::{Raw, file, stored, zip};
use proptest::prelude::*;
use px_package::archive::{Archive, Limits};
use px_package::manifest::{expand, parse_manifest, parse_plan};
use px_package::signature::{Envelope, Revocations, examine_reader};
use std::io::{Cursor, Read};

fn yaml_like() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("id: com.x.y\n"),
        Just("version: 1.0.0\n"),
        Just("runtime:\n  kind: wasm\n  entry: a\n"),
        Just("  "),
        Just("- "),
        Just("["),
        Just("{"),
        Just("}"),
        Just("]"),
        Just("&a "),
        Just("*a"),
        Just("<<: *a\n"),
        Just("? "),
        Just(": "),
        Just("\n"),
        Just("|\n"),
        Just("'"),
        Just("\""),
        Just("!!str "),
        Just("---\n"),
        Just("permissions: "),
        Just("channels: "),
        Just("smoke: "),
        Just("catalogs: "),
        Just("é"),
        Just("\u{feff}"),
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

fn sample() -> Vec<u8> {
    let streamed = Raw {
        descriptor: 16,
        ..file("c", b"streamed")
    };
    zip(&[
        file("plugin.yaml", b"id: com.x.y\n"),
        stored("a/b", &[1, 2, 3]),
        streamed,
    ])
}

/// What we accept, another reader sees the same way: names, order and contents.
fn agrees_with_another_parser(
    archive: &mut Archive<Cursor<&Vec<u8>>>,
    bytes: &[u8],
) -> Result<(), TestCaseError> {
    let mut other =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert_eq!(other.len(), archive.entries().len());
    for entry in archive.entries().to_vec() {
        let mut theirs = Vec::new();
        let mut file = other
            .by_name(&entry.path)
            .map_err(|e| TestCaseError::fail(e.to_string()))?;
        file.read_to_end(&mut theirs)
            .map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(archive.read_entry(&entry.path, 1 << 20).unwrap(), theirs);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsers_never_panic(text in any::<String>(), shaped in yaml_like()) {
        for text in [&text, &shaped] {
            let outcome = parse_manifest(text);
            prop_assert!(outcome.manifest.is_some() || outcome.issues.iter().any(|issue| issue.severity.is_fatal()));
            let plan = parse_plan(text);
            prop_assert!(plan.plan.is_some() || !plan.issues.is_empty());
            let _ = expand(text, &|_| None);
            let _ = Envelope::from_json(text);
        }
    }

    #[test]
    fn a_usable_manifest_is_a_fixed_point_of_its_canonical_json(shaped in yaml_like()) {
        if let Some(manifest) = parse_manifest(&shaped).manifest {
            let json = manifest.canonical_json();
            let again = parse_manifest(&json).manifest.expect("canonical JSON parses");
            prop_assert_eq!(again.canonical_json(), json);
        }
    }

    #[test]
    fn mutated_archives_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>(), shorten in any::<bool>()) {
        let mut bytes = sample();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if shorten {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(mut archive) = Archive::new(Cursor::new(&bytes), Limits::default()) {
            if archive.check_contents().is_ok() {
                agrees_with_another_parser(&mut archive, &bytes)?;
            }
            let dir = tempfile::tempdir().unwrap();
            let dest = dir.path().join("d");
            prop_assert_eq!(archive.unpack(&dest).is_ok(), dest.exists());
        }
        let _ = examine_reader(Cursor::new(bytes), Limits::default(), crate::kit::now(), &Revocations::none());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Archive::new(Cursor::new(bytes), Limits::default()).is_err());
    }
}

proptest! {
    // Every file is flushed to the disk: few cases.
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_packed_is_what_is_unpacked(files in prop::collection::btree_map("(assets|reports)/f[a-zé]{0,5}(/f[a-z]{0,5})?\\.x", prop::collection::vec(any::<u8>(), 0..3000), 0..8)) {
        let dir = crate::kit::plugin_folder();
        let files: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        crate::kit::write(dir.path(), &files);
        let (out, path) = (tempfile::tempdir().unwrap(), dir.path().join("x.pxp"));
        crate::kit::pack(dir.path(), &path);
        let mut archive = Archive::open(&path).unwrap();
        archive.check_integrity().unwrap();
        let dest = out.path().join("d");
        archive.unpack(&dest).unwrap();
        for (name, bytes) in files {
            prop_assert_eq!(std::fs::read(dest.join(name)).unwrap(), bytes);
        }
    }
}
