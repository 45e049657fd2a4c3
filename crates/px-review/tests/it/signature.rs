//! PRV-01: the publisher's signature, by the real signer.

use crate::context::{catalog, market, publisher};
use crate::plugin::{Plugin, found};
use px_package::signature::{
    PublisherCa, PublisherIdentity, Revocations, SigningKey, TrustRoots, Validity, sign_bundle,
};
use px_review::{CheckId, Context, Outcome, Trust, check_bundle};
use rand::SeedableRng as _;
use std::path::PathBuf;

struct Signed {
    _dir: tempfile::TempDir,
    bundle: PathBuf,
    context: Context,
    serial: String,
}

/// A signed bundle of publisher 1 and a context that trusts its CA.
fn signed() -> Signed {
    let mut rng = rand::rngs::StdRng::seed_from_u64(7);
    let now: jiff::Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let validity = Validity {
        not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
        not_after: "2027-01-01T00:00:00Z".parse().unwrap(),
    };
    let ca = PublisherCa::create(
        "Publishers",
        SigningKey::generate(&mut rng),
        validity,
        &mut rng,
    )
    .unwrap();
    let key = SigningKey::generate(&mut rng);
    let identity = PublisherIdentity {
        name: "Example",
        id: publisher(1),
        key: key.public(),
    };
    let chain = ca.issue(&identity, validity, &mut rng).unwrap();
    let (dir, plain) = Plugin::good().pack();
    let bundle = dir.path().join("signed.pxp");
    sign_bundle(&plain, &key, &chain, now, &bundle).unwrap();
    let verified =
        px_package::signature::examine_bundle(&bundle, now, &Revocations::none()).unwrap();
    let serial = verified.claims().publisher.serial.clone();
    let trust = Trust {
        roots: TrustRoots::from_fingerprints([ca.fingerprint()]),
        revocations: Revocations::none(),
        now,
    };
    let context = Context {
        trust: Some(trust),
        ..market(catalog(&[]))
    };
    Signed {
        _dir: dir,
        bundle,
        context,
        serial,
    }
}

fn seen(signed: &Signed) -> String {
    let report = check_bundle(&signed.bundle, &signed.context);
    found(&report, CheckId::Prv01)
        .iter()
        .map(|f| f.seen.clone())
        .collect()
}

#[test]
fn a_registered_publishers_signature_passes() {
    let signed = signed();
    let report = check_bundle(&signed.bundle, &signed.context);
    assert_eq!(report.outcome(CheckId::Prv01), Some(&Outcome::Pass));
    assert_eq!(report.verdict.blocking, []);
    assert_eq!(report.verdict.unfinished, [CheckId::Cmp04]);
}

#[test]
fn unsigned_foreign_revoked_expired_and_changed_bundles_are_found() {
    let mut other = signed();
    other.context.publisher = Some(publisher(2));
    assert!(seen(&other).contains("not by org_"), "{}", seen(&other));

    let mut untrusted = signed();
    untrusted.context.trust.as_mut().unwrap().roots = TrustRoots::none();
    assert!(seen(&untrusted).contains("not trusted"));

    let mut revoked = signed();
    let since = "2026-03-01T00:00:00Z".parse().unwrap();
    revoked.context.trust.as_mut().unwrap().revocations =
        Revocations::new([(revoked.serial.clone(), since)]);
    assert!(seen(&revoked).contains("revoked"), "{}", seen(&revoked));

    let mut late = signed();
    late.context.trust.as_mut().unwrap().now = "2028-01-01T00:00:00Z".parse().unwrap();
    assert!(seen(&late).contains("ran out"));

    let unsigned = signed();
    let (_dir, plain) = Plugin::good().pack();
    let report = check_bundle(&plain, &unsigned.context);
    assert!(
        found(&report, CheckId::Prv01)[0]
            .seen
            .contains("no manifest.signature")
    );

    let changed = signed();
    let mut bytes = std::fs::read(&changed.bundle).unwrap();
    let at = bytes.windows(5).position(|w| w == b"Notes").unwrap_or(100);
    bytes[at] ^= 1;
    std::fs::write(&changed.bundle, bytes).unwrap();
    assert!(!seen(&changed).is_empty());
}
