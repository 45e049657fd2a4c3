//! Operators' commands: talk to a running core over its API.

use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use px_api::Code;
use px_api::client::{CallError, Client};
use px_api::core::{
    InstallAccepted, InstallRequest, InstallView, InstalledPlugin, RollbackRequest,
};
use px_model::{Channel, InstallId, InstallState, Permission, PluginId, TenantId, Version};
use serde_json::Value;
use url::Url;

use crate::settings::Settings;

/// `powerx plugins …`
#[derive(Debug, Args)]
#[command(
    after_help = "The token comes from POWERX_TOKEN: a platform operator's, made on the console's account page."
)]
pub struct Plugins {
    /// Address of the core; the configured one by default
    #[arg(long, env = "POWERX_URL", global = true)]
    url: Option<Url>,
    /// API token
    #[arg(long, env = "POWERX_TOKEN", global = true, hide_env_values = true)]
    token: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install or upgrade a plugin for a tenant and follow it to its end
    Install {
        /// Tenant's id
        #[arg(long)]
        tenant: TenantId,
        /// Plugin's id
        #[arg(long, required_unless_present = "resume")]
        plugin: Option<PluginId>,
        /// Version; the newest of the channel by default
        #[arg(long)]
        version: Option<Version>,
        /// Channel
        #[arg(long, default_value = "stable")]
        channel: Channel,
        /// Permission to grant; repeat for more
        #[arg(long = "grant", value_name = "RESOURCE:ACTION")]
        grants: Vec<Permission>,
        /// Grant permissions of high risk too
        #[arg(long)]
        acknowledge_high_risk: bool,
        /// Follow an install that is under way instead of starting one
        #[arg(long, value_name = "JOB")]
        resume: Option<InstallId>,
        /// Seconds to wait for a core that does not answer, such as one that is being restarted
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        patience: u64,
    },
    /// Take a plugin back to its previous version
    Rollback {
        /// Tenant's id
        #[arg(long)]
        tenant: TenantId,
        /// Plugin's id
        #[arg(long)]
        plugin: PluginId,
        /// Why; shown in the audit log and to the publisher
        #[arg(long)]
        reason: String,
    },
    /// Show where an install stands
    Status {
        /// Install's id
        job: InstallId,
        /// Tenant's id
        #[arg(long)]
        tenant: TenantId,
    },
    /// List a tenant's plugins
    List {
        /// Tenant's id
        #[arg(long)]
        tenant: TenantId,
    },
}

/// Runs one command; answers whether it ended well.
///
/// # Errors
/// When the core refuses or cannot be reached.
pub async fn run(settings: &Settings, args: Plugins) -> anyhow::Result<bool> {
    let fallback = || format!("http://{}", settings.text("POWERX_LISTEN")).parse::<Url>();
    let url = args.url.map_or_else(fallback, Ok)?;
    let token = args
        .token
        .context("no token: set POWERX_TOKEN to a platform operator's token")?;
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .build()?;
    let client = Client::new(http, url, Some(token));
    match args.command {
        Command::Install {
            tenant,
            resume: Some(job),
            patience,
            ..
        } => follow(&client, tenant, job, patience).await,
        Command::Install {
            tenant,
            plugin,
            version,
            channel,
            grants,
            acknowledge_high_risk,
            resume: None,
            patience,
        } => {
            let request = InstallRequest {
                tenant_id: Some(tenant),
                version_id: None,
                plugin_id: plugin,
                version,
                channel: Some(channel),
                url: None,
                sha256: None,
                not_before: None,
                acknowledged_permissions: grants,
                acknowledge_high_risk,
            };
            let path = format!("/api/v1/admin/plugins/install/url?tenant={tenant}");
            let accepted = client.post::<InstallAccepted>(&path, &request).await;
            let job = accepted.map_err(how_to_grant)?.install_job_id;
            follow(&client, tenant, job, patience).await
        }
        Command::Rollback {
            tenant,
            plugin,
            reason,
        } => {
            let request = RollbackRequest {
                tenant_id: Some(tenant),
                plugin_id: plugin,
                reason,
            };
            let path = format!("/api/v1/admin/plugins/upgrade/rollback?tenant={tenant}");
            let accepted: InstallAccepted = client.post(&path, &request).await?;
            say(&format!(
                "{} {} (audit {})",
                accepted.install_job_id, accepted.status, accepted.audit_id
            ));
            Ok(true)
        }
        Command::Status { job, tenant } => {
            let view = status(&client, tenant, job).await?;
            show(&view, 0);
            Ok(true)
        }
        Command::List { tenant } => list(&client, tenant).await,
    }
}

