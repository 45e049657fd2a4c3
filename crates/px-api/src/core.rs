//! Requests and answers of PowerX core.

use jiff::Timestamp;
use px_model::{
    Channel, Digest, InstallId, InstallState, Permission, PluginId, Risk, RolloutId, TenantId,
    UpgradePolicy, Version, VersionId,
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

/// One batch of a rollout.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchView {
    /// Rollout.
    pub rollout_id: String,
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Version being rolled out.
    #[schema(value_type = String)]
    pub version: Version,
    /// Position, from 1.
    pub batch: u32,
    /// Share of tenants reached with this batch, per cent.
    pub percentage: u32,
    /// `pending`, `running`, `passed`, `failed` or `paused`.
    pub state: String,
    /// When it may start.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start_at: Option<Timestamp>,
    /// Tenants in it.
    pub tenants: u32,
    /// Of them on the new version for good.
    pub committed: u32,
    /// Of them rolled back or failed.
    pub failed: u32,
}

/// An alert on the board.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertView {
    /// Alert's id.
    pub id: String,
    /// `page`, `alert` or `warning`.
    pub severity: String,
    /// Stable kind: `install.rolled_back`, `sla.breached`, `install.success_rate`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// What happened, what was done by itself, what can be done.
    pub body: String,
    /// Tenant, when it concerns one.
    #[schema(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
    /// Plugin, install or review it is about.
    pub subject: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who took note, when somebody did.
    pub acknowledged_by: Option<String>,
}

/// `POST /api/v1/admin/plugins/upgrade/schedule`: one tenant's upgrade at a time, or, without a
/// tenant, an operator's rollout over every tenant that has the plugin.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleRequest {
    /// Tenant, for platform operators; without one an operator schedules a rollout.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Version; the newest of the channel when missing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub version: Option<Version>,
    /// Channel; `stable` when missing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub channel: Option<Channel>,
    /// Start not before this time.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_before: Option<Timestamp>,
    /// Batches of a rollout; the publisher's, or the default ones, when empty.
    #[serde(default)]
    pub batches: Vec<BatchPlan>,
    /// Permissions the tenant grants.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub acknowledged_permissions: Vec<Permission>,
    /// The explicit tick for high risk.
    #[serde(default)]
    pub acknowledge_high_risk: bool,
}

/// One batch of a scheduled rollout.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BatchPlan {
    /// Share of tenants that have the version once this batch is done, per cent, 1 to 100.
    pub percentage: u32,
    /// Not before this time.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start_at: Option<Timestamp>,
    /// This long after the batch before began, seconds.
    #[serde(default)]
    pub wait_seconds: u64,
}

/// Answer to a schedule request (202): an install, or a rollout.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleAnswer {
    /// The tenant's install.
    #[schema(value_type = Option<String>)]
    pub install_job_id: Option<InstallId>,
    /// The rollout.
    #[schema(value_type = Option<String>)]
    pub rollout_id: Option<RolloutId>,
    /// Audit entry of the request, when it has one of its own.
    pub audit_id: Option<String>,
}

/// A rollout with its batches.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutView {
    /// Rollout's id.
    #[schema(value_type = String)]
    pub rollout_id: RolloutId,
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Version being rolled out.
    #[schema(value_type = String)]
    pub version: Version,
    /// Channel.
    #[schema(value_type = String)]
    pub channel: Channel,
    /// `running`, `paused`, `done`, `superseded`, `withdrawn` or `cancelled`.
    pub state: String,
    /// Why it stands still.
    pub reason: Option<String>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Batches in order.
    pub batches: Vec<BatchView>,
}

/// `POST /api/v1/admin/plugins/rollouts/{rolloutId}/pause`, `/resume` and `/cancel`, and
/// `POST …/install/cancel`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReasonRequest {
    /// Why; kept in the audit log.
    pub reason: String,
}

/// Answer to a change: the audit entry it left.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// Audit entry.
    pub audit_id: String,
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

/// `POST /api/v1/admin/tenants`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantRequest {
    /// Name, unique in the installation.
    pub name: String,
    /// Whether it takes every release first.
    #[serde(default)]
    pub internal: bool,
}

/// A tenant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantView {
    /// Its id.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// Name.
    pub name: String,
    /// Whether it takes every release first.
    pub internal: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
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
