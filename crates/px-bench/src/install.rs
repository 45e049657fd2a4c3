//! Installs, seen from outside.

use std::time::{Duration, Instant};

use anyhow::bail;
use px_api::core::{InstallAccepted, InstallRequest, InstallView};
use px_model::{InstallId, InstallState, TenantId};
use serde_json::Value;

use crate::author::{PLUGIN, permissions, plugin};
use crate::site::Site;

/// The request for an install of the sample.
///
/// # Errors
/// When the version's number is not one.
pub fn request(version: &str, tenant: Option<TenantId>) -> anyhow::Result<InstallRequest> {
    Ok(InstallRequest {
        tenant_id: tenant,
        version_id: None,
        plugin_id: Some(plugin()?),
        version: Some(version.parse()?),
        channel: None,
        url: None,
        sha256: None,
        not_before: None,
        acknowledged_permissions: permissions()?,
        acknowledge_high_risk: true,
    })
}

/// Asks for an install and waits for a state.
///
/// # Errors
/// When it ends in another.
pub async fn install(
    site: &Site,
    login: &str,
    version: &str,
    state: InstallState,
) -> anyhow::Result<InstallId> {
    let client = site.core(login)?;
    let path = "/api/v1/admin/plugins/install/url";
    let accepted: InstallAccepted = client.post(path, &request(version, None)?).await?;
    reached(site, login, accepted.install_job_id, state).await?;
    Ok(accepted.install_job_id)
}

/// Waits until an install is in a state or past it.
///
/// # Errors
/// When it ends in another.
pub async fn reached(
    site: &Site,
    login: &str,
    id: InstallId,
    state: InstallState,
) -> anyhow::Result<InstallView> {
    let client = site.core(login)?;
    let path = format!("/api/v1/admin/plugins/install/status?jobId={id}");
    let deadline = Instant::now() + Duration::from_secs(180);
    loop {
        let view: InstallView = client.get(&path).await?;
        if view.status == state || view.steps.iter().any(|step| step.state == state) {
            return Ok(view);
        }
        if view.status.is_final() || Instant::now() > deadline {
            bail!(
                "{login}: {} instead of {state}: {:?}",
                view.status,
                view.problem
            );
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Seconds from `begun` until the gateway answers a tenant with `version`.
///
/// # Errors
/// When it does not within a minute.
pub async fn served(
    site: &Site,
    login: &str,
    version: &str,
    begun: Instant,
) -> anyhow::Result<f64> {
    let client = site.core(login)?;
    let path = format!("/_p/{PLUGIN}/api/hello");
    loop {
        let answer: Result<Value, _> = client.get(&path).await;
        if answer.is_ok_and(|a| a["version"] == version) {
            return Ok(begun.elapsed().as_secs_f64());
        }
        if begun.elapsed() > Duration::from_secs(60) {
            bail!("{login} is not answered by {version}");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
