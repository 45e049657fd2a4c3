use crate::kit::{self, VALIDITY, at, now, plugin_folder, rng, signed_bundle, signer};
use px_package::inspect::inspect;
use px_package::listing::{ListingStatement, sign_listing, verify_listing};
use px_package::signature::{
    CertificateChain, Envelope, PublicKey, PublisherCa, PublisherIdentity, Revocations, SigningKey,
    TrustRoots, Validity, VerifyFault, examine_bundle, pae, sign_bundle, verify_bundle,
};
use std::fs;

fn fault(
    path: &std::path::Path,
    roots: &TrustRoots,
    time: &str,
    revoked: &Revocations,
) -> VerifyFault {
    verify_bundle(path, roots, at(time), revoked).expect_err("must not verify")
}

#[test]
fn pae_is_that_of_the_specification() {
    assert_eq!(
        pae("http://example.com/HelloWorld", b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
}

#[test]
fn time_revocation_and_root_decide() {
    let signer = signer(1);
    let (_dir, path) = signed_bundle(&signer);
    let roots = signer.roots();
    let none = Revocations::none();
    assert_eq!(
        fault(&path, &roots, "2025-12-31T23:59:59Z", &none).code(),
        "certificate_not_yet_valid"
    );
    assert!(
        verify_bundle(&path, &roots, at(VALIDITY.1), &none).is_ok(),
        "the last second belongs to it"
    );
    assert_eq!(
        fault(&path, &roots, "2027-01-01T00:00:01Z", &none).code(),
        "certificate_expired"
    );
    let serial = verify_bundle(&path, &roots, now(), &none)
        .unwrap()
        .publisher
        .serial;
    let revoked = Revocations::new([(serial.to_uppercase(), at("2026-07-01T00:00:00Z"))]);
    assert!(
        verify_bundle(&path, &roots, now(), &revoked).is_ok(),
        "what was listed before stays verifiable"
    );
    assert_eq!(
        fault(&path, &roots, "2026-07-01T00:00:00Z", &revoked).code(),
        "certificate_revoked"
    );
    let text = fault(&path, &TrustRoots::none(), "2026-06-01T00:00:00Z", &none);
    assert!(
        matches!(&text, VerifyFault::UntrustedRoot { root, .. } if *root == signer.ca.fingerprint())
    );
    let examined = examine_bundle(&path, now(), &none).unwrap();
    assert_eq!(examined.claims().root, signer.ca.fingerprint());
    let pinned = TrustRoots::from_pem(&signer.ca.certificate_pem()).unwrap();
    assert!(examined.trust(&pinned).is_ok());
}

#[test]
fn another_ca_with_the_same_name_is_not_the_same() {
    let (ours, theirs) = (signer(1), signer(2));
    let (_dir, path) = signed_bundle(&theirs);
    assert_eq!(
        fault(
            &path,
            &ours.roots(),
            "2026-06-01T00:00:00Z",
            &Revocations::none()
        )
        .code(),
        "root_untrusted"
    );
    // Their certificate under our root: the names fit, the signature does not.
    let mixed = CertificateChain::new(vec![
        theirs.chain.certificates()[0].clone(),
        ours.ca.certificate_der().to_vec(),
    ]);
    let error = sign_bundle(&path, &theirs.key, &mixed, now(), &path).unwrap_err();
    assert_eq!(error.code(), "certificate_invalid");
}

#[test]
fn a_certificate_must_be_the_keys_own_and_for_this_purpose() {
    let (one, two) = (signer(1), signer(2));
    let (_dir, path) = signed_bundle(&one);
    let before = fs::read(&path).unwrap();
    let error = sign_bundle(&path, &two.key, &one.chain, now(), &path).unwrap_err();
    assert_eq!(error.code(), "certificate_invalid");
    // The CA itself is no publisher.
    let root = one.ca.certificate_der().to_vec();
    let ca_key = SigningKey::from_pem(&one.ca.key_pem().unwrap()).unwrap();
    let chain = CertificateChain::new(vec![root.clone(), root]);
    assert_eq!(
        sign_bundle(&path, &ca_key, &chain, now(), &path)
            .unwrap_err()
            .code(),
        "certificate_invalid"
    );
    // A publisher is no CA.
    let mut long = vec![one.chain.certificates()[0].clone()];
    long.extend_from_slice(one.chain.certificates());
    assert_eq!(
        sign_bundle(&path, &one.key, &CertificateChain::new(long), now(), &path)
            .unwrap_err()
            .code(),
        "certificate_invalid"
    );
    assert_eq!(
        sign_bundle(
            &path,
            &one.key,
            &one.chain,
            at("2030-01-01T00:00:00Z"),
            &path
        )
        .unwrap_err()
        .code(),
        "certificate_expired"
    );
    assert_eq!(
        fs::read(&path).unwrap(),
        before,
        "a failure leaves the file alone"
    );
}

#[test]
fn signing_is_deterministic_and_replaces_a_signature() {
    let signer = signer(1);
    let (dir, path) = signed_bundle(&signer);
    let again = dir.path().join("again.pxp");
    let signed = sign_bundle(&path, &signer.key, &signer.chain, now(), &again).unwrap();
    assert_eq!(fs::read(&path).unwrap(), fs::read(&again).unwrap());
    assert_eq!(signed.size, fs::metadata(&again).unwrap().len());
    let mut foreign = zip::ZipArchive::new(fs::File::open(&again).unwrap()).unwrap();
    assert_eq!(
        foreign.by_index(foreign.len() - 1).unwrap().name().unwrap(),
        "manifest.signature"
    );
    let other = kit::signer(2);
    sign_bundle(&path, &other.key, &other.chain, now(), &again).unwrap();
    assert!(verify_bundle(&again, &other.roots(), now(), &Revocations::none()).is_ok());
}

#[test]
fn a_signature_for_other_bytes_does_not_fit() {
    let signer = signer(1);
    let (dir, path) = signed_bundle(&signer);
    let source = plugin_folder();
    kit::write(
        source.path(),
        &[(
            "web-admin/index.html",
            b"<!doctype html><title>Other</title>",
        )],
    );
    let unsigned = dir.path().join("other.pxp");
    kit::pack(source.path(), &unsigned);
    assert_eq!(
        fault(
            &unsigned,
            &signer.roots(),
            "2026-06-01T00:00:00Z",
            &Revocations::none()
        )
        .code(),
        "bundle_unsigned"
    );
    // The signature of one bundle moved onto another, with every offset and checksum made right.
    let moved = dir.path().join("moved.pxp");
    transplant(&path, &unsigned, &moved);
    let error = fault(
        &moved,
        &signer.roots(),
        "2026-06-01T00:00:00Z",
        &Revocations::none(),
    );
    assert!(
        matches!(error, VerifyFault::OtherBytes { part: "bundle" }),
        "{error}"
    );
}

/// Puts the signature of one bundle behind the payload of another.
fn transplant(from: &std::path::Path, onto: &std::path::Path, out: &std::path::Path) {
    use crate::zipkit::{Raw, file, stored, zip};
    let mut entries: Vec<Raw> = Vec::new();
    let mut archive = px_package::archive::Archive::open(onto).unwrap();
    for path in archive
        .file_paths()
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>()
    {
        entries.push(file(&path, &archive.read_entry(&path, 1 << 20).unwrap()));
    }
    let mut signed = px_package::archive::Archive::open(from).unwrap();
    entries.push(stored(
        "manifest.signature",
        &signed.read_entry("manifest.signature", 1 << 20).unwrap(),
    ));
    fs::write(out, zip(&entries)).unwrap();
}

#[test]
fn keys_and_cas_survive_their_files() {
    let signer = signer(1);
    let key = SigningKey::from_pem(&signer.key.to_pem().unwrap()).unwrap();
    assert_eq!(key.public(), signer.key.public());
    assert!(!format!("{key:?}").contains(&hex::encode(key.public().as_bytes())));
    assert_eq!(
        PublicKey::from_pem(&key.public().to_pem().unwrap()).unwrap(),
        key.public()
    );
    assert!(SigningKey::from_pem("nonsense").is_err() && PublicKey::from_bytes(&[0; 32]).is_err());
    let ca =
        PublisherCa::load(&signer.ca.certificate_pem(), &signer.ca.key_pem().unwrap()).unwrap();
    assert_eq!(ca.fingerprint(), signer.ca.fingerprint());
    assert!(PublisherCa::load(&signer.ca.certificate_pem(), &key.to_pem().unwrap()).is_err());
    let identity = PublisherIdentity {
        name: "张三的插件",
        id: "org_0000000000000000000000000000002b".parse().unwrap(),
        key: key.public(),
    };
    let validity = Validity {
        not_before: at(VALIDITY.0),
        not_after: at(VALIDITY.1),
    };
    let chain = ca.issue(&identity, validity, &mut rng(9)).unwrap();
    assert_eq!(CertificateChain::from_pem(&chain.to_pem()).unwrap(), chain);
    let (_dir, path) = signed_bundle(&signer);
    sign_bundle(&path, &key, &chain, now(), &path).unwrap();
    let verified = verify_bundle(&path, &signer.roots(), now(), &Revocations::none()).unwrap();
    assert_eq!(verified.publisher.name, "张三的插件");
    let bad = Validity {
        not_before: at(VALIDITY.1),
        not_after: at(VALIDITY.0),
    };
    assert!(ca.issue(&identity, bad, &mut rng(9)).is_err());
}

#[test]
fn inspection_tells_everything_without_trusting() {
    let signer = signer(1);
    let (dir, path) = signed_bundle(&signer);
    let seen = inspect(&path, now()).unwrap();
    assert!(seen.signature.consistent && seen.faults.is_empty() && seen.issues.is_empty());
    assert_eq!(
        seen.signature.root_fingerprint,
        Some(signer.ca.fingerprint())
    );
    assert_eq!(seen.manifest.unwrap().name, "Notes");
    let mut bytes = fs::read(&path).unwrap();
    bytes[40] ^= 1;
    fs::write(&path, bytes).unwrap();
    let seen = inspect(&path, now()).unwrap();
    assert!(!seen.signature.consistent && seen.signature.fault_code.is_some());
    let text = dir.path().join("text.pxp");
    fs::write(&text, "not a bundle").unwrap();
    let seen = inspect(&text, now()).unwrap();
    assert_eq!((seen.faults[0].rule, seen.entries.len()), ("ARC-04", 0));
    assert!(inspect(&dir.path().join("none.pxp"), now()).is_err());
}

#[test]
fn listings_are_believed_only_from_trusted_keys() {
    let (key, other) = (signer(1).key, signer(2).key);
    let statement = ListingStatement {
        plugin_id: "com.example.notes".parse().unwrap(),
        version: "1.0.0".parse().unwrap(),
        version_id: "ver_00000000000000000000000000000001".parse().unwrap(),
        digest: px_package::sha256(b"bundle"),
        size: 6,
        channel: px_model::Channel::Stable,
        listed_at: now(),
        permissions: vec!["notes:read".parse().unwrap()],
        risk: px_model::Risk::Low,
    };
    let text = sign_listing(&statement, &key).unwrap();
    assert_eq!(
        verify_listing(&text, &[other.public(), key.public()]).unwrap(),
        statement
    );
    assert!(verify_listing(&text, &[other.public()]).is_err());
    assert!(verify_listing(&text, &[]).is_err());
    for position in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[position] ^= 1;
        let changed = String::from_utf8_lossy(&bytes).into_owned();
        assert!(
            verify_listing(&changed, &[key.public()]).is_err(),
            "byte {position}"
        );
    }
    let envelope = Envelope::sign("text/plain", b"{}", &key, &[]);
    assert!(verify_listing(&envelope.to_json(), &[key.public()]).is_err());
}
