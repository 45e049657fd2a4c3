//! DSSE envelopes (Dead Simple Signing Envelope 1.0) with exactly one signature and one form.

use super::key::{PublicKey, Signer, SigningKey};
use crate::canonical::compact_json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use px_model::Digest;
use serde::{Deserialize, Serialize};
use std::io;

/// A signed payload. Its JSON is canonical: keys sorted, no white space, so that every byte of it matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeSignature {
    /// The signer's certificate and those above it, base64 of DER; absent where the key is known otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    certificates: Vec<String>,
    keyid: String,
    sig: String,
}

/// Why a text is not an envelope, or not a good one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not an envelope in its canonical form.
    #[error("not a DSSE envelope in canonical form: {0}")]
    Form(String),
    /// Signed by another key than expected.
    #[error("signed by the key {found}, not by {expected}")]
    Key {
        /// The key the envelope names.
        found: String,
        /// The key it was verified with.
        expected: String,
    },
    /// The signature is wrong.
    #[error("the signature does not fit the payload")]
    Signature,
    /// The payload is of another type.
    #[error("the payload is `{0}`")]
    Type(String),
}

/// Pre-authentication encoding: what is signed (DSSE protocol, `PAE`).
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    out.extend(payload);
    out
}

impl Envelope {
    /// Signs a payload.
    #[must_use]
    pub fn sign(
        payload_type: &str,
        payload: &[u8],
        key: &SigningKey,
        certificates: &[Vec<u8>],
    ) -> Self {
        let signature = key.sign(&pae(payload_type, payload));
        Self::assemble(
            payload_type,
            payload,
            &key.public(),
            &signature,
            certificates,
        )
    }

    /// Signs a payload with a key held elsewhere. A signature that does not verify is the signer's failure.
    ///
    /// # Errors
    /// Those of the signer.
    pub fn sign_with(
        payload_type: &str,
        payload: &[u8],
        signer: &dyn Signer,
        certificates: &[Vec<u8>],
    ) -> io::Result<Self> {
        let message = pae(payload_type, payload);
        let signature = signer.sign_message(&message)?;
        let public = signer.public();
        if !public.verifies(&message, &signature) {
            return Err(io::Error::other(
                "the signer gave a signature that does not belong to its key",
            ));
        }
        Ok(Self::assemble(
            payload_type,
            payload,
            &public,
            &signature,
            certificates,
        ))
    }

    fn assemble(
        payload_type: &str,
        payload: &[u8],
        key: &PublicKey,
        signature: &[u8; 64],
        certificates: &[Vec<u8>],
    ) -> Self {
        Self {
            payload: STANDARD.encode(payload),
            payload_type: payload_type.to_owned(),
            signatures: vec![EnvelopeSignature {
                certificates: certificates
                    .iter()
                    .map(|der| STANDARD.encode(der))
                    .collect(),
                keyid: key.fingerprint().to_string(),
                sig: STANDARD.encode(signature),
            }],
        }
    }

    /// Reads canonical JSON; any other form of the same content is refused.
    ///
    /// # Errors
    /// [`EnvelopeError::Form`].
    pub fn from_json(text: &str) -> Result<Self, EnvelopeError> {
        let envelope: Self =
            serde_json::from_str(text).map_err(|e| EnvelopeError::Form(e.to_string()))?;
        if envelope.signatures.len() != 1 {
            return Err(EnvelopeError::Form(format!(
                "{} signatures instead of one",
                envelope.signatures.len()
            )));
        }
        if envelope.to_json() != text {
            return Err(EnvelopeError::Form("keys or white space differ".to_owned()));
        }
        Ok(envelope)
    }

    /// Canonical JSON on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_value(self).map_or_else(|_| String::new(), |value| compact_json(&value))
    }

    /// The certificates as DER, the signer's first.
    ///
    /// # Errors
    /// [`EnvelopeError::Form`].
    pub fn certificates(&self) -> Result<Vec<Vec<u8>>, EnvelopeError> {
        let signatures = self.signatures.iter();
        signatures
            .flat_map(|signature| &signature.certificates)
            .map(|text| decode(text))
            .collect()
    }

    /// The `keyid` of the signature: what it says, not yet verified.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.signatures
            .first()
            .map_or("", |signature| signature.keyid.as_str())
    }

    /// The payload, when the signature over it by `key` is good and the type is the expected one.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn verify(&self, payload_type: &str, key: &PublicKey) -> Result<Vec<u8>, EnvelopeError> {
        let expected = key.fingerprint();
        if self.key_id().parse::<Digest>() != Ok(expected) {
            return Err(EnvelopeError::Key {
                found: self.key_id().chars().take(80).collect(),
                expected: expected.to_string(),
            });
        }
        if self.payload_type != payload_type {
            return Err(EnvelopeError::Type(
                self.payload_type.chars().take(80).collect(),
            ));
        }
        let payload = decode(&self.payload)?;
        let signature = self.signatures.first().ok_or(EnvelopeError::Signature)?;
        if key.verifies(&pae(&self.payload_type, &payload), &decode(&signature.sig)?) {
            Ok(payload)
        } else {
            Err(EnvelopeError::Signature)
        }
    }
}

/// Strict base64 (RFC 4648, 4): padding and unused bits have one form.
fn decode(text: &str) -> Result<Vec<u8>, EnvelopeError> {
    STANDARD
        .decode(text)
        .map_err(|e| EnvelopeError::Form(e.to_string()))
}
