//! Certificate chains, leaf first, and what they prove at a given time.

use super::ca::PUBLISHER_URN;
use super::fault::VerifyFault;
use super::key::PublicKey;
use crate::sha256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use px_model::{Digest, PublisherId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

/// Certificates in a chain: publisher, up to two between, root.
const MAX_CHAIN: usize = 4;
/// How every Ed25519 certificate ends before its 64 bytes of signature: algorithm and bit string (RFC 8410).
const SIGNATURE_PREFIX: [u8; 10] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x41, 0x00];

/// Certificates as DER, the publisher's first, the root's last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateChain(Vec<Vec<u8>>);

/// Text that holds no certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a certificate chain in PEM (`-----BEGIN CERTIFICATE-----`): {0}")]
pub struct ChainError(String);

impl CertificateChain {
    /// Wraps DER certificates, leaf first.
    #[must_use]
    pub const fn new(certificates: Vec<Vec<u8>>) -> Self {
        Self(certificates)
    }

    /// The certificates as DER, leaf first.
    #[must_use]
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// Reads one or more PEM blocks.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn from_pem(text: &str) -> Result<Self, ChainError> {
        let mut certificates = Vec::new();
        for pem in Pem::iter_from_buffer(text.as_bytes()) {
            let pem = pem.map_err(|e| ChainError(e.to_string()))?;
            if pem.label != "CERTIFICATE" {
                return Err(ChainError(format!("found `{}`", pem.label)));
            }
            certificates.push(pem.contents);
        }
        if certificates.is_empty() || certificates.len() > MAX_CHAIN {
            return Err(ChainError(format!("{} certificates", certificates.len())));
        }
        Ok(Self(certificates))
    }

    /// PEM, leaf first.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let mut out = String::new();
        for der in &self.0 {
            out.push_str("-----BEGIN CERTIFICATE-----\n");
            let text = STANDARD.encode(der);
            let mut rest = text.as_str();
            while !rest.is_empty() {
                let (line, tail) = rest.split_at(rest.len().min(64));
                out.push_str(line);
                out.push('\n');
                rest = tail;
            }
            out.push_str("-----END CERTIFICATE-----\n");
        }
        out
    }
}

/// Roots that are trusted, by the SHA-256 of their certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustRoots(BTreeSet<Digest>);

impl TrustRoots {
    /// No root is trusted: nothing verifies.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Trusts roots by fingerprint.
    #[must_use]
    pub fn from_fingerprints(fingerprints: impl IntoIterator<Item = Digest>) -> Self {
        Self(fingerprints.into_iter().collect())
    }

    /// Trusts every certificate of a PEM file.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn from_pem(text: &str) -> Result<Self, ChainError> {
        let chain = CertificateChain::from_pem(text)?;
        Ok(Self(chain.0.iter().map(|der| sha256(der)).collect()))
    }

    /// Whether a root is trusted.
    #[must_use]
    pub fn contains(&self, fingerprint: &Digest) -> bool {
        self.0.contains(fingerprint)
    }
}

/// Certificates taken back, by serial number in lower-case hexadecimal, with the moment from which they do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revocations(BTreeMap<String, Timestamp>);

impl Revocations {
    /// Nothing was taken back.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Serial numbers and moments.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = (String, Timestamp)>) -> Self {
        let entries = entries.into_iter();
        Self(
            entries
                .map(|(serial, at)| (serial.to_ascii_lowercase(), at))
                .collect(),
        )
    }

    /// When a serial number was taken back.
    #[must_use]
    pub fn revoked_at(&self, serial: &str) -> Option<Timestamp> {
        self.0.get(serial).copied()
    }
}

/// Who signed, as certified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Publisher {
    /// Name for people.
    pub name: String,
    /// Identifier on the Marketplace.
    pub id: PublisherId,
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub key_fingerprint: Digest,
    /// Serial number of the certificate, lower-case hexadecimal.
    pub serial: String,
    /// First moment the certificate is valid.
    pub not_before: Timestamp,
    /// Last moment the certificate is valid.
    pub not_after: Timestamp,
}

/// What a chain proves, given that its root is trusted.
pub struct ChainFacts {
    pub publisher: Publisher,
    pub key: PublicKey,
    pub root: Digest,
}

