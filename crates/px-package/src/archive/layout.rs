//! Where entries lie: local headers against the directory (ARC-04).

use super::check::{REPACK, extra_problem};
use super::entry::Entry;
use super::fault::{ArchiveError, ArchiveFault, printable};
use super::record::{Central, Common, Cursor, DESCRIPTOR, FLAG_DESCRIPTOR, Local};
use std::io::{self, Read, Seek, SeekFrom};

/// Walks the local headers in order: each begins where the one before ends, and says what the directory says.
/// `records` and `entries` have the same order. The first contradiction ends the walk.
pub fn check<R: Read + Seek>(
    reader: &mut R,
    records: &[Central],
    entries: &mut [Entry],
    central_offset: u64,
) -> Result<(), ArchiveError> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&i| entries[i].header_offset);
    let mut end = 0;
    for (position, &i) in order.iter().enumerate() {
        let next = order
            .get(position + 1)
            .map_or(central_offset, |&n| u64::from(records[n].offset));
        let entry = &mut entries[i];
        let span = Span {
            begin: end,
            next,
            central_offset,
        };
        match place(reader, &records[i], entry, span)? {
            Ok(after) => end = after,
            Err(problem) => {
                return Err(ArchiveFault::of("ARC-04", &entry.path, problem, REPACK).into());
            }
        }
    }
    if end == central_offset {
        return Ok(());
    }
    let gap = central_offset.abs_diff(end);
    let message = format!("{gap} bytes lie between the last entry and the directory");
    Err(ArchiveFault::new("ARC-04", message, REPACK).into())
}

/// The room an entry has.
#[derive(Clone, Copy)]
struct Span {
    /// Where the entry before ends.
    begin: u64,
    /// Where the entry after begins, or the directory.
    next: u64,
    central_offset: u64,
}

/// Finds an entry's content and where it ends, or says what is wrong.
fn place<R: Read + Seek>(
    reader: &mut R,
    record: &Central,
    entry: &mut Entry,
    span: Span,
) -> Result<Result<u64, String>, ArchiveError> {
    let begin = span.begin;
    if entry.header_offset != begin {
        let gap = entry.header_offset.abs_diff(begin);
        let what = if entry.header_offset < begin {
            "overlaps the one before by"
        } else {
            "leaves a gap before it of"
        };
        return Ok(Err(format!("the entry {what} {gap} bytes")));
    }
    reader.seek(SeekFrom::Start(begin))?;
    let Some(local) = Local::read(reader).map_err(cut_off)? else {
        return Ok(Err(
            "there is no local header where the directory points".to_owned()
        ));
    };
    if let Some(problem) = disagreement(&local, record) {
        return Ok(Err(problem));
    }
    entry.data_offset = begin + local.len();
    let end = entry.data_offset + entry.compressed;
    // A data descriptor leaves zeros in the local header; the directory has the numbers.
    entry.common = Common {
        crc: record.common.crc,
        compressed: record.common.compressed,
        size: record.common.size,
        ..local.common
    };
    if end > span.central_offset {
        return Ok(Err("the content reaches into the directory".to_owned()));
    }
    if entry.common.flags & FLAG_DESCRIPTOR == 0 {
        return Ok(Ok(end));
    }
    let len = descriptor(reader, end, span.next, &record.common)?;
    let after = len.map(|len| end + len);
    Ok(after.ok_or_else(|| "the data descriptor disagrees with the directory".to_owned()))
}

fn cut_off(error: io::Error) -> ArchiveError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        ArchiveFault::new("ARC-04", "a local header is cut off", REPACK).into()
    } else {
        error.into()
    }
}

/// Where local and central header contradict each other.
fn disagreement(local: &Local, record: &Central) -> Option<String> {
    let (a, b) = (&local.common, &record.common);
    if local.name != record.name {
        let name = printable(&String::from_utf8_lossy(&local.name));
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
