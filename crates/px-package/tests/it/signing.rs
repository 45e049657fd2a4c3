use crate::kit::{self, now, signed_bundle, signer};
use px_package::archive::Limits;
use px_package::signature::{Revocations, examine_reader, verify_bundle};
use std::io::Cursor;

#[test]
fn a_signed_bundle_is_believed() {
    let signer = signer(1);
    let (_dir, path) = signed_bundle(&signer);
    let verified = verify_bundle(&path, &signer.roots(), now(), &Revocations::none()).unwrap();
    assert_eq!(verified.manifest.id.as_str(), "com.example.notes");
    assert_eq!(verified.publisher.name, "Example Ltd");
    assert_eq!(
        verified.publisher.key_fingerprint,
        signer.key.public().fingerprint()
    );
    assert_eq!(verified.size, std::fs::metadata(&path).unwrap().len());
    let names: Vec<_> = verified.entries.iter().map(|e| e.path.as_str()).collect();
    insta::assert_debug_snapshot!(names, @r#"
    [
        "CHANGELOG.md",
        "backend/plugin.wasm",
        "manifest.json",
        "plugin.yaml",
        "sbom.cdx.json",
        "web-admin/index.html",
        "integrity.txt",
        "manifest.signature",
    ]
    "#);
}

#[test]
fn one_changed_byte_anywhere_is_found() {
    let signer = signer(1);
    let (_dir, path) = signed_bundle(&signer);
    let good = std::fs::read(&path).unwrap();
    let check = |bytes: Vec<u8>| {
        let examined = examine_reader(
            Cursor::new(bytes),
            Limits::default(),
            now(),
            &Revocations::none(),
        );
        examined.and_then(|examined| examined.trust(&signer.roots()))
    };
    assert!(check(good.clone()).is_ok());
    for position in 0..good.len() {
        let mask = 1_u8 << (position % 8);
        let mut bytes = good.clone();
        bytes[position] ^= mask;
        assert!(
            check(bytes).is_err(),
            "byte {position} ^ {mask:#x} went unnoticed"
        );
    }
    for extra in [&b"\0"[..], b"PK\x05\x06"] {
        assert!(check([&good[..], extra].concat()).is_err());
        assert!(check([extra, &good[..]].concat()).is_err());
    }
    let _ = kit::VALIDITY;
}