/// What a CA certificate says of itself.
pub struct CaFacts {
    pub name: String,
    pub key: PublicKey,
}

/// Verifies every link of a chain at a time. The root is not yet trusted.
pub fn verify(
    chain: &CertificateChain,
    at: Timestamp,
    revocations: &Revocations,
) -> Result<ChainFacts, VerifyFault> {
    let bad = |message: String| VerifyFault::Certificate { message };
    if !(2..=MAX_CHAIN).contains(&chain.0.len()) {
        return Err(bad(format!(
            "the chain has {} certificates, not 2 to {MAX_CHAIN}",
            chain.0.len()
        )));
    }
    let mut parsed = Vec::new();
    for der in &chain.0 {
        parsed.push(parse(der).map_err(bad)?);
    }
    for (position, cert) in parsed.iter().enumerate() {
        let issuer = parsed.get(position + 1).unwrap_or(cert);
        signed_by(cert, &chain.0[position], issuer).map_err(bad)?;
        usable(cert, position).map_err(bad)?;
        in_time(cert, at, revocations)?;
    }
    let leaf = &parsed[0];
    let key = key_of(leaf).map_err(bad)?;
    Ok(ChainFacts {
        publisher: publisher(leaf, &key).map_err(bad)?,
        key,
        root: sha256(chain.0.last().map_or(&[][..], Vec::as_slice)),
    })
}

/// Reads a CA's own certificate.
pub fn ca_facts(der: &[u8]) -> Result<CaFacts, String> {
    let cert = parse(der)?;
    signed_by(&cert, der, &cert)?;
    usable(&cert, 1)?;
    Ok(CaFacts {
        name: common_name(&cert)?,
        key: key_of(&cert)?,
    })
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, String> {
    match X509Certificate::from_der(der) {
        Ok(([], cert)) => Ok(cert),
        Ok(_) => Err("bytes follow a certificate".to_owned()),
        Err(error) => Err(format!("a certificate cannot be read: {error}")),
    }
}

fn key_of(cert: &X509Certificate<'_>) -> Result<PublicKey, String> {
    let spki = cert.public_key();
    let is_ed25519 = spki.algorithm.algorithm.to_id_string() == "1.3.101.112"
        && spki.algorithm.parameters.is_none();
    let key = is_ed25519.then(|| PublicKey::from_bytes(&spki.subject_public_key.data).ok());
    key.flatten()
        .ok_or_else(|| "a certificate's key is not an Ed25519 key".to_owned())
}

/// The issuer's signature over the certificate, whose bytes have no freedom left outside of what is signed.
fn signed_by(
    cert: &X509Certificate<'_>,
    der: &[u8],
    issuer: &X509Certificate<'_>,
) -> Result<(), String> {
    if cert.issuer().as_raw() != issuer.subject().as_raw() {
        return Err(format!(
            "`{}` was not issued by `{}`",
            cert.subject(),
            issuer.subject()
        ));
    }
    let signed = cert.tbs_certificate.as_ref();
    let body = signed.len() + SIGNATURE_PREFIX.len() + 64;
    let header: Vec<u8> = match body {
        256..=0xffff => vec![0x30, 0x82, (body >> 8) as u8, (body & 0xff) as u8],
        _ => return Err("a certificate has an unusual length".to_owned()),
    };
    let (_, signature) = der
        .split_at_checked(der.len().saturating_sub(64))
        .unwrap_or_default();
    let expected = [&header, signed, &SIGNATURE_PREFIX, signature].concat();
    if expected != der {
        return Err("a certificate is not signed with Ed25519 in canonical form".to_owned());
    }
    if key_of(issuer)?.verifies(signed, signature) {
        Ok(())
    } else {
        Err(format!(
            "the signature on the certificate of `{}` is wrong",
            cert.subject()
        ))
    }
}

/// Usages and constraints for a place in the chain: 0 is the publisher, above it are CAs.
fn usable(cert: &X509Certificate<'_>, position: usize) -> Result<(), String> {
    let subject = cert.subject().to_string();
    let fail = |what: &str| Err(format!("the certificate of `{subject}` {what}"));
    let known = |extension: &ParsedExtension<'_>| {
        matches!(
            extension,
            ParsedExtension::BasicConstraints(_)
                | ParsedExtension::KeyUsage(_)
                | ParsedExtension::ExtendedKeyUsage(_)
                | ParsedExtension::SubjectAlternativeName(_)
        )
    };
    if cert
        .extensions()
        .iter()
        .any(|e| e.critical && !known(e.parsed_extension()))
    {
        return fail("has a critical extension that is not understood");
    }
    let constraints = cert
        .basic_constraints()
        .map_err(|e| e.to_string())?
        .map(|e| e.value);
    let usage = cert
        .key_usage()
        .map_err(|e| e.to_string())?
        .map(|e| e.value);
    let extended = cert
        .extended_key_usage()
        .map_err(|e| e.to_string())?
        .map(|e| e.value);
    let is_ca = constraints.is_some_and(|c| c.ca);
    if position == 0 {
        return match () {
            () if is_ca => fail("is a CA's, not a publisher's"),
            () if !usage.is_some_and(|u| u.digital_signature()) => fail("is not for signatures"),
            () if !extended.is_some_and(|u| u.code_signing) => fail("is not for signing plugins"),
            () => Ok(()),
        };
    }
    let below = u32::try_from(position - 1).unwrap_or(u32::MAX);
    match () {
        () if !is_ca || !usage.is_some_and(x509_parser::extensions::KeyUsage::key_cert_sign) => {
            fail("may not issue certificates")
        }
        () if constraints
            .and_then(|c| c.path_len_constraint)
            .is_some_and(|max| below > max) =>
        {
            fail("may not have so many below it")
        }
        () => Ok(()),
    }
}

