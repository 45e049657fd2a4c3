//! From bytes to entries, refusing everything two parsers could read differently.

use super::directory::{self, Directory};
use super::entry::{Entry, Method};
use super::fault::{ArchiveError, ArchiveFault};
use super::limits::Limits;
use super::path;
use super::record::{
    Central, Common, Cursor, DEFLATE, DESCRIPTOR, FLAG_DESCRIPTOR, FLAG_ENCRYPTED, FLAG_UTF8,
    FLAGS_KNOWN, Local, STORED,
};
use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};

const REPACK: &str = "pack the plugin again with px-plugin pack";
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
        match entry(record, limits, &mut faults) {
            Some(entry) if faults.len() < MAX_FAULTS => entries.push(entry),
            _ => {}
        }
        if faults.len() >= MAX_FAULTS {
            break;
        }
    }
    duplicates(&entries, &mut faults);
    totals(&entries, limits, &mut faults);
    if faults.is_empty() {
        layout(reader, &records, &mut entries, central_offset, &mut faults)?;
    }
    if !faults.is_empty() {
        faults.truncate(MAX_FAULTS);
        return Err(ArchiveError::Faults(faults));
    }
    entries.sort_by_key(|entry| entry.header_offset);
    Ok(Opened {
        entries,
        central_offset,
        len,
    })
}

/// Checks one record of the central directory by itself.
fn entry(record: &Central, limits: &Limits, faults: &mut Vec<ArchiveFault>) -> Option<Entry> {
    let Ok(name) = std::str::from_utf8(&record.name) else {
        let name = String::from_utf8_lossy(&record.name);
        faults.push(ArchiveFault::of(
            "ARC-01",
            &name,
            "the name is not UTF-8",
            REPACK,
        ));
        return None;
    };
    let before = faults.len();
    faults.extend(path::check(name, limits));
    let common = &record.common;
    let mut fault =
        |rule, message: String| faults.push(ArchiveFault::of(rule, name, message, REPACK));
    if common.flags & FLAG_UTF8 == 0 && !name.is_ascii() {
        fault(
            "ARC-01",
            "the name is neither ASCII nor marked as UTF-8".to_owned(),
        );
    }
    if common.flags & FLAG_ENCRYPTED != 0 {
        fault("ARC-10", "the entry is encrypted".to_owned());
    } else if common.flags & !FLAGS_KNOWN != 0 {
        fault(
            "ARC-10",
            format!(
                "the entry uses unusual features (flags {:#06x})",
                common.flags
            ),
        );
    }
    let method = match common.method {
        STORED => Some(Method::Stored),
        DEFLATE => Some(Method::Deflate),
        other => {
            fault(
                "ARC-10",
                format!("compression method {other} is neither stored nor deflate"),
            );
            None
        }
    };
    if record.disk != 0
        || common.size == u32::MAX
        || common.compressed == u32::MAX
        || record.offset == u32::MAX
    {
        fault(
            "ARC-04",
            "the entry needs ZIP64 or a second volume".to_owned(),
        );
    }
    if !record.comment.is_empty() {
        fault("ARC-04", "the entry carries a comment".to_owned());
    }
    if let Some(problem) = extra_problem(&record.extra) {
        fault(problem.0, problem.1.to_owned());
    }
    let mode = record.external >> 16;
    let folder = name.ends_with('/');
    if let Some(problem) = mode_problem(mode, folder) {
        fault("ARC-02", problem);
    }
    let (size, compressed) = (u64::from(common.size), u64::from(common.compressed));
    if folder && size > 0 {
        fault("ARC-04", "a folder has content".to_owned());
    }
    if method == Some(Method::Stored) && size != compressed {
        fault(
            "ARC-04",
            format!("stored, yet {compressed} bytes become {size}"),
        );
    }
    if limits.ratio_exceeded(size, compressed) {
        fault(
            "ARC-03",
            format!(
                "{compressed} bytes grow to {size}, more than {} times",
                limits.max_ratio
            ),
        );
    }
    (faults.len() == before).then(|| Entry {
        path: name.strip_suffix('/').unwrap_or(name).to_owned(),
        size,
        compressed,
        method: method.unwrap_or(Method::Stored),
        crc32: common.crc,
        executable: mode & 0o111 != 0 && !folder,
        folder,
        common: common.clone(),
        header_offset: u64::from(record.offset),
        data_offset: 0,
    })
}

/// Types and bits of a Unix mode that are not a plain file or folder (ARC-02).
fn mode_problem(mode: u32, folder: bool) -> Option<String> {
    const FILE: u32 = 0o100_000;
    const FOLDER: u32 = 0o040_000;
    match mode & 0o170_000 {
        0 => {}
        FILE if !folder => {}
        FOLDER if folder => {}
        FILE | FOLDER => {
            return Some("the mode and the name disagree about being a folder".to_owned());
        }
        0o120_000 => return Some("the entry is a symbolic link".to_owned()),
        _ => {
            return Some(format!(
                "the entry is a device, pipe or socket (mode {mode:o})"
            ));
        }
    }
    (mode & 0o7000 != 0)
        .then(|| format!("the entry has setuid, setgid or sticky bits (mode {mode:o})"))
}

