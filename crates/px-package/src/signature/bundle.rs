//! What signing and verifying have in common: the parts of a bundle and the facts about them.

use super::fault::VerifyFault;
use super::statement::BundleFacts;
use crate::archive::{
    Archive, ArchiveError, Common, FIRST_DAY, FLAG_UTF8, Local, Method, STORED, record_of,
};
use crate::issue::{Issue, Severity};
use crate::manifest::{MAX_TEXT, Manifest, parse_manifest_with};
use crate::{names, sha256};
use px_model::Digest;
use std::io::{self, Read, Seek};

/// Largest `manifest.json`: a manifest with all its catalogs.
const MAX_JSON: u64 = 16 * 1024 * 1024;

/// A manifest and the digest of `integrity.txt`, both found to be in order.
pub struct Content {
    pub manifest: Manifest,
    pub issues: Vec<Issue>,
    pub integrity: Digest,
}

/// Where the signed bytes end: at the signature's local header, or at the directory of an unsigned bundle.
pub fn payload_end<R: Read + Seek>(archive: &Archive<R>) -> u64 {
    let signature = archive.entry(names::SIGNATURE);
    signature.map_or(archive.central_offset(), |entry| entry.header_offset)
}

/// A signature, where there is one, is the last entry and stored.
pub fn check_layout<R: Read + Seek>(archive: &Archive<R>) -> Result<(), VerifyFault> {
    match archive.entry(names::SIGNATURE) {
        None => Ok(()),
        Some(entry) => {
            let last = archive.entries().last().map(|e| e.header_offset);
            let right = last == Some(entry.header_offset)
                && entry.method == Method::Stored
                && !entry.folder;
            if right {
                Ok(())
            } else {
                Err(VerifyFault::Place)
            }
        }
    }
}

/// The canonical directory records of every entry before the signature.
pub fn payload_directory<R: Read + Seek>(archive: &Archive<R>) -> Vec<u8> {
    let entries = archive.entries().iter();
    let signed = entries.filter(|entry| entry.path != names::SIGNATURE);
    signed.flat_map(record_of).collect()
}

/// Reads and checks `plugin.yaml`, `manifest.json`, and every file against `integrity.txt`.
pub fn read_content<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Content, VerifyFault> {
    let (manifest, mut issues) = read_manifest(archive)?;
    let json = archive.read_entry(names::MANIFEST_JSON, MAX_JSON);
    if !matches!(&json, Ok(bytes) if *bytes == manifest.canonical_json().into_bytes()) {
        issues.push(disagreement());
    }
    let entries = archive.file_paths();
    issues.extend(manifest.check_files(&entries));
    if issues.iter().any(|issue| issue.severity.is_fatal()) {
        return Err(VerifyFault::Manifest(issues));
    }
    let integrity = archive.check_integrity()?;
    Ok(Content {
        manifest,
        issues,
        integrity: sha256(integrity.to_text().as_bytes()),
    })
}

/// Parses `plugin.yaml` with its catalogs out of an archive.
pub fn read_manifest<R: Read + Seek>(
    archive: &mut Archive<R>,
) -> Result<(Manifest, Vec<Issue>), VerifyFault> {
    let text = match archive.read_entry(names::PLUGIN_YAML, MAX_TEXT as u64) {
        Ok(bytes) => {
            String::from_utf8(bytes).map_err(|_| VerifyFault::Manifest(vec![not_text()]))?
        }
        Err(ArchiveError::NoEntry(_)) => {
            return Err(VerifyFault::Manifest(vec![no_manifest(archive)]));
        }
        Err(error) => return Err(error.into()),
    };
    let outcome = parse_manifest_with(&text, &mut |path| archive.read_text(path, MAX_TEXT as u64));
    match outcome.manifest {
        Some(manifest) => Ok((manifest, outcome.issues)),
        None => Err(VerifyFault::Manifest(outcome.issues)),
    }
}

fn issue(rule: &'static str, message: String, remedy: &str) -> Issue {
    Issue {
        rule,
        severity: Severity::Block,
        field: String::new(),
        line: 0,
        column: 0,
        message,
        remedy: remedy.to_owned(),
    }
}

fn not_text() -> Issue {
    issue(
        "MAN-01",
        "plugin.yaml is not UTF-8".to_owned(),
        "save it as UTF-8",
    )
}

fn no_manifest<R: Read + Seek>(archive: &Archive<R>) -> Issue {
    let below = archive.file_paths().into_iter().find_map(|path| {
        let folder = path.strip_suffix(names::PLUGIN_YAML)?.strip_suffix('/')?;
        (!folder.contains('/')).then(|| folder.to_owned())
    });
    let message = below.map_or_else(
        || "the bundle has no plugin.yaml at its root".to_owned(),
        |folder| format!("plugin.yaml lies one folder down, in `{folder}`"),
    );
    issue(
        "MAN-01",
        message,
        "pack the plugin's folder with px-plugin pack",
    )
}

fn disagreement() -> Issue {
    let message = "manifest.json is missing or was not made from plugin.yaml and its catalogs";
    issue(
        "MAN-03",
        message.to_owned(),
        "pack the plugin again with px-plugin pack",
    )
}

pub fn facts(content: &Content, bundle: Digest, directory: &[u8]) -> BundleFacts {
    BundleFacts {
        bundle,
        integrity: content.integrity,
        directory: sha256(directory),
        plugin_id: content.manifest.id.clone(),
        version: content.manifest.version.clone(),
    }
}

/// The one local header and directory record a signature has.
pub struct SignatureEntry {
    pub header: Vec<u8>,
    pub record: Vec<u8>,
}

pub fn signature_entry(envelope: &[u8], offset: u32) -> io::Result<SignatureEntry> {
    let size =
        u32::try_from(envelope.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    let common = Common {
        version_needed: 20,
        flags: FLAG_UTF8,
        method: STORED,
        time: 0,
        date: FIRST_DAY,
        crc: crc32fast::hash(envelope),
        compressed: size,
        size,
    };
    Ok(SignatureEntry {
        header: Local::to_bytes(&common, names::SIGNATURE),
        record: crate::archive::signature_record(&common, names::SIGNATURE, offset),
    })
}
