//! Query fields shared by handlers.

use px_model::{Channel, InstallId, PluginId, RolloutId, TenantId};
use serde::Deserialize;
use utoipa::IntoParams;

/// Names an install.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct JobQuery {
    /// The `installJobId`.
    #[param(value_type = String)]
    pub job_id: InstallId,
}

/// What lists are about.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct AboutQuery {
    /// Tenant; the caller's own when missing.
    #[param(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
    /// Plugin.
    #[param(value_type = Option<String>)]
    pub plugin_id: Option<PluginId>,
    /// Channel; `beta` includes `stable`.
    #[param(value_type = Option<String>)]
    pub channel: Option<Channel>,
    /// Rollout.
    #[param(value_type = Option<String>)]
    pub rollout_id: Option<RolloutId>,
    /// Only what has not ended.
    #[serde(default)]
    pub active: bool,
    /// Most rows, 1 to 200; 50 when missing.
    pub limit: Option<u32>,
}

/// Which audit entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Tenant, for whoever runs the installation; the caller's own when missing.
    #[param(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
    /// Only entries about this id.
    pub subject: Option<String>,
    /// Only entries before this position.
    pub before: Option<i64>,
    /// Most rows, 1 to 1,000; 100 when missing.
    pub limit: Option<u32>,
}