/// Says how permissions are granted here, where the answer names the API's field.
fn how_to_grant(error: CallError) -> anyhow::Error {
    let hint = match error.code() {
        code if code == Code::PermissionsNotAcknowledged.as_str() => {
            "grant each with `--grant RESOURCE:ACTION`, those of high risk with `--acknowledge-high-risk` besides"
        }
        _ => return error.into(),
    };
    anyhow::anyhow!("{error}\n  {hint}")
}

async fn status(
    client: &Client,
    tenant: TenantId,
    job: InstallId,
) -> Result<InstallView, CallError> {
    client
        .get(&format!(
            "/api/v1/admin/plugins/install/status?jobId={job}&tenant={tenant}"
        ))
        .await
}

/// The same, asked again for `patience` seconds while the core does not answer.
async fn status_in_time(
    client: &Client,
    tenant: TenantId,
    job: InstallId,
    patience: u64,
) -> anyhow::Result<InstallView> {
    for second in 0..=patience {
        match status(client, tenant, job).await {
            Err(error) if error.is_transient() && second < patience => {
                if second == 0 {
                    say(
                        "          the core does not answer; the install goes on without this command, which asks again",
                    );
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) if error.is_transient() => {
                let hint = format!(
                    "the core does not answer; later, follow the install again with `powerx plugins install --tenant {tenant} --resume {job}`"
                );
                return Err(anyhow::Error::from(error).context(hint));
            }
            answer => return Ok(answer?),
        }
    }
    anyhow::bail!("no answer in {patience} s")
}

async fn follow(
    client: &Client,
    tenant: TenantId,
    job: InstallId,
    patience: u64,
) -> anyhow::Result<bool> {
    say(&format!("{job}"));
    let mut shown = 0;
    loop {
        let view = status_in_time(client, tenant, job, patience).await?;
        shown = show(&view, shown);
        if view.status.is_final() {
            if let Some(problem) = &view.problem {
                say(&problem.to_string());
            }
            return Ok(view.status == InstallState::Committed);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Prints the steps after the first `shown`; answers how many there are now.
fn show(view: &InstallView, shown: usize) -> usize {
    for step in view.steps.iter().skip(shown) {
        say(&format!(
            "{}  {:<12} {}",
            step.at.strftime("%H:%M:%S"),
            step.state.as_str(),
            step.detail
        ));
    }
    view.steps.len()
}

async fn list(client: &Client, tenant: TenantId) -> anyhow::Result<bool> {
    let answer: Value = client
        .get(&format!("/api/v1/admin/plugins/installed?tenant={tenant}"))
        .await?;
    let items = answer.get("items").cloned().unwrap_or(answer);
    let all: Vec<InstalledPlugin> = serde_json::from_value(items)?;
    if all.is_empty() {
        say("No plugins are installed for this tenant. Start with `powerx plugins install`.");
    }
    for plugin in all {
        let update = plugin
            .update
            .map(|v| format!("  update {v}"))
            .unwrap_or_default();
        say(&format!(
            "{:<40} {:<12} {:<9} {}{update}",
            plugin.plugin_id.as_str(),
            plugin.version.to_string(),
            plugin.health,
            plugin.policy
        ));
    }
    Ok(true)
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn say(line: &str) {
    println!("{line}");
}
