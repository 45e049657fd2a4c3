//! What there is, what is installed, and what a tenant wants done with news.

use jiff::Timestamp;
use px_model::{Channel, InstallId, Permission, PluginId, Risk, TenantId, UpgradePolicy, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A plugin installed for a tenant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstalledPlugin {
    /// Tenant.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Name.
    pub name: String,
    /// Version that is served.
    #[schema(value_type = String)]
    pub version: Version,
    /// Candidate on probation.
    #[schema(value_type = Option<String>)]
    pub candidate: Option<Version>,
    /// Version kept to go back to.
    #[schema(value_type = Option<String>)]
    pub previous: Option<Version>,
    /// Newest listed version that could be installed.
    #[schema(value_type = Option<String>)]
    pub update: Option<Version>,
    /// `healthy`, `degraded`, `down` or `idle`.
    pub health: String,
    /// Runtime kind.
    pub kind: String,
    /// Permissions granted.
    #[schema(value_type = Vec<String>)]
    pub permissions: Vec<Permission>,
    /// Risk.
    #[schema(value_type = String)]
    pub risk: Risk,
    /// What happens when a new version is listed.
    #[schema(value_type = String)]
    pub policy: UpgradePolicy,
    /// Operation under way.
    #[schema(value_type = Option<String>)]
    pub operation: Option<InstallId>,
    /// Where the plugin answers, below the installation's address.
    pub path: String,
}

/// `PUT /api/v1/admin/plugins/{pluginId}/policy`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyRequest {
    /// Tenant, for platform operators.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
    /// `off`, `notify` or `auto`.
    #[schema(value_type = String)]
    pub policy: UpgradePolicy,
    /// Channel to follow.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub channel: Option<Channel>,
}

/// A listed version, seen from one tenant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogVersion {
    /// The version as the Marketplace lists it.
    pub listed: crate::market::ListedVersion,
    /// Whether the tenant has exactly this version.
    pub installed: bool,
    /// Whether it could be installed now.
    pub installable: bool,
    /// What stands against it.
    pub why_not: Vec<String>,
    /// Permissions it asks for that the tenant has not granted yet.
    #[schema(value_type = Vec<String>)]
    pub asks_more: Vec<Permission>,
}

/// How fresh the catalog is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogState {
    /// Address of the Marketplace.
    pub source: String,
    /// Position of the last event taken.
    pub cursor: i64,
    /// Newest position the Marketplace told of.
    pub head: i64,
    /// When the Marketplace last answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub polled_at: Option<Timestamp>,
    /// When the last event was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub event_at: Option<Timestamp>,
    /// Gaps seen in the feed and read again.
    pub gaps: i64,
    /// Listings refused because their signature was not right.
    pub refused: i64,
    /// Whether the Marketplace has been silent for too long.
    pub stale: bool,
    /// What went wrong the last time, until it goes right.
    pub error: Option<String>,
}

/// Why a tenant is not on the newest version yet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExplainView {
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Version the tenant has.
    #[schema(value_type = Option<String>)]
    pub installed: Option<Version>,
    /// Newest listed version of the tenant's channel.
    #[schema(value_type = Option<String>)]
    pub newest: Option<Version>,
    /// Reasons, the most telling first; empty when the tenant has the newest version.
    pub reasons: Vec<String>,
}

/// `PUT /api/v1/admin/plugins/{pluginId}/subscription`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubscribeRequest {
    /// Tenant, for platform operators.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
    /// Channel; `stable` when missing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub channel: Option<Channel>,
}
