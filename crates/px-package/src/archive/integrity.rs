//! `integrity.txt`: SHA-256 of every other file of the bundle but the signature (ARC-12).

use super::fault::{ArchiveError, ArchiveFault};
use super::{Archive, printable};
use crate::{names, sha256_reader};
use px_model::Digest;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Seek};

const REPACK: &str = "pack the plugin again with px-plugin pack";
/// Far more than 20,000 lines of the longest names.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Digests by path, as in `integrity.txt`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Integrity {
    /// Path to digest.
    pub files: BTreeMap<String, Digest>,
}

impl Integrity {
    /// The file's text: digest, two spaces, path; sorted by the bytes of the path (the format of `sha256sum`).
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (path, digest) in &self.files {
            let _ = writeln!(text, "{digest}  {path}"); // writing to a String cannot fail
        }
        text
    }
}

/// Reads `integrity.txt`, which has exactly one form.
///
/// # Errors
/// ARC-12 naming the first line that is wrong.
pub fn parse_integrity(text: &str) -> Result<Integrity, ArchiveFault> {
    let fault = |line: usize, what: &str| {
        ArchiveFault::of(
            "ARC-12",
            names::INTEGRITY,
            format!("line {line} {what}"),
            REPACK,
        )
    };
    let mut files = BTreeMap::new();
    let mut last: Option<&str> = None;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let parts = line
            .strip_suffix('\n')
            .and_then(|line| line.split_once("  "));
        let parsed = parts.and_then(|(digest, path)| {
            let digits = digest.len() == 64 && !path.is_empty();
            digits.then(|| digest.parse::<Digest>().ok().map(|digest| (digest, path)))?
        });
        let Some((digest, path)) = parsed else {
            return Err(fault(number + 1, "is not a digest, two spaces and a path"));
        };
        if last.is_some_and(|last| last >= path) {
            return Err(fault(number + 1, "is not in order"));
        }
        last = Some(path);
        files.insert(path.to_owned(), digest);
    }
    Ok(Integrity { files })
}

impl<R: Read + Seek> Archive<R> {
    /// Compares every file with `integrity.txt`, reading each once; gives the list back.
    ///
    /// # Errors
    /// ARC-12 for each file that is not listed, listed and missing, or has another digest; other faults of the contents.
    pub fn check_integrity(&mut self) -> Result<Integrity, ArchiveError> {
        if self.entry(names::INTEGRITY).is_none() {
            return Err(
                ArchiveFault::new("ARC-12", "the bundle has no integrity.txt", REPACK).into(),
            );
        }
        let bytes = self.read_entry(names::INTEGRITY, MAX_BYTES)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            ArchiveFault::of("ARC-12", names::INTEGRITY, "the file is not UTF-8", REPACK)
        })?;
        let integrity = parse_integrity(&text)?;
        let mut faults = Vec::new();
        for path in self
            .file_paths()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
        {
            if path == names::INTEGRITY || path == names::SIGNATURE {
                continue;
            }
            let Some(expected) = integrity.files.get(&path) else {
                faults.push(ArchiveFault::of(
                    "ARC-12",
                    &path,
                    "the file is not listed in integrity.txt",
                    REPACK,
                ));
                continue;
            };
            let (digest, _) = sha256_reader(self.entry_reader(&path)?)?;
            if digest != *expected {
                faults.push(ArchiveFault::of(
                    "ARC-12",
                    &path,
                    "the file has another digest than integrity.txt says",
                    REPACK,
                ));
            }
        }
        for path in integrity.files.keys() {
            if self.entry(path).is_none_or(|entry| entry.folder) {
                let message = format!(
                    "integrity.txt lists `{}`, which is missing",
                    printable(path)
                );
                faults.push(ArchiveFault::new("ARC-12", message, REPACK));
            }
        }
        faults.truncate(100);
        if faults.is_empty() {
            Ok(integrity)
        } else {
            Err(ArchiveError::Faults(faults))
        }
    }
}
