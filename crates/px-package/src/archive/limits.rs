//! How much an archive may hold.

/// Bounds that are counted while bytes stream, never taken from what the archive declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the archive file. Default 1 GiB.
    pub max_bytes: u64,
    /// Bytes of all entries together, unpacked. Default 3 GiB.
    pub max_unpacked: u64,
    /// Number of entries. Default 20,000.
    pub max_entries: usize,
    /// Unpacked bytes per compressed byte, for every entry above 1 MiB. Default 200.
    pub max_ratio: u64,
    /// Bytes of a path. Default 240, so that it fits below an install folder on every system.
    pub max_path: usize,
}

/// Entries up to this size may have any ratio: a small text of one letter compresses a thousandfold.
pub const RATIO_FLOOR: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 1 << 30,
            max_unpacked: 3 << 30,
            max_entries: 20_000,
            max_ratio: 200,
            max_path: 240,
        }
    }
}

impl Limits {
    /// Whether this many unpacked bytes from this many compressed ones are too many.
    pub(crate) const fn ratio_exceeded(&self, unpacked: u64, compressed: u64) -> bool {
        unpacked > RATIO_FLOOR && unpacked > compressed.saturating_mul(self.max_ratio)
    }
}
