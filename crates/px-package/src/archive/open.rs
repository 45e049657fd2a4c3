//! From bytes to entries, refusing everything two parsers could read differently.

use super::directory::{self, Directory};
use super::entry::Entry;
use super::fault::{ArchiveError, ArchiveFault};
use super::limits::Limits;
use super::{check, layout, path};
use std::collections::HashMap;
use std::io::{Read, Seek};

/// Faults kept; a hostile archive could have one per entry.
const MAX_FAULTS: usize = 100;

/// What opening found.
pub struct Opened {
    pub entries: Vec<Entry>,
    /// Where the central directory begins.
    pub central_offset: u64,
    pub len: u64,
}

pub fn open<R: Read + Seek>(reader: &mut R, limits: &Limits) -> Result<Opened, ArchiveError> {
    let Directory {
        records,
        central_offset,
        len,
        mut faults,
    } = directory::read(reader, limits)?;
    let mut entries = Vec::with_capacity(records.len());
    for record in &records {
        match check::entry(record, limits) {
            Ok(entry) => entries.push(entry),
            Err(more) => faults.extend(more),
        }
        if faults.len() >= MAX_FAULTS {
            break;
        }
    }
    duplicates(&entries, &mut faults);
    totals(&entries, limits, &mut faults);
    if !faults.is_empty() {
        faults.truncate(MAX_FAULTS);
        return Err(ArchiveError::Faults(faults));
    }
    layout::check(reader, &records, &mut entries, central_offset)?;
    entries.sort_by_key(|entry| entry.header_offset);
    Ok(Opened {
        entries,
        central_offset,
        len,
    })
}

/// Two names that are one file on some system, or a file that another needs as a folder (ARC-05).
fn duplicates(entries: &[Entry], faults: &mut Vec<ArchiveFault>) {
    const REMEDY: &str = "rename one of the two";
    let mut seen: HashMap<String, &Entry> = HashMap::new();
    for entry in entries {
        if let Some(other) = seen.insert(path::folded(&entry.path), entry) {
            let message = format!(
                "`{}` is the same file on systems that ignore case or normalise names",
                other.path
            );
            faults.push(ArchiveFault::of("ARC-05", &entry.path, message, REMEDY));
        }
    }
    for entry in entries {
        let folded = path::folded(&entry.path);
        for (end, _) in folded.match_indices('/') {
            if seen
                .get(&folded[..end])
                .is_some_and(|parent| !parent.folder)
            {
                let message = format!("`{}` is a file and a folder at once", &folded[..end]);
                faults.push(ArchiveFault::of("ARC-05", &entry.path, message, REMEDY));
                break;
            }
        }
    }
}

fn totals(entries: &[Entry], limits: &Limits, faults: &mut Vec<ArchiveFault>) {
    let total: u64 = entries.iter().map(|entry| entry.size).sum();
    if total > limits.max_unpacked {
        let message = format!(
            "the archive declares {total} bytes unpacked; at most {} are allowed",
            limits.max_unpacked
        );
        faults.push(ArchiveFault::new(
            "ARC-03",
            message,
            "leave out what the plugin does not need",
        ));
    }
}
