//! Upgrades at a time, and rollouts in batches.

use jiff::Timestamp;
use px_model::{Channel, InstallId, Permission, PluginId, RolloutId, TenantId, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
