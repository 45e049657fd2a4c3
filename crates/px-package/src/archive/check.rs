//! What one record of the central directory says of its entry, by itself.

use super::entry::{Entry, Method};
use super::fault::ArchiveFault;
use super::limits::Limits;
use super::path;
use super::record::{
    Central, Common, Cursor, DEFLATE, FLAG_ENCRYPTED, FLAG_UTF8, FLAGS_KNOWN, STORED,
};

/// How a bundle that was not made by us gets the one form it should have.
pub const REPACK: &str = "pack the plugin again with px-plugin pack";

/// A rule and what was seen.
type Problem = (&'static str, String);

/// The entry, or every fault of its record.
pub fn entry(record: &Central, limits: &Limits) -> Result<Entry, Vec<ArchiveFault>> {
    let Ok(name) = std::str::from_utf8(&record.name) else {
        let name = String::from_utf8_lossy(&record.name);
        let fault = ArchiveFault::of("ARC-01", &name, "the name is not UTF-8", REPACK);
        return Err(vec![fault]);
    };
    let common = &record.common;
    let mode = record.external >> 16;
    let folder = name.ends_with('/');
    let mut faults = path::check(name, limits);
    let unmarked = common.flags & FLAG_UTF8 == 0 && !name.is_ascii();
    let unmarked = unmarked.then(|| {
        (
            "ARC-01",
            "the name is neither ASCII nor marked as UTF-8".to_owned(),
        )
    });
    let problems = unmarked
        .into_iter()
        .chain(feature_problem(common))
        .chain(field_problem(record))
        .chain(extra_problem(&record.extra))
        .chain(mode_problem(mode, folder))
        .chain(size_problem(common, folder, limits));
    faults.extend(problems.map(|(rule, message)| ArchiveFault::of(rule, name, message, REPACK)));
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Entry {
        path: name.strip_suffix('/').unwrap_or(name).to_owned(),
        size: u64::from(common.size),
        compressed: u64::from(common.compressed),
        method: if common.method == STORED {
            Method::Stored
        } else {
            Method::Deflate
        },
        crc32: common.crc,
        executable: mode & 0o111 != 0 && !folder,
        folder,
        common: common.clone(),
        header_offset: u64::from(record.offset),
        data_offset: 0,
    })
}

/// Encryption and methods that not every tool has (ARC-10).
fn feature_problem(common: &Common) -> Option<Problem> {
    let message = if common.flags & FLAG_ENCRYPTED != 0 {
        "the entry is encrypted".to_owned()
    } else if common.flags & !FLAGS_KNOWN != 0 {
        format!(
            "the entry uses unusual features (flags {:#06x})",
            common.flags
        )
    } else if ![STORED, DEFLATE].contains(&common.method) {
        format!(
            "compression method {} is neither stored nor deflate",
            common.method
        )
    } else {
        return None;
    };
    Some(("ARC-10", message))
}

/// Numbers that mean "look elsewhere", and room for hidden bytes (ARC-04).
fn field_problem(record: &Central) -> Option<Problem> {
    let elsewhere =
        [record.common.size, record.common.compressed, record.offset].contains(&u32::MAX);
    let message = match () {
        () if elsewhere || record.disk != 0 => "the entry needs ZIP64 or a second volume",
        () if !record.comment.is_empty() => "the entry carries a comment",
        () => return None,
    };
    Some(("ARC-04", message.to_owned()))
}

fn size_problem(common: &Common, folder: bool, limits: &Limits) -> Option<Problem> {
    let (size, compressed) = (u64::from(common.size), u64::from(common.compressed));
    match () {
        () if folder && size > 0 => Some(("ARC-04", "a folder has content".to_owned())),
        () if common.method == STORED && size != compressed => Some((
            "ARC-04",
            format!("stored, yet {compressed} bytes become {size}"),
        )),
        () if limits.ratio_exceeded(size, compressed) => {
            let max = limits.max_ratio;
            Some((
                "ARC-03",
                format!("{compressed} bytes grow to {size}, more than {max} times"),
            ))
        }
        () => None,
    }
}

/// Types and bits of a Unix mode that are not a plain file or folder (ARC-02).
fn mode_problem(mode: u32, folder: bool) -> Option<Problem> {
    const FILE: u32 = 0o100_000;
    const FOLDER: u32 = 0o040_000;
    let message = match mode & 0o170_000 {
        FILE | FOLDER if (mode & 0o170_000 == FOLDER) != folder => {
            "the mode and the name disagree about being a folder".to_owned()
        }
        0 | FILE | FOLDER if mode & 0o7000 == 0 => return None,
        0 | FILE | FOLDER => format!("the entry has setuid, setgid or sticky bits (mode {mode:o})"),
        0o120_000 => "the entry is a symbolic link".to_owned(),
        _ => format!("the entry is a device, pipe or socket (mode {mode:o})"),
    };
    Some(("ARC-02", message))
}

/// Extra fields that change size, name, content or kind of an entry.
pub fn extra_problem(extra: &[u8]) -> Option<Problem> {
    let mut cursor = Cursor(extra);
    while !cursor.0.is_empty() {
        let field = cursor.u16().and_then(|id| {
            let len = cursor.u16()?;
            Ok((id, cursor.take(usize::from(len))?))
        });
        match field {
            Ok((0x0001, _)) => return Some(("ARC-04", "the entry carries ZIP64 sizes".to_owned())),
            Ok((0x7075, _)) => {
                return Some(("ARC-04", "the entry carries a second name".to_owned()));
            }
            Ok((0x9901 | 0x0017, _)) => {
                return Some(("ARC-10", "the entry is encrypted".to_owned()));
            }
            Ok((0x000d, data)) if data.len() > 12 => {
                return Some(("ARC-02", "the entry carries a link target".to_owned()));
            }
            Ok(_) => {}
            Err(_) => return Some(("ARC-04", "the extra field is cut off".to_owned())),
        }
    }
    None
}
