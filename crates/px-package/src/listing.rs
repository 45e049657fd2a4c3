//! The Marketplace's approval of a version, signed so that cores can check it offline.

use crate::canonical::compact_json;
use crate::signature::{Envelope, EnvelopeError, PublicKey, SigningKey};
use jiff::Timestamp;
use px_model::{Channel, Digest, Permission, PluginId, Risk, Version, VersionId};
use serde::{Deserialize, Serialize};

/// DSSE payload type of a listing.
pub const LISTING_TYPE: &str = "application/vnd.powerx.listing+json";

/// What the Marketplace says about a version it lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListingStatement {
    /// Which plugin.
    pub plugin_id: PluginId,
    /// Which version.
    pub version: Version,
    /// Its id on the Marketplace.
    pub version_id: VersionId,
    /// SHA-256 of the bundle.
    pub digest: Digest,
    /// Bytes of the bundle.
    pub size: u64,
    /// Where it is offered.
    pub channel: Channel,
    /// When it was listed.
    pub listed_at: Timestamp,
    /// Rights the reviewers saw and approved.
    pub permissions: Vec<Permission>,
    /// How much harm it could do.
    pub risk: Risk,
}

/// Signs a listing; the result is canonical JSON of a DSSE envelope.
///
/// # Errors
/// [`EnvelopeError::Form`] when the statement cannot be written as JSON, which these types always can.
pub fn sign_listing(
    statement: &ListingStatement,
    key: &SigningKey,
) -> Result<String, EnvelopeError> {
    let value = serde_json::to_value(statement).map_err(|e| EnvelopeError::Form(e.to_string()))?;
    let payload = compact_json(&value);
    Ok(Envelope::sign(LISTING_TYPE, payload.as_bytes(), key, &[]).to_json())
}

/// Reads a listing that one of the trusted keys signed.
///
/// # Errors
/// [`EnvelopeError`]: another form, another key, another type, or a wrong signature.
pub fn verify_listing(
    envelope: &str,
    trusted: &[PublicKey],
) -> Result<ListingStatement, EnvelopeError> {
    let envelope = Envelope::from_json(envelope)?;
    let found = envelope.key_id().to_owned();
    let key = trusted
        .iter()
        .find(|key| key.fingerprint().to_string() == found);
    let key = key.ok_or_else(|| EnvelopeError::Key {
        found: found.chars().take(80).collect(),
        expected: "one of the Marketplace's keys".to_owned(),
    })?;
    let payload = envelope.verify(LISTING_TYPE, key)?;
    serde_json::from_slice(&payload).map_err(|e| EnvelopeError::Form(format!("not a listing: {e}")))
}
