//! Addresses on the Marketplace, relative to its root.

use px_model::{PluginId, VersionId};

/// `POST`: registers a version.
pub const PUBLISH: &str = "api/marketplace/plugins/publish";
/// `POST`: registers a signing key. `GET`: the publisher's keys.
pub const KEYS: &str = "api/marketplace/publisher/keys";
/// `GET`: whose the token is and what it may do.
pub const WHO_AM_I: &str = "api/v1/me";
/// `GET`: limits, and the cores that plugins are checked against.
pub const LIMITS: &str = "api/v1/limits";
/// `POST`: OAuth2 client credentials (RFC 6749 section 4.4).
pub const TOKEN: &str = "oauth/token";
/// `GET`: publisher roots, listing keys and revocations.
pub const TRUST: &str = "api/marketplace/trust";
/// `GET`: whether every part of the service is there.
pub const READY: &str = "readyz";

/// `GET`: versions of a plugin that are listed.
#[must_use]
pub fn versions(plugin: &PluginId) -> String {
    format!("api/marketplace/plugins/{plugin}/versions")
}

/// `POST`: asks for the review of an uploaded version.
#[must_use]
pub fn submit(version: VersionId) -> String {
    format!("api/marketplace/plugins/{version}/submit-review")
}

/// `PATCH`: withdraws a version.
#[must_use]
pub fn status(version: VersionId) -> String {
    format!("api/marketplace/plugins/{version}/status")
}

/// `GET`: a version as its publisher sees it.
#[must_use]
pub fn view(version: VersionId) -> String {
    format!("api/marketplace/plugins/{version}/review")
}

/// `GET` with `Accept: text/event-stream`: the same document, each time it changes.
#[must_use]
pub fn view_stream(version: VersionId) -> String {
    format!("api/marketplace/plugins/{version}/review/stream")
}

/// `GET`: the report of the automated checks.
#[must_use]
pub fn report(version: VersionId) -> String {
    format!("api/marketplace/plugins/{version}/report")
}

/// `POST`: revokes a signing key.
#[must_use]
pub fn revoke(key: &str) -> String {
    format!("{KEYS}/{key}/revoke")
}
