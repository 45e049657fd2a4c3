//! Believing a bundle.

use super::bundle;
use super::chain::{self, CertificateChain, Publisher, Revocations, TrustRoots};
use super::dsse::{Envelope, EnvelopeError};
use super::fault::VerifyFault;
use super::statement::{PAYLOAD_TYPE, Statement};
use crate::archive::{Archive, End, Entry, Limits};
use crate::issue::Issue;
use crate::manifest::Manifest;
use crate::{HashingReader, names};
use jiff::Timestamp;
use px_model::Digest;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Largest signature: an envelope with four certificates has a few kilobytes.
const MAX_SIGNATURE: u64 = 256 * 1024;

/// A bundle that is believed: every byte of it is what its publisher signed, and the publisher's chain ends in a trusted root.
#[derive(Debug, Clone)]
pub struct Verified {
    /// SHA-256 of the whole file.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// Its manifest.
    pub manifest: Manifest,
    /// Warnings about the manifest.
    pub issues: Vec<Issue>,
    /// Who signed.
    pub publisher: Publisher,
    /// SHA-256 of the root certificate the chain ends in.
    pub root: Digest,
    /// What is in it, the signature last.
    pub entries: Vec<Entry>,
}

/// A bundle that is whole and consistently signed, by somebody whose root was not compared with anything.
///
/// A different type than [`Verified`], so that it cannot be taken for one.
#[derive(Debug, Clone)]
pub struct Examined(Verified);

impl Examined {
    /// The facts, none of them to be believed before the root is.
    #[must_use]
    pub const fn claims(&self) -> &Verified {
        &self.0
    }

    /// Believes the bundle when its root is trusted.
    ///
    /// # Errors
    /// [`VerifyFault::UntrustedRoot`] with the root's fingerprint.
    pub fn trust(self, roots: &TrustRoots) -> Result<Verified, VerifyFault> {
        if roots.contains(&self.0.root) {
            Ok(self.0)
        } else {
            Err(VerifyFault::UntrustedRoot {
                root: self.0.root,
                publisher: self.0.publisher.name,
            })
        }
    }
}

/// Verifies a bundle at a time, against trusted roots and revocations.
///
/// Every byte of the file is determined: those before the signature by the signed digest, those of the signature's
/// entry, the directory and the end record by having one form only. One changed byte anywhere is a fault.
///
/// # Errors
/// [`VerifyFault`].
pub fn verify_bundle(
    path: &Path,
    roots: &TrustRoots,
    at: Timestamp,
    revocations: &Revocations,
) -> Result<Verified, VerifyFault> {
    examine_bundle(path, at, revocations)?.trust(roots)
}

/// Verifies everything but whether the root is to be trusted.
///
/// # Errors
/// [`VerifyFault`], never [`VerifyFault::UntrustedRoot`].
pub fn examine_bundle(
    path: &Path,
    at: Timestamp,
    revocations: &Revocations,
) -> Result<Examined, VerifyFault> {
    let file = BufReader::new(File::open(path)?);
    examine_reader(file, Limits::default(), at, revocations)
}

/// As [`examine_bundle`], from any reader and with other limits.
///
/// # Errors
/// As [`examine_bundle`].
pub fn examine_reader<R: Read + Seek>(
    reader: R,
    limits: Limits,
    at: Timestamp,
    revocations: &Revocations,
) -> Result<Examined, VerifyFault> {
    let mut archive = Archive::new(reader, limits)?;
    let signature = read_signature(&mut archive)?;
    let chain = CertificateChain::new(signature.certificates()?);
    let chain = chain::verify(&chain, at, revocations)?;
    let payload = signature.verify(PAYLOAD_TYPE, &chain.key)?;
    let statement = Statement::from_json(&payload)?;
    // The cheap comparison comes first: nothing is unpacked unless these are the signed bytes.
    let (bundle_digest, digest, size) = digests(&mut archive)?;
    if !statement.is_about(&bundle_digest) {
        return Err(VerifyFault::OtherBytes { part: "bundle" });
    }
    let directory = bundle::payload_directory(&archive);
    let content = bundle::read_content(&mut archive)?;
    let facts = bundle::facts(&content, bundle_digest, &directory);
    if let Some(part) = statement.difference(&facts) {
        return Err(VerifyFault::OtherBytes { part });
    }
    if statement.to_json().into_bytes() != payload {
        return Err(
            EnvelopeError::Form("the statement is not in canonical form".to_owned()).into(),
        );
    }
    Ok(Examined(Verified {
        digest,
        size,
        manifest: content.manifest,
        issues: content.issues,
        publisher: chain.publisher,
        root: chain.root,
        entries: archive.entries().to_vec(),
    }))
}

/// Finds the signature and checks that every byte from its header to the end of the file has its one form.
fn read_signature<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Envelope, VerifyFault> {
    if archive.entry(names::SIGNATURE).is_none() {
        return Err(VerifyFault::Unsigned);
    }
    bundle::check_layout(archive)?;
    let text = archive.read_entry(names::SIGNATURE, MAX_SIGNATURE)?;
    let start = bundle::payload_end(archive);
    let offset = u32::try_from(start).map_err(|_| VerifyFault::Place)?;
    let entry = bundle::signature_entry(&text, offset)?;
    let directory = [bundle::payload_directory(archive), entry.record].concat();
    let number = |n: u64| u32::try_from(n).map_err(|_| VerifyFault::Place);
    let end = End::canonical(
        u16::try_from(archive.entries().len()).map_err(|_| VerifyFault::Place)?,
        number(directory.len() as u64)?,
        number(archive.central_offset())?,
    );
    let expected = [&entry.header[..], &text, &directory, &end].concat();
    archive.reader().seek(SeekFrom::Start(start))?;
    let mut found = Vec::with_capacity(expected.len());
    archive
        .reader()
        .take(expected.len() as u64 + 1)
        .read_to_end(&mut found)?;
    if found != expected {
        let part = if found.starts_with(&entry.header) {
            "directory"
        } else {
            "signature's header"
        };
        return Err(VerifyFault::NotCanonical { part });
    }
    let text = String::from_utf8(text).map_err(|_| EnvelopeError::Form("not UTF-8".to_owned()))?;
    Ok(Envelope::from_json(&text)?)
}

/// Digest of the signed bytes, digest and length of the file, in one pass.
fn digests<R: Read + Seek>(archive: &mut Archive<R>) -> Result<(Digest, Digest, u64), VerifyFault> {
    let cut = bundle::payload_end(archive);
    archive.reader().seek(SeekFrom::Start(0))?;
    let mut whole = HashingReader::new(archive.reader());
    drain(&mut (&mut whole).take(cut))?;
    let bundle = whole.so_far();
    drain(&mut whole)?;
    let (digest, size) = whole.finish();
    Ok((bundle, digest, size))
}

/// Reads to the end, in pieces large enough to pass by the reader's own buffer.
fn drain(reader: &mut impl Read) -> std::io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    while reader.read(&mut buffer)? > 0 {}
    Ok(())
}
