//! Addresses the demo asks, as any other client would.

use px_model::{PluginId, VersionId};

/// Claims a review.
pub fn claim(version: VersionId) -> String {
    format!("/api/marketplace/plugins/{version}/review/claim")
}

/// Decides a review.
pub fn decide(version: VersionId) -> String {
    format!("/api/marketplace/plugins/{version}/review")
}

/// A version as its publisher sees it.
pub fn version(version: VersionId) -> String {
    format!("/api/marketplace/plugins/{version}/review")
}

/// A publisher's messages.
pub const PUBLISHER_INBOX: &str = "/api/marketplace/publisher/inbox";
/// Versions of a plugin that are listed.
pub fn versions(plugin: &PluginId) -> String {
    format!("/api/marketplace/plugins/{plugin}/versions")
}

/// Installs a listed version.
pub const INSTALL: &str = "/api/v1/admin/plugins/install/url";
/// Takes a plugin back to its previous version.
pub const ROLLBACK: &str = "/api/v1/admin/plugins/upgrade/rollback";
/// Plugins installed for the caller's tenant.
pub const INSTALLED: &str = "/api/v1/admin/plugins/installed";
/// The tenant's alerts.
pub const ALERTS: &str = "/api/v1/admin/alerts";
/// Where the tenant is told besides its inbox.
pub const NOTIFICATIONS: &str = "/api/v1/admin/notifications";
/// The tenant's inbox.
pub const INBOX: &str = "/api/v1/admin/inbox";
/// Walks the Marketplace's audit chain.
pub const MARKET_AUDIT_VERIFY: &str = "/api/marketplace/audit/verify";
/// Walks the core's audit chain.
pub const CORE_AUDIT_VERIFY: &str = "/api/v1/admin/audit/verify";

/// Sets what happens when a new version is listed.
pub fn policy(plugin: &PluginId) -> String {
    format!("/api/v1/admin/plugins/{plugin}/policy")
}

/// A plugin's API through the gateway.
pub fn gateway(plugin: &PluginId, path: &str) -> String {
    format!("/_p/{plugin}/api{path}")
}

/// A tenant's wish to be told in the console.
pub fn subscription(plugin: &PluginId) -> String {
    format!("/api/v1/admin/plugins/{plugin}/subscription")
}

/// Listed versions of a plugin, as the core knows them.
pub fn synced(plugin: &PluginId) -> String {
    format!("/api/v1/admin/plugins/versions?pluginId={plugin}")
}
