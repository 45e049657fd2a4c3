//! One file of an archive.

use super::record::{Central, Common};
use serde::Serialize;

/// How an entry's bytes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// As they are.
    Stored,
    /// RFC 1951.
    Deflate,
}

/// A file or folder of an archive, checked.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Path with `/`; a folder's path has no `/` at its end.
    pub path: String,
    /// Bytes, unpacked.
    pub size: u64,
    /// Bytes in the archive.
    pub compressed: u64,
    /// How they are kept.
    pub method: Method,
    /// CRC-32 (ISO 3309) of the unpacked bytes.
    pub crc32: u32,
    /// Whether the mode has an execute bit.
    pub executable: bool,
    /// Whether it is a folder.
    pub folder: bool,
    #[serde(skip)]
    pub(crate) common: Common,
    #[serde(skip)]
    pub(crate) header_offset: u64,
    #[serde(skip)]
    pub(crate) data_offset: u64,
}

impl Entry {
    /// The mode it is unpacked with and has in a signed bundle's directory.
    #[must_use]
    pub const fn mode(&self) -> u32 {
        match (self.folder, self.executable) {
            (true, _) => 0o040_755,
            (false, true) => 0o100_755,
            (false, false) => 0o100_644,
        }
    }

    /// The bytes its record in the central directory must have in a signed bundle.
    pub(crate) fn canonical_record(&self) -> Vec<u8> {
        let name = if self.folder {
            format!("{}/", self.path)
        } else {
            self.path.clone()
        };
        let offset = u32::try_from(self.header_offset).unwrap_or(u32::MAX);
        Central::canonical(&self.common, &name, self.mode(), offset)
    }
}
