//! What the fuzz targets do with their input: the parsers of everything that strangers send, and
//! the promises that hold for whatever they accept. `px-package` replays the corpus through the
//! same functions in its ordinary tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use px_api::market::{FeedPage, ListedVersion};
use px_package::archive::{Archive, Limits, parse_integrity};
use px_package::listing::verify_listing;
use px_package::manifest::{PublishPlan, parse_manifest, parse_manifest_with, parse_plan};
use px_package::signature::{
    CertificateChain, Envelope, PublicKey, Revocations, TrustRoots, examine_reader,
};
use std::io::Cursor;

/// A small bundle with a good signature; the target `signature` puts others in its place.
const SIGNED: &[u8] = include_bytes!("../seeds/signed.pxp");
/// The key that signed the listings among the seeds.
const LISTING_KEY: &[u8; 32] = include_bytes!("../seeds/listing.pub");

/// Small bounds, so that an input is judged quickly.
fn limits() -> Limits {
    Limits {
        max_bytes: 1 << 20,
        max_unpacked: 8 << 20,
        max_entries: 200,
        ..Limits::default()
    }
}

fn at() -> Timestamp {
    Timestamp::from_second(1_780_272_000).expect("a time in June 2026")
}

/// A ZIP archive: structure, contents, integrity list, signature.
pub fn archive(data: &[u8]) {
    let Ok(mut archive) = Archive::new(Cursor::new(data), limits()) else {
        return;
    };
    let entries = archive.entries().to_vec();
    assert!(
        entries.len() <= limits().max_entries,
        "more entries than allowed"
    );
    let mut total = 0;
    for entry in &entries {
        let parts: Vec<_> = entry.path.trim_end_matches('/').split('/').collect();
        let safe = |part: &&str| !part.is_empty() && *part != "." && *part != "..";
        assert!(parts.iter().all(safe), "a path leads out: {:?}", entry.path);
        assert!(!entry.path.contains(['\\', '\0']), "{:?}", entry.path);
        if entry.folder {
            continue;
        }
        if let Ok(bytes) = archive.read_entry(&entry.path, 1 << 20) {
            assert_eq!(bytes.len() as u64, entry.size, "another size than declared");
            total += entry.size;
        }
    }
    assert!(total <= limits().max_unpacked, "more bytes than allowed");
    if let Ok(integrity) = archive.check_integrity() {
        let text = integrity.to_text();
        assert_eq!(
            parse_integrity(&text).ok(),
            Some(integrity),
            "one form only"
        );
    }
    if let Ok(examined) = examine_reader(Cursor::new(data), limits(), at(), &Revocations::none()) {
        assert_eq!(examined.claims().size, data.len() as u64);
    }
}

/// `plugin.yaml` with its catalogs, or `publish.yml`.
pub fn manifest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // What follows a line of three percent signs is what every catalog holds.
    let (text, catalog) = text.split_once("\n%%%\n").unwrap_or((text, ""));
    let mut asked = 0;
    let outcome = parse_manifest_with(text, &mut |_| {
        asked += 1;
        Some(catalog.to_owned())
    });
    assert!(asked <= 10_000, "catalogs without end");
    let fatal = outcome.issues.iter().any(|issue| issue.severity.is_fatal());
    match outcome.manifest {
        Some(manifest) => {
            assert!(!fatal, "a manifest with a fatal finding");
            let json = manifest.canonical_json();
            // Catalogs are merged into the canonical form; it stands for itself.
            if let Some(again) = parse_manifest(&json).manifest {
                assert_eq!(again.canonical_json(), json, "not canonical");
            }
        }
        None => assert!(fatal, "refused without a reason"),
    }
    let outcome = parse_plan(text);
    if let Some(plan) = outcome.plan {
        let json = serde_json::to_string(&plan).expect("a plan is JSON");
        let again: PublishPlan = serde_json::from_str(&json).expect("its own JSON");
        assert_eq!(serde_json::to_string(&again).expect("a plan is JSON"), json);
    }
}