/// Extra fields that change size, name, content or kind of an entry.
fn extra_problem(extra: &[u8]) -> Option<(&'static str, &'static str)> {
    let mut cursor = Cursor(extra);
    while !cursor.0.is_empty() {
        let field = cursor.u16().and_then(|id| {
            let len = cursor.u16()?;
            Ok((id, cursor.take(usize::from(len))?))
        });
        match field {
            Ok((0x0001, _)) => return Some(("ARC-04", "the entry carries ZIP64 sizes")),
            Ok((0x7075, _)) => return Some(("ARC-04", "the entry carries a second name")),
            Ok((0x9901 | 0x0017, _)) => return Some(("ARC-10", "the entry is encrypted")),
            Ok((0x000d, data)) if data.len() > 12 => {
                return Some(("ARC-02", "the entry carries a link target"));
            }
            Ok(_) => {}
            Err(_) => return Some(("ARC-04", "the extra field is cut off")),
        }
    }
    None
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

/// Walks the local headers in order: each begins where the one before ends, and says what the directory says (ARC-04).
fn layout<R: Read + Seek>(
    reader: &mut R,
    records: &[Central],
    entries: &mut [Entry],
    central_offset: u64,
    faults: &mut Vec<ArchiveFault>,
) -> Result<(), ArchiveError> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&i| entries[i].header_offset);
    let mut end = 0;
    for (position, &i) in order.iter().enumerate() {
        let entry = &mut entries[i];
        let mut fault =
            |message: String| faults.push(ArchiveFault::of("ARC-04", &entry.path, message, REPACK));
        if entry.header_offset != end {
            let gap = entry.header_offset.abs_diff(end);
            let what = if entry.header_offset < end {
                "overlaps the one before by"
            } else {
                "leaves a gap before it of"
            };
            fault(format!("the entry {what} {gap} bytes"));
            return Ok(());
        }
        reader.seek(SeekFrom::Start(end))?;
        let Some(local) = Local::read(reader).map_err(cut_off)? else {
            fault("there is no local header where the directory points".to_owned());
            return Ok(());
        };
        if let Some(problem) = disagreement(&local, &records[i]) {
            fault(problem);
            return Ok(());
        }
        entry.data_offset = end + local.len();
        // A data descriptor leaves zeros in the local header; the directory has the numbers.
        let declared = &records[i].common;
        entry.common = Common {
            crc: declared.crc,
            compressed: declared.compressed,
            size: declared.size,
            ..local.common
        };
        end = entry.data_offset + entry.compressed;
        let next = order
            .get(position + 1)
            .map_or(central_offset, |&n| u64::from(records[n].offset));
        if end > central_offset {
            fault("the content reaches into the directory".to_owned());
            return Ok(());
        }
        if entry.common.flags & FLAG_DESCRIPTOR != 0 {
            match descriptor(reader, end, next, &records[i].common)? {
                Some(len) => end += len,
                None => {
                    fault("the data descriptor disagrees with the directory".to_owned());
                    return Ok(());
                }
            }
        }
    }
    if end != central_offset {
        let message = format!(
            "{} bytes lie between the last entry and the directory",
            central_offset.abs_diff(end)
        );
        faults.push(ArchiveFault::new("ARC-04", message, REPACK));
    }
    Ok(())
}

fn cut_off(error: std::io::Error) -> ArchiveError {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        ArchiveFault::new("ARC-04", "a local header is cut off", REPACK).into()
    } else {
        error.into()
    }
}

/// Where local and central header contradict each other.
fn disagreement(local: &Local, record: &Central) -> Option<String> {
    let (a, b) = (&local.common, &record.common);
    if local.name != record.name {
        let name = super::fault::printable(&String::from_utf8_lossy(&local.name));
        return Some(format!("the local header calls the entry `{name}`"));
    }
    if (a.flags, a.method) != (b.flags, b.method) {
        return Some("local header and directory name different methods or flags".to_owned());
    }
    let streamed = a.flags & FLAG_DESCRIPTOR != 0 && (a.crc, a.compressed, a.size) == (0, 0, 0);
    if !streamed && (a.crc, a.compressed, a.size) != (b.crc, b.compressed, b.size) {
        return Some("local header and directory declare different sizes or checksums".to_owned());
    }
    extra_problem(&local.extra).map(|(_, message)| message.to_owned())
}

/// Length of the data descriptor between `end` and `next`, when it says what the directory says.
fn descriptor<R: Read + Seek>(
    reader: &mut R,
    end: u64,
    next: u64,
    common: &Common,
) -> Result<Option<u64>, ArchiveError> {
    let len = next.saturating_sub(end);
    if len != 12 && len != 16 {
        return Ok(None);
    }
    let mut bytes = vec![0; if len == 12 { 12 } else { 16 }];
    reader.seek(SeekFrom::Start(end))?;
    reader.read_exact(&mut bytes).map_err(cut_off)?;
    let mut cursor = Cursor(&bytes);
    let signed = len == 12 || cursor.u32()? == DESCRIPTOR;
    let found = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
    let right = signed && found == (common.crc, common.compressed, common.size);
    Ok(right.then_some(len))
}
