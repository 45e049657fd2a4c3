//! Folders, keys and bundles to test with.

use jiff::Timestamp;
use px_model::PublisherId;
use px_package::pack::{PackOptions, Packed, pack_file};
use px_package::signature::{
    CertificateChain, PublisherCa, PublisherIdentity, SigningKey, TrustRoots, Validity,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub const WASM_MANIFEST: &str = "\
id: com.example.notes
name: Notes
version: 1.0.0
corex_version: \">=0.1.0, <1.0.0\"
runtime:
  kind: wasm
  entry: backend/plugin.wasm
permissions: [\"notes:read\", \"kv:write\"]
";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn now() -> Timestamp {
    at("2026-06-01T00:00:00Z")
}

pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

pub fn write(root: &Path, files: &[(&str, &[u8])]) {
    for (name, bytes) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

pub fn plugin_folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let files: [(&str, &[u8]); 4] = [
        ("plugin.yaml", WASM_MANIFEST.as_bytes()),
        ("backend/plugin.wasm", b"\0asm\x0d\0\x01\0"),
        ("CHANGELOG.md", b"# 1.0.0\n\n- first\n"),
        (
            "web-admin/index.html",
            b"<!doctype html><title>Notes</title>",
        ),
    ];
    write(dir.path(), &files);
    dir
}

pub fn pack(dir: &Path, out: &Path) -> Packed {
    pack_file(dir, PackOptions::default(), out).unwrap()
}

pub struct Signer {
    pub ca: PublisherCa,
    pub key: SigningKey,
    pub chain: CertificateChain,
}

pub const VALIDITY: (&str, &str) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");

pub fn signer(seed: u64) -> Signer {
    let mut rng = rng(seed);
    let ca_validity = Validity {
        not_before: at("2020-01-01T00:00:00Z"),
        not_after: at("2040-01-01T00:00:00Z"),
    };
    let ca_key = SigningKey::generate(&mut rng);
    let ca = PublisherCa::create("Test Publisher CA", ca_key, ca_validity, &mut rng).unwrap();
    let key = SigningKey::generate(&mut rng);
    let identity = PublisherIdentity {
        name: "Example Ltd",
        id: "org_0000000000000000000000000000002a"
            .parse::<PublisherId>()
            .unwrap(),
        key: key.public(),
    };
    let validity = Validity {
        not_before: at(VALIDITY.0),
        not_after: at(VALIDITY.1),
    };
    let chain = ca.issue(&identity, validity, &mut rng).unwrap();
    Signer { ca, key, chain }
}

impl Signer {
    pub fn roots(&self) -> TrustRoots {
        TrustRoots::from_fingerprints([self.ca.fingerprint()])
    }
}

/// A signed bundle in a folder of its own.
pub fn signed_bundle(signer: &Signer) -> (TempDir, PathBuf) {
    let source = plugin_folder();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.pxp");
    pack(source.path(), &path);
    px_package::signature::sign_bundle(&path, &signer.key, &signer.chain, now(), &path).unwrap();
    (dir, path)
}