/// The content of `manifest.signature`: the text of an envelope or, after a zero byte, certificates
/// (DER, each after its length in two bytes) that are put into one.
pub fn signature(data: &[u8]) {
    let text = match data.split_first() {
        Some((0, rest)) => envelope_of(rest),
        _ => String::from_utf8_lossy(data).into_owned(),
    };
    if let Ok(pem) = std::str::from_utf8(data) {
        if let Ok(chain) = CertificateChain::from_pem(pem) {
            assert_eq!(CertificateChain::from_pem(&chain.to_pem()), Ok(chain));
        }
        let _ = TrustRoots::from_pem(pem);
        let _ = PublicKey::from_pem(pem);
    }
    if let Ok(envelope) = Envelope::from_json(&text) {
        assert_eq!(envelope.to_json(), text, "two forms of one envelope");
        let _ = envelope.certificates();
    }
    let bundle = with_signature(SIGNED, text.as_bytes());
    if examine_reader(Cursor::new(&bundle), limits(), at(), &Revocations::none()).is_ok() {
        // Whatever chain it names, the signature is over these bytes by the key of its leaf.
        assert!(Envelope::from_json(&text).is_ok_and(|e| e.certificates().is_ok()));
    }
}

fn envelope_of(mut rest: &[u8]) -> String {
    let mut certificates = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(tail.len());
        certificates.push(STANDARD.encode(&tail[..length]));
        rest = &tail[length..];
    }
    serde_json::json!({
        "payload": "e30=",
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{ "certificates": certificates, "keyid": "0".repeat(64), "sig": "AA==" }],
    })
    .to_string()
}

/// The bundle with another content of its last entry, everything else in order.
fn with_signature(bundle: &[u8], content: &[u8]) -> Vec<u8> {
    let number = |at: usize| u32::from_le_bytes(bundle[at..at + 4].try_into().expect("four bytes"));
    let end = bundle.len() - 22;
    let directory = number(end + 16) as usize;
    let last = (directory..end)
        .rev()
        .find(|at| bundle[*at..].starts_with(b"PK\x01\x02"))
        .expect("a directory");
    let local = number(last + 42) as usize;
    let header = 30 + usize::from(u16::from_le_bytes([bundle[local + 26], bundle[local + 27]]));
    let length = u32::try_from(content.len())
        .expect("a short input")
        .to_le_bytes();
    let facts = [crc32fast::hash(content).to_le_bytes(), length, length].concat();
    let mut out = bundle[..local + header].to_vec();
    out[local + 14..local + 26].copy_from_slice(&facts);
    out.extend(content);
    let moved = u32::try_from(out.len()).expect("a short input");
    let mut tail = bundle[directory..].to_vec();
    tail[last - directory + 16..last - directory + 28].copy_from_slice(&facts);
    tail[end - directory + 16..end - directory + 20].copy_from_slice(&moved.to_le_bytes());
    out.extend(tail);
    out
}

/// A page of the Marketplace's event feed.
pub fn feed(data: &[u8]) {
    let Ok(page) = serde_json::from_slice::<FeedPage>(data) else {
        return;
    };
    let text = serde_json::to_string(&page).expect("a page is JSON");
    let again: FeedPage = serde_json::from_str(&text).expect("its own JSON");
    assert_eq!(again.events, page.events, "events change on their way");
    let key = PublicKey::from_bytes(LISTING_KEY).expect("the seeds' key");
    for event in &page.events {
        let listed = event.data.get("listed").cloned().unwrap_or_default();
        let Ok(listed) = serde_json::from_value::<ListedVersion>(listed) else {
            continue;
        };
        if let Some(plan) = &listed.rollout {
            let _ = serde_json::from_value::<PublishPlan>(plan.clone());
        }
        let envelope = match &listed.listing {
            serde_json::Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        if let Ok(said) = verify_listing(&envelope, std::slice::from_ref(&key)) {
            // Whoever has not the key cannot make another statement verify.
            assert_eq!(said.plugin_id.as_str(), "com.example.notes");
        }
    }
}