fn in_time(
    cert: &X509Certificate<'_>,
    at: Timestamp,
    revocations: &Revocations,
) -> Result<(), VerifyFault> {
    let subject = cert.subject().to_string();
    let (not_before, not_after) =
        validity(cert).map_err(|message| VerifyFault::Certificate { message })?;
    let serial = serial(cert);
    if at < not_before {
        return Err(VerifyFault::NotYetValid {
            subject,
            not_before,
        });
    }
    // The last second belongs to the certificate as a whole (RFC 5280, 4.1.2.5).
    if at.as_second() > not_after.as_second() {
        return Err(VerifyFault::Expired { subject, not_after });
    }
    match revocations.revoked_at(&serial) {
        Some(since) if at >= since => Err(VerifyFault::Revoked {
            subject,
            serial,
            since,
        }),
        _ => Ok(()),
    }
}

fn validity(cert: &X509Certificate<'_>) -> Result<(Timestamp, Timestamp), String> {
    let time = |t: x509_parser::time::ASN1Time| {
        Timestamp::from_second(t.timestamp()).map_err(|e| e.to_string())
    };
    Ok((
        time(cert.validity().not_before)?,
        time(cert.validity().not_after)?,
    ))
}

fn serial(cert: &X509Certificate<'_>) -> String {
    hex::encode(cert.raw_serial())
}

fn common_name(cert: &X509Certificate<'_>) -> Result<String, String> {
    let name = cert
        .subject()
        .iter_common_name()
        .next()
        .and_then(|name| name.as_str().ok());
    name.map(str::to_owned)
        .ok_or_else(|| "a certificate has no common name".to_owned())
}

fn publisher(leaf: &X509Certificate<'_>, key: &PublicKey) -> Result<Publisher, String> {
    let names = leaf.subject_alternative_name().map_err(|e| e.to_string())?;
    let names = names
        .map(|names| &names.value.general_names[..])
        .unwrap_or_default();
    let id = names.iter().find_map(|name| match name {
        GeneralName::URI(uri) => uri.strip_prefix(PUBLISHER_URN)?.parse::<PublisherId>().ok(),
        _ => None,
    });
    let (not_before, not_after) = validity(leaf)?;
    Ok(Publisher {
        name: common_name(leaf)?,
        id: id.ok_or_else(|| "the publisher's certificate names no publisher id".to_owned())?,
        key_fingerprint: key.fingerprint(),
        serial: serial(leaf),
        not_before,
        not_after,
    })
}
