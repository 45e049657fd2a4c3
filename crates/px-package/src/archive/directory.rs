//! The end record and the central directory.

use super::fault::{ArchiveError, ArchiveFault};
use super::limits::Limits;
use super::magic;
use super::record::{CENTRAL_LEN, Central, Cursor, END, END_LEN, End, ZIP64_LOCATOR};
use std::io::{Read, Seek, SeekFrom};

const REPACK: &str = "pack the plugin again with px-plugin pack";
/// An end record is followed by a comment of at most 65,535 bytes.
const TAIL: u64 = END_LEN as u64 + 0xffff;

pub struct Directory {
    pub records: Vec<Central>,
    pub central_offset: u64,
    pub len: u64,
    /// Faults that do not keep us from reading on.
    pub faults: Vec<ArchiveFault>,
}

/// Finds the one end record and reads every record of the directory it points to.
pub fn read<R: Read + Seek>(reader: &mut R, limits: &Limits) -> Result<Directory, ArchiveError> {
    let len = reader.seek(SeekFrom::End(0))?;
    if len > limits.max_bytes {
        let message = format!(
            "the archive has {len} bytes; at most {} are allowed",
            limits.max_bytes
        );
        return Err(ArchiveFault::new(
            "ARC-03",
            message,
            "leave out what the plugin does not need",
        )
        .into());
    }
    let head = read_at(reader, 0, len.min(magic::HEAD_LEN))?;
    let tail_offset = len.saturating_sub(TAIL);
    let tail = read_at(reader, tail_offset, len - tail_offset)?;
    let mut faults = magic::head_faults(&head);
    let position = end_record(&tail, &head, &mut faults)?;
    if position + END_LEN < tail.len() {
        faults.push(ArchiveFault::new(
            "ARC-04",
            "the archive has a comment at its end",
            REPACK,
        ));
        faults.extend(magic::foreign(
            &tail[position + END_LEN..],
            "in the comment",
        ));
    }
    let end = End::read(&tail[position..])?;
    let end_offset = tail_offset + position as u64;
    let central_offset = u64::from(end.central_offset);
    let checked = whole(&end, end_offset, &tail[..position], limits).and_then(|()| {
        let bytes = read_at(reader, central_offset, u64::from(end.central_size))?;
        records(&bytes, usize::from(end.entries))
    });
    let records = match checked {
        Ok(records) => records,
        // What was found before says more about the file than the place where reading ended.
        Err(ArchiveError::Faults(more)) => {
            faults.extend(more);
            return Err(ArchiveError::Faults(faults));
        }
        Err(error) => return Err(error),
    };
    Ok(Directory {
        records,
        central_offset,
        len,
        faults,
    })
}

/// Position of the end record in the tail. More than one that fits is an archive two parsers read differently.
fn end_record(
    tail: &[u8],
    head: &[u8],
    faults: &mut Vec<ArchiveFault>,
) -> Result<usize, ArchiveError> {
    let marks: Vec<usize> = tail
        .windows(4)
        .enumerate()
        .filter_map(|(i, bytes)| (bytes == END.to_le_bytes()).then_some(i))
        .filter(|i| i + END_LEN <= tail.len())
        .collect();
    let comment = |i: usize| usize::from(u16::from_le_bytes([tail[i + 20], tail[i + 21]]));
    let fitting: Vec<usize> = marks
        .iter()
        .copied()
        .filter(|&i| i + END_LEN + comment(i) == tail.len())
        .collect();
    match (fitting.as_slice(), marks.last()) {
        ([only], _) => Ok(*only),
        ([_, ..], _) => {
            let message = format!("{} end records fit the end of the file", fitting.len());
            faults.push(ArchiveFault::new("ARC-06", message, REPACK));
            Err(ArchiveError::Faults(std::mem::take(faults)))
        }
        ([], Some(mark)) => {
            let mut found = vec![ArchiveFault::new(
                "ARC-04",
                "data follows the end of the archive, or it is cut off",
                REPACK,
            )];
            let after = (mark + END_LEN + comment(*mark)).min(tail.len());
            found.extend(magic::foreign(
                &tail[after..],
                "after the end of the archive",
            ));
            Err(ArchiveError::Faults(found))
        }
        ([], None) => {
            let what = magic::kind(head).map_or_else(
                || "not a ZIP archive".to_owned(),
                |kind| format!("{kind}, not a ZIP archive"),
            );
            let message = format!("the file is {what}");
            Err(ArchiveFault::new(
                "ARC-04",
                message,
                "a bundle is a ZIP made with px-plugin pack; tar archives are not taken",
            )
            .into())
        }
    }
}

/// The directory fills the space up to the end record, in one volume, with 32-bit numbers.
fn whole(end: &End, end_offset: u64, before: &[u8], limits: &Limits) -> Result<(), ArchiveError> {
    let fault = |rule, message: String| Err(ArchiveFault::new(rule, message, REPACK).into());
    let has_locator =
        before.len() >= 20 && before[before.len() - 20..].starts_with(&ZIP64_LOCATOR.to_le_bytes());
    if has_locator
        || end.entries == u16::MAX
        || end.central_offset == u32::MAX
        || end.central_size == u32::MAX
    {
        return fault(
            "ARC-04",
            "the archive uses ZIP64, which a bundle never needs".to_owned(),
        );
    }
    if end.disk != 0 || end.central_disk != 0 || end.entries_here != end.entries {
        return fault("ARC-04", "the archive is one of several volumes".to_owned());
    }
    if u64::from(end.central_offset) + u64::from(end.central_size) != end_offset {
        return fault(
            "ARC-04",
            "the directory does not fill the space before the end record".to_owned(),
        );
    }
    if usize::from(end.entries) > limits.max_entries {
        let message = format!(
            "the archive has {} entries; at most {} are allowed",
            end.entries, limits.max_entries
        );
        return fault("ARC-03", message);
    }
    // Names are short and extra fields small: a directory far above this is padding.
    let most =
        (limits.max_entries as u64 + 1) * (CENTRAL_LEN as u64 + limits.max_path as u64 + 256);
    if u64::from(end.central_size) > most {
        return fault(
            "ARC-03",
            format!("the directory has {} bytes", end.central_size),
        );
    }
    Ok(())
}

fn records(bytes: &[u8], count: usize) -> Result<Vec<Central>, ArchiveError> {
    let fault = |message: &str| ArchiveError::from(ArchiveFault::new("ARC-04", message, REPACK));
    let mut cursor = Cursor(bytes);
    let mut records = Vec::with_capacity(count);
    for _ in 0..count {
        match Central::read(&mut cursor) {
            Ok(Some(record)) => records.push(record),
            Ok(None) => return Err(fault("the directory holds something that is not a record")),
            Err(_) => return Err(fault("the directory is cut off")),
        }
    }
    if cursor.0.is_empty() {
        Ok(records)
    } else {
        Err(fault(
            "the directory has more records than the end record counts",
        ))
    }
}

fn read_at<R: Read + Seek>(reader: &mut R, offset: u64, len: u64) -> Result<Vec<u8>, ArchiveError> {
    reader.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    reader.take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}
