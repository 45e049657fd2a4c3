//! Installs, upgrades and the way back.

use jiff::Timestamp;
use px_model::{
    Channel, Digest, InstallId, InstallState, Permission, PluginId, TenantId, Version, VersionId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /api/v1/admin/plugins/install/url`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstallRequest {
    /// Tenant; only platform operators name one, tenant admins act for their own.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
    /// A listed version by id…
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub version_id: Option<VersionId>,
    /// …or by plugin and version (the newest of the channel when `version` is missing)…
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub plugin_id: Option<PluginId>,
    /// Version.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub version: Option<Version>,
    /// Channel; `stable` when missing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub channel: Option<Channel>,
    /// …or a bundle at an allowed URL, with its digest.
    #[serde(default)]
    pub url: Option<String>,
    /// Digest of the bundle at `url`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub sha256: Option<Digest>,
    /// Start not before this time; at once when missing.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_before: Option<Timestamp>,
    /// Permissions the tenant grants.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub acknowledged_permissions: Vec<Permission>,
    /// The explicit tick for high risk.
    #[serde(default)]
    pub acknowledge_high_risk: bool,
}

/// Answer to an install, upgrade or rollback request (202).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallAccepted {
    /// Ask for its state with this.
    #[schema(value_type = String)]
    pub install_job_id: InstallId,
    /// State now.
    #[schema(value_type = String)]
    pub status: InstallState,
    /// Address of the state.
    pub status_url: String,
    /// Audit entry of the request.
    pub audit_id: String,
}

/// An install, upgrade or rollback and where it stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallView {
    /// Install's id.
    #[schema(value_type = String)]
    pub install_job_id: InstallId,
    /// Tenant.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Plugin's name.
    pub name: String,
    /// Version being installed.
    #[schema(value_type = String)]
    pub version: Version,
    /// Version served before.
    #[schema(value_type = Option<String>)]
    pub previous_version: Option<Version>,
    /// State.
    #[schema(value_type = String)]
    pub status: InstallState,
    /// What started it: `person`, `policy`, `url`.
    pub trigger: String,
    /// States entered, oldest first.
    pub steps: Vec<InstallStep>,
    /// Bytes downloaded.
    pub bytes_done: u64,
    /// Bytes to download.
    pub bytes_total: u64,
    /// When a candidate that was not confirmed is taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub confirm_by: Option<Timestamp>,
    /// Why it failed or was taken back.
    pub problem: Option<crate::Problem>,
    /// Seconds from the decision to roll back until the old version served.
    pub rollback_seconds: Option<f64>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// One state an install went through.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallStep {
    /// State.
    #[schema(value_type = String)]
    pub state: InstallState,
    /// When it was entered.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Facts worth telling: bytes, checks, reasons.
    pub detail: String,
}

/// One line of an install's log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `info`, `warn` or `error`.
    pub level: String,
    /// Text.
    pub text: String,
}

/// `POST /api/v1/admin/plugins/upgrade/rollback`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollbackRequest {
    /// Tenant, for platform operators.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
    /// Plugin to take back to its previous version.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Why; shown in the audit log and to the publisher.
    pub reason: String,
}

/// `POST /api/v1/admin/plugins/rollouts/{rolloutId}/pause`, `/resume` and `/cancel`, and
/// `POST …/install/cancel`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReasonRequest {
    /// Why; kept in the audit log.
    pub reason: String,
}

/// Key figures of the last 24 hours.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallFigures {
    /// Installs committed.
    pub committed: u32,
    /// Failed before traffic, and not by the tenant's own choice.
    pub failed: u32,
    /// Taken back by themselves.
    pub rolled_back: u32,
    /// Needing an operator.
    pub quarantined: u32,
    /// Share that succeeded, 0 to 1.
    pub success_rate: f64,
}
