//! Everything about a bundle, without trusting it.

use crate::archive::{Archive, ArchiveError, ArchiveFault, Entry};
use crate::issue::Issue;
use crate::manifest::Manifest;
use crate::sha256_reader;
use crate::signature::{Publisher, Revocations, VerifyFault, examine_bundle, read_manifest};
use jiff::Timestamp;
use px_model::Digest;
use serde::Serialize;
use std::fs::File;
use std::io;
use std::path::Path;

/// What a bundle says of itself and what is wrong with it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// Bytes of all entries, unpacked.
    pub unpacked_size: u64,
    /// What is in it; empty when the archive cannot be read.
    pub entries: Vec<Entry>,
    /// Its manifest, when there is a valid one.
    pub manifest: Option<Manifest>,
    /// Findings about the manifest.
    pub issues: Vec<Issue>,
    /// Findings about the archive and `integrity.txt`.
    pub faults: Vec<ArchiveFault>,
    /// What is known about its signature.
    pub signature: SignatureFacts,
}

/// What is known about a bundle's signature.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureFacts {
    /// Whether there is one.
    pub present: bool,
    /// Whether the whole bundle is consistently signed at the given time; whether the root is trusted is another question.
    pub consistent: bool,
    /// Who signed, as the chain says.
    pub publisher: Option<Publisher>,
    /// SHA-256 of the root certificate the chain ends in.
    pub root_fingerprint: Option<Digest>,
    /// Stable short name of the fault, when it is not consistent.
    pub fault_code: Option<&'static str>,
    /// The fault in words.
    pub fault: Option<String>,
}

/// Looks at a bundle as it is at a time. A bad bundle is not an error: the inspection says what is bad.
///
/// # Errors
/// Those of the file system.
pub fn inspect(path: &Path, at: Timestamp) -> io::Result<Inspection> {
    let (digest, size) = sha256_reader(File::open(path)?)?;
    let mut inspection = Inspection {
        digest,
        size,
        unpacked_size: 0,
        entries: Vec::new(),
        manifest: None,
        issues: Vec::new(),
        faults: Vec::new(),
        signature: SignatureFacts {
            present: false,
            consistent: false,
            publisher: None,
            root_fingerprint: None,
            fault_code: None,
            fault: None,
        },
    };
    match Archive::open(path) {
        Ok(archive) => contents(archive, &mut inspection)?,
        Err(error) => inspection.faults.extend(faults(error)?),
    }
    signature(path, at, &mut inspection.signature)?;
    Ok(inspection)
}

fn contents<R: io::Read + io::Seek>(
    mut archive: Archive<R>,
    inspection: &mut Inspection,
) -> io::Result<()> {
    inspection.entries = archive.entries().to_vec();
    inspection.unpacked_size = archive.entries().iter().map(|entry| entry.size).sum();
    inspection.signature.present = archive.entry(crate::names::SIGNATURE).is_some();
    match read_manifest(&mut archive) {
        Ok((manifest, issues)) => {
            inspection.issues = issues;
            inspection
                .issues
                .extend(manifest.check_files(&archive.file_paths()));
            inspection.manifest = Some(manifest);
        }
        Err(VerifyFault::Manifest(issues)) => inspection.issues = issues,
        Err(VerifyFault::Archive(faults)) => inspection.faults.extend(faults),
        Err(VerifyFault::Io(error)) => return Err(error),
        Err(_) => {}
    }
    if let Err(error) = archive.check_integrity() {
        inspection.faults.extend(faults(error)?);
    }
    Ok(())
}

fn faults(error: ArchiveError) -> io::Result<Vec<ArchiveFault>> {
    match error {
        ArchiveError::Io(error) => Err(error),
        ArchiveError::Faults(faults) => Ok(faults),
        other => Err(io::Error::other(other)),
    }
}

fn signature(path: &Path, at: Timestamp, facts: &mut SignatureFacts) -> io::Result<()> {
    match examine_bundle(path, at, &Revocations::none()) {
        Ok(examined) => {
            let claims = examined.claims();
            facts.consistent = true;
            facts.publisher = Some(claims.publisher.clone());
            facts.root_fingerprint = Some(claims.root);
        }
        Err(VerifyFault::Io(error)) => return Err(error),
        Err(fault) => {
            facts.fault_code = Some(fault.code());
            facts.fault = Some(fault.to_string());
        }
    }
    Ok(())
}
