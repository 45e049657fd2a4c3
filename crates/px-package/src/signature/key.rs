//! Ed25519 keys (RFC 8032) in PKCS#8 and SPKI form (RFC 8410).

use crate::sha256;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Signature, Signer as _};
use px_model::Digest;
use rand::CryptoRng;
use std::fmt;
use std::io;

/// What precedes the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410, 4).
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Text that is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a private key in PKCS#8 PEM.
    #[error(
        "not an Ed25519 private key in PKCS#8 PEM (`-----BEGIN PRIVATE KEY-----`); make one with px-plugin keys"
    )]
    Private,
    /// Not a public key in SPKI PEM.
    #[error("not an Ed25519 public key in PEM (`-----BEGIN PUBLIC KEY-----`)")]
    Public,
}

/// A private key. It never shows itself.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Draws a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(ed25519_dalek::SigningKey::generate(rng))
    }

    /// Reads PKCS#8 PEM.
    ///
    /// # Errors
    /// [`KeyError::Private`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = ed25519_dalek::SigningKey::from_pkcs8_pem(pem.trim());
        key.map(Self).map_err(|_| KeyError::Private)
    }

    /// Writes PKCS#8 PEM, to be kept where only its owner can read it.
    ///
    /// # Errors
    /// [`KeyError::Private`] when the encoder fails, which it does not for a key of this type.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF);
        pem.map(|pem| pem.to_string())
            .map_err(|_| KeyError::Private)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs a message; the same message always gives the same 64 bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().fingerprint().short())
    }
}

/// Something that holds a private key: this program, or a service elsewhere.
pub trait Signer {
    /// The public half.
    fn public(&self) -> PublicKey;
    /// Signs a message.
    ///
    /// # Errors
    /// Those of the service; a key held here has none.
    fn sign_message(&self, message: &[u8]) -> io::Result<[u8; 64]>;
}

impl Signer for SigningKey {
    fn public(&self) -> PublicKey {
        self.public()
    }

    fn sign_message(&self, message: &[u8]) -> io::Result<[u8; 64]> {
        Ok(self.sign(message))
    }
}

/// A public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// Reads the 32 bytes of RFC 8032; weak keys are refused.
    ///
    /// # Errors
    /// [`KeyError::Public`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| KeyError::Public)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Public)?;
        if key.is_weak() {
            Err(KeyError::Public)
        } else {
            Ok(Self(key))
        }
    }

    /// Reads SPKI PEM.
    ///
    /// # Errors
    /// [`KeyError::Public`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_public_key_pem(pem.trim())
            .map_err(|_| KeyError::Public)?;
        Self::from_bytes(key.as_bytes())
    }

    /// Writes SPKI PEM.
    ///
    /// # Errors
    /// [`KeyError::Public`] when the encoder fails, which it does not for a key of this type.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.0
            .to_public_key_pem(LineEnding::LF)
            .map_err(|_| KeyError::Public)
    }

    /// The 32 bytes of RFC 8032.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// SHA-256 of the SubjectPublicKeyInfo: the key's name, as `keyid` and for people.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        let mut spki = SPKI_PREFIX.to_vec();
        spki.extend(self.as_bytes());
        sha256(&spki)
    }

    /// Whether these 64 bytes are the one signature of the message (strict, not malleable).
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}
