//! Checksums of upload chunks (tus checksum extension).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// A promised checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    algorithm: Algorithm,
    promised: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha1,
    Sha256,
}

/// A checksum being computed.
pub enum Hasher {
    /// SHA-1, which the protocol asks every server to offer; it guards against accidents only.
    Sha1(Sha1),
    /// SHA-256.
    Sha256(Sha256),
}

impl Hasher {
    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }
}

impl Checksum {
    /// Reads `sha256 BASE64`; `None` when it is something else or another algorithm.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let (name, value) = header.trim().split_once(' ')?;
        let (algorithm, length) = match name {
            "sha1" => (Algorithm::Sha1, 20),
            "sha256" => (Algorithm::Sha256, 32),
            _ => return None,
        };
        let promised = STANDARD.decode(value.trim()).ok()?;
        (promised.len() == length).then_some(Self {
            algorithm,
            promised,
        })
    }

    /// A hasher of its algorithm.
    #[must_use]
    pub fn hasher(&self) -> Hasher {
        match self.algorithm {
            Algorithm::Sha1 => Hasher::Sha1(Sha1::new()),
            Algorithm::Sha256 => Hasher::Sha256(Sha256::new()),
        }
    }

    /// Whether what was computed is what was promised.
    #[must_use]
    pub fn matches(&self, hasher: Hasher) -> bool {
        match hasher {
            Hasher::Sha1(h) => h.finalize().as_slice() == self.promised,
            Hasher::Sha256(h) => h.finalize().as_slice() == self.promised,
        }
    }
}
