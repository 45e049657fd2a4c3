//! SHA-256 over readers.

use px_model::Digest;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read};

/// SHA-256 of some bytes (FIPS 180-4).
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

/// SHA-256 and length of everything a reader gives.
///
/// # Errors
/// Those of the reader.
pub fn sha256_reader(reader: impl Read) -> io::Result<(Digest, u64)> {
    let mut hashing = HashingReader::new(reader);
    let mut buffer = vec![0; 256 * 1024];
    while hashing.read(&mut buffer)? > 0 {}
    Ok(hashing.finish())
}

/// Passes bytes through and hashes what went by.
pub struct HashingReader<R> {
    inner: R,
    hasher: Sha256,
    read: u64,
}

impl<R: Read> HashingReader<R> {
    /// Wraps a reader.
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            read: 0,
        }
    }

    /// Digest of the bytes that went by so far; hashing goes on.
    #[must_use]
    pub fn so_far(&self) -> Digest {
        Digest::from_bytes(self.hasher.clone().finalize().into())
    }

    /// Digest and number of the bytes that went by.
    pub fn finish(self) -> (Digest, u64) {
        (Digest::from_bytes(self.hasher.finalize().into()), self.read)
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..n]);
        self.read += n as u64;
        Ok(n)
    }
}
