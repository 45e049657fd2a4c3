//! A strict ZIP reader, and the writer of the one form a bundle has.
//!
//! Only what every parser reads the same way is accepted: one end record, one volume, no ZIP64, no gaps, no
//! overlaps, local headers that agree with the directory, stored or deflated entries, names that mean the same
//! file on every system (ARC-01 to ARC-06, ARC-10, ARC-11). Tar archives are not read, hence no ARC-07.

mod check;
mod directory;
mod entry;
mod fault;
mod integrity;
mod layout;
mod limits;
mod magic;
mod open;
mod path;
mod read;
mod record;
mod unpack;
mod write;

pub use entry::{Entry, Method};
pub use fault::{ArchiveError, ArchiveFault};
pub use integrity::{Integrity, parse_integrity};
pub use limits::Limits;
pub use read::EntryReader;
pub use unpack::Unpacked;

pub(crate) use fault::printable;
pub(crate) use path::{check as check_path, folded};
pub(crate) use record::{Common, End, FIRST_DAY, FLAG_UTF8, Local, STORED};
pub(crate) use write::{Prepared, Writer, prepare};

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// The record an entry must have in a signed bundle's directory.
pub(crate) fn record_of(entry: &Entry) -> Vec<u8> {
    entry.canonical_record()
}

/// The directory record of a plain file.
pub(crate) fn signature_record(common: &Common, name: &str, offset: u32) -> Vec<u8> {
    record::Central::canonical(common, name, 0o100_644, offset)
}

/// An archive whose structure has been checked. Contents are checked while they are read.
pub struct Archive<R> {
    reader: R,
    limits: Limits,
    entries: Vec<Entry>,
    index: HashMap<String, usize>,
    central_offset: u64,
    len: u64,
}

impl Archive<BufReader<File>> {
    /// Opens a file with the default limits.
    ///
    /// # Errors
    /// Every fault of the structure, or that of the file system.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ArchiveError> {
        Self::open_with(path, Limits::default())
    }

    /// Opens a file with other limits.
    ///
    /// # Errors
    /// Every fault of the structure, or that of the file system.
    pub fn open_with(path: impl AsRef<Path>, limits: Limits) -> Result<Self, ArchiveError> {
        let file = File::open(path)?;
        Archive::new(BufReader::new(file), limits)
    }
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the structure of an archive.
    ///
    /// # Errors
    /// Every fault of the structure, or that of the reader.
    pub fn new(mut reader: R, limits: Limits) -> Result<Self, ArchiveError> {
        let opened = open::open(&mut reader, &limits)?;
        let names = opened.entries.iter().enumerate();
        let index = names.map(|(i, entry)| (entry.path.clone(), i)).collect();
        Ok(Self {
            reader,
            limits,
            index,
            entries: opened.entries,
            central_offset: opened.central_offset,
            len: opened.len,
        })
    }

    /// Files and folders in the order of their bytes.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Paths of all files (not folders).
    pub fn file_paths(&self) -> Vec<&str> {
        let files = self.entries.iter().filter(|entry| !entry.folder);
        files.map(|entry| entry.path.as_str()).collect()
    }

    /// The entry with this path.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.index.get(path).map(|&i| &self.entries[i])
    }

    /// Bytes of the archive file.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no entries.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Limits it was opened with.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where the central directory begins.
    pub(crate) const fn central_offset(&self) -> u64 {
        self.central_offset
    }

    /// The reader, for bytes outside of entries.
    pub(crate) const fn reader(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Streams a file's bytes; what was declared is checked on the way.
    ///
    /// # Errors
    /// [`ArchiveError::NoEntry`], or that of the reader.
    pub fn entry_reader(&mut self, path: &str) -> Result<EntryReader<'_, R>, ArchiveError> {
        let found = self.index.get(path).map(|&i| &self.entries[i]);
        let entry = found.filter(|entry| !entry.folder).cloned();
        let entry = entry.ok_or_else(|| ArchiveError::NoEntry(path.to_owned()))?;
        self.reader.seek(SeekFrom::Start(entry.data_offset))?;
        Ok(EntryReader::new(&mut self.reader, entry, self.limits))
    }

    /// A file's bytes, when there are at most `cap`.
    ///
    /// # Errors
    /// [`ArchiveError::TooLarge`], [`ArchiveError::NoEntry`], a fault of the content, or that of the reader.
    pub fn read_entry(&mut self, path: &str, cap: u64) -> Result<Vec<u8>, ArchiveError> {
        if let Some(entry) = self.entry(path)
            && entry.size > cap
        {
            return Err(ArchiveError::TooLarge {
                entry: printable(path),
                size: entry.size,
                cap,
            });
        }
        let mut bytes = Vec::new();
        self.entry_reader(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A small text file; `None` when it is missing, too large or not UTF-8.
    pub fn read_text(&mut self, path: &str, cap: u64) -> Option<String> {
        let bytes = self.read_entry(path, cap).ok()?;
        String::from_utf8(bytes).ok()
    }

    /// Reads every file to its end, so that every fault of the contents is found.
    ///
    /// # Errors
    /// The first fault, or that of the reader.
    pub fn check_contents(&mut self) -> Result<(), ArchiveError> {
        for path in self
            .entries
            .iter()
            .filter(|e| !e.folder)
            .map(|e| e.path.clone())
            .collect::<Vec<_>>()
        {
            std::io::copy(&mut self.entry_reader(&path)?, &mut std::io::sink())?;
        }
        Ok(())
    }
}
