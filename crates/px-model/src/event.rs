//! Events that cross process borders, in the CloudEvents 1.0 envelope.

use serde::{Deserialize, Serialize};

/// Event types, spelled as other people's tools already use them.
pub mod event_type {
    /// A version was registered and submitted.
    pub const RECEIVED: &str = "marketplace.publish.received";
    /// A reviewer approved a version.
    pub const APPROVED: &str = "marketplace.publish.approved";
    /// A version was rejected, blocked or sent back.
    pub const REJECTED: &str = "marketplace.publish.rejected";
    /// Every subscribed tenant was told.
    pub const NOTIFIED: &str = "marketplace.publish.notified";
    /// The scenario's event: an approved version is listed and installable.
    pub const PLUGIN_APPROVED: &str = "plugin.publish.approved";
    /// A listed version was withdrawn.
    pub const PLUGIN_WITHDRAWN: &str = "plugin.publish.withdrawn";
    /// An install was committed for a tenant.
    pub const INSTALL_COMMITTED: &str = "plugin.install.committed";
    /// An install failed before it touched traffic.
    pub const INSTALL_FAILED: &str = "plugin.install.failed";
    /// A version was taken back, by itself or by hand.
    pub const INSTALL_ROLLED_BACK: &str = "plugin.install.rolled_back";
}

/// A CloudEvents 1.0 event in the JSON event format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Always `1.0`.
    pub specversion: String,
    /// Unique with `source`; consumers deduplicate on it.
    pub id: String,
    /// Who says so: `/marketplace` or `/powerx/{installation}`.
    pub source: String,
    /// One of [`event_type`].
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is about: a plugin, version or install id.
    pub subject: String,
    /// When it happened, RFC 3339 in UTC.
    pub time: jiff::Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// The content, by type.
    pub data: serde_json::Value,
    /// Position in the feed it was read from (extension attribute); gap-free and increasing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sequence: Option<i64>,
}
