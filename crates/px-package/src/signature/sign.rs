//! Appending a publisher's signature to a bundle.

use super::bundle;
use super::chain::{self, CertificateChain, Revocations};
use super::dsse::Envelope;
use super::fault::VerifyFault;
use super::key::{Signer, SigningKey};
use super::statement::{PAYLOAD_TYPE, Statement};
use crate::archive::{Archive, End};
use crate::pack::whole_file;
use crate::{names, sha256_reader};
use jiff::Timestamp;
use px_model::Digest;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A signed bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// SHA-256 of the whole file.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
}

/// Signs a bundle: `manifest.signature` becomes its last entry, stored as it is, and the directory is written anew.
///
/// A signature that is already there is replaced. The same bundle, key and chain always give the same bytes.
/// `path_out` appears only when it is whole and may be `path_in`. `at` is the time of signing: a certificate
/// that is not valid then is refused here rather than by everybody later.
///
/// # Errors
/// [`VerifyFault`]: whatever would keep the signed bundle from being believed.
pub fn sign_bundle(
    path_in: &Path,
    key: &SigningKey,
    chain: &CertificateChain,
    at: Timestamp,
    path_out: &Path,
) -> Result<Signed, VerifyFault> {
    sign_bundle_with(path_in, key, chain, at, path_out)
}

/// As [`sign_bundle`], with a key that may be held elsewhere.
///
/// # Errors
/// As [`sign_bundle`]; trouble of the signer is [`VerifyFault::Io`].
pub fn sign_bundle_with(
    path_in: &Path,
    signer: &dyn Signer,
    chain: &CertificateChain,
    at: Timestamp,
    path_out: &Path,
) -> Result<Signed, VerifyFault> {
    let facts = chain::verify(chain, at, &Revocations::none())?;
    if facts.key != signer.public() {
        let message = format!(
            "the certificate of `{}` belongs to another key",
            facts.publisher.name
        );
        return Err(VerifyFault::Certificate { message });
    }
    let mut archive = Archive::open(path_in)?;
    whole_file(
        path_out,
        move |out| {
            let signed = append(&mut archive, signer, chain, out);
            drop(archive); // the input may be about to be replaced
            signed
        },
        |_, error| VerifyFault::Io(error),
    )
}

fn append(
    archive: &mut Archive<BufReader<File>>,
    signer: &dyn Signer,
    chain: &CertificateChain,
    out: &mut File,
) -> Result<Signed, VerifyFault> {
    bundle::check_layout(archive)?;
    let cut = bundle::payload_end(archive);
    let content = bundle::read_content(archive)?;
    archive.reader().seek(SeekFrom::Start(0))?;
    let mut payload = crate::HashingReader::new(archive.reader().take(cut));
    let copied = io::copy(&mut payload, out)?;
    let (bundle_digest, _) = payload.finish();
    if copied != cut {
        return Err(VerifyFault::OtherBytes { part: "bundle" });
    }
    let directory = bundle::payload_directory(archive);
    let facts = bundle::facts(&content, bundle_digest, &directory);
    let statement = Statement::new(&facts).to_json();
    let envelope = Envelope::sign_with(
        PAYLOAD_TYPE,
        statement.as_bytes(),
        signer,
        chain.certificates(),
    )?
    .to_json();

    let too_large = || io::Error::from(io::ErrorKind::FileTooLarge);
    let offset = u32::try_from(cut).map_err(|_| too_large())?;
    let entry = bundle::signature_entry(envelope.as_bytes(), offset)?;
    out.write_all(&entry.header)?;
    out.write_all(envelope.as_bytes())?;
    let count = archive
        .entries()
        .iter()
        .filter(|e| e.path != names::SIGNATURE)
        .count()
        + 1;
    let directory = [directory, entry.record].concat();
    let start = cut + entry.header.len() as u64 + envelope.len() as u64;
    let end = End::canonical(
        u16::try_from(count).map_err(|_| too_large())?,
        u32::try_from(directory.len()).map_err(|_| too_large())?,
        u32::try_from(start).map_err(|_| too_large())?,
    );
    out.write_all(&directory)?;
    out.write_all(&end)?;
    out.seek(SeekFrom::Start(0))?;
    let (digest, size) = sha256_reader(&mut *out)?;
    Ok(Signed { digest, size })
}
