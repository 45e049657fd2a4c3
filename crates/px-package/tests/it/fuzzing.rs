//! Everything the fuzzers ever found worth keeping, through the same entry points.

use crate::kit::{at, now, rng, signed_bundle, signer, write};
use px_api::market::{Artifact, FeedPage, ListedVersion};
use px_model::{Channel, Event, Risk, VersionState};
use px_package::listing::{ListingStatement, sign_listing};
use px_package::sha256;
use px_package::signature::SigningKey;
use serde_json::json;
use std::path::{Path, PathBuf};

#[path = "../../../../fuzz/src/lib.rs"]
mod entries;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn replay(target: &str, entry: fn(&[u8])) {
    let mut inputs = 0;
    for folder in ["corpus", "seeds"] {
        let Ok(found) = std::fs::read_dir(fuzz().join(folder).join(target)) else {
            continue;
        };
        for file in found {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let outcome = std::panic::catch_unwind(|| entry(&bytes));
            assert!(outcome.is_ok(), "{}", path.display());
            inputs += 1;
        }
    }
    assert!(inputs >= 5, "{inputs} inputs for {target}");
}

#[test]
fn the_corpus_of_archives_is_read_without_a_fault() {
    replay("archive", entries::archive);
}

#[test]
fn the_corpus_of_manifests_is_read_without_a_fault() {
    replay("manifest", entries::manifest);
}

#[test]
fn the_corpus_of_signatures_is_read_without_a_fault() {
    replay("signature", entries::signature);
}

#[test]
fn the_corpus_of_feeds_is_read_without_a_fault() {
    replay("feed", entries::feed);
}

/// The seeds from which the fuzzers begin are made here, so that they follow the formats:
/// `PX_UPDATE_SEEDS=1` writes them anew.
#[test]
fn the_seeds_are_what_the_formats_are_now() {
    let signer = signer(7);
    let (_folder, path) = signed_bundle(&signer);
    let bundle = std::fs::read(path).unwrap();
    let key = SigningKey::generate(&mut rng(8));
    let made: Vec<(&str, Vec<u8>)> = vec![
        ("signed.pxp", bundle.clone()),
        ("listing.pub", key.public().as_bytes().to_vec()),
        ("archive/signed.pxp", bundle.clone()),
        ("signature/envelope.json", envelope(&bundle)),
        ("signature/chain.pem", signer.chain.to_pem().into_bytes()),
        ("signature/certificates", certificates(&signer.chain)),
        (
            "signature/key.pem",
            signer.key.public().to_pem().unwrap().into_bytes(),
        ),
        ("feed/listed.json", page(&bundle, &key)),
        (
            "feed/empty.json",
            br#"{"events":[],"next":0,"head":0}"#.to_vec(),
        ),
        ("manifest/small.yaml", crate::kit::WASM_MANIFEST.into()),
    ];
    if std::env::var_os("PX_UPDATE_SEEDS").is_some() {
        let files: Vec<_> = made.iter().map(|(n, b)| (*n, b.as_slice())).collect();
        write(&fuzz().join("seeds"), &files);
    }
    for (name, bytes) in &made {
        let found = std::fs::read(fuzz().join("seeds").join(name)).unwrap();
        assert_eq!(&found, bytes, "{name}: run with PX_UPDATE_SEEDS=1");
    }
}

/// The content of the signature's entry: stored, last, before the directory.
fn envelope(bundle: &[u8]) -> Vec<u8> {
    let mut archive =
        px_package::archive::Archive::new(std::io::Cursor::new(bundle), Default::default())
            .unwrap();
    archive.read_entry("manifest.signature", 1 << 16).unwrap()
}

fn certificates(chain: &px_package::signature::CertificateChain) -> Vec<u8> {
    let parts = chain.certificates().iter().map(|der| {
        let length = u16::try_from(der.len()).unwrap().to_be_bytes();
        [&length[..], der].concat()
    });
    std::iter::once(vec![0])
        .chain(parts)
        .collect::<Vec<_>>()
        .concat()
}

fn page(bundle: &[u8], key: &SigningKey) -> Vec<u8> {
    let size = bundle.len() as u64;
    let statement = ListingStatement {
        plugin_id: "com.example.notes".parse().unwrap(),
        version: "1.0.0".parse().unwrap(),
        version_id: "ver_0000000000000000000000000000002b".parse().unwrap(),
        digest: sha256(bundle),
        size,
        channel: Channel::Stable,
        listed_at: now(),
        permissions: vec!["notes:read".parse().unwrap()],
        risk: Risk::Low,
    };
    let listing = sign_listing(&statement, key).unwrap();
    let listed = ListedVersion {
        version_id: statement.version_id,
        plugin_id: statement.plugin_id,
        name: "Notes".to_owned(),
        summary: "Keeps notes.".to_owned(),
        publisher: "Example Ltd".to_owned(),
        version: statement.version,
        channel: statement.channel,
        state: VersionState::Listed,
        artifact: Artifact {
            sha256: statement.digest,
            size,
        },
        bundle_url: "/api/marketplace/bundles/notes".to_owned(),
        permissions: statement.permissions,
        dependencies: Vec::new(),
        corex_version: Some(">=0.1.0".to_owned()),
        kind: "wasm".to_owned(),
        risk: statement.risk,
        notes: Some("- first".to_owned()),
        rollout: Some(
            json!({"channels": [{"name": "stable", "rollout": {"batches": [
            {"percentage": 100, "startAt": "2026-06-02T00:00:00Z"}]}}], "autoUpgrade": true}),
        ),
        listed_at: statement.listed_at,
        listing: serde_json::from_str(&listing).unwrap(),
    };
    let event = Event {
        specversion: "1.0".to_owned(),
        id: "evt_1".to_owned(),
        source: "/marketplace".to_owned(),
        kind: px_model::event_type::PLUGIN_APPROVED.to_owned(),
        subject: listed.version_id.to_string(),
        time: at("2026-06-01T00:00:00Z"),
        datacontenttype: "application/json".to_owned(),
        data: json!({ "listed": listed }),
        sequence: Some(1),
    };
    let page = FeedPage {
        events: vec![event],
        next: 1,
        head: 1,
    };
    serde_json::to_vec(&page).unwrap()
}
