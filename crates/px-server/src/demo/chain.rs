//! Everybody who takes part in the demo, and what they do through the public interfaces.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use px_api::client::Client;
use px_api::core::{InstallAccepted, InstallRequest, InstallView, InstalledPlugin};
use px_api::market::{Claim, DecisionRequest, ListedVersion, VersionView};
use px_model::{
    Decision, InstallId, InstallState, Permission, PluginId, Version, VersionId, VersionState,
};
use px_testkit::{SmtpSink, WebhookReceiver};
use serde_json::Value;

use super::author::Author;
use super::paths;
use crate::local::Local;
use crate::seed::DemoAccount;

/// The parts of the demo.
pub struct Chain {
    /// The servers on this machine.
    pub local: Local,
    /// The author with the real command line.
    pub author: Author,
    /// The author's plugin folder.
    pub folder: PathBuf,
    /// Where a tenant's webhooks arrive.
    pub webhooks: WebhookReceiver,
    /// Where mail arrives.
    pub mails: SmtpSink,
    /// The plugin.
    pub plugin: PluginId,
    http: reqwest::Client,
}

impl Chain {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(
        local: Local,
        author: Author,
        folder: PathBuf,
        receivers: (WebhookReceiver, SmtpSink),
        plugin: PluginId,
    ) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()?;
        let (webhooks, mails) = receivers;
        Ok(Self {
            local,
            author,
            folder,
            webhooks,
            mails,
            plugin,
            http,
        })
    }

    /// The connection pool, for addresses without a typed client.
    #[must_use]
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The Marketplace, as `login` sees it.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn market(&self, login: &str) -> anyhow::Result<Client> {
        let token = self.local.accounts.get(login)?.token.clone();
        Ok(Client::new(
            self.http.clone(),
            self.local.market_url.clone(),
            Some(token),
        ))
    }

    /// The Marketplace, as the installation on this machine sees it.
    #[must_use]
    pub fn market_as_installation(&self) -> Client {
        let token = self.local.accounts.installation_token.clone();
        Client::new(
            self.http.clone(),
            self.local.market_url.clone(),
            Some(token),
        )
    }

    /// The core, as `login` sees it.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn core(&self, login: &str) -> anyhow::Result<Client> {
        let token = self.local.accounts.get(login)?.token.clone();
        Ok(Client::new(
            self.http.clone(),
            self.local.core_url.clone(),
            Some(token),
        ))
    }

    /// The tenants' admins.
    pub fn tenants(&self) -> impl Iterator<Item = &DemoAccount> {
        self.local.accounts.tenants()
    }

    /// The receipt `px-plugin publish` left in the plugin's folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn receipt(&self) -> anyhow::Result<Value> {
        let text = std::fs::read_to_string(self.folder.join("publish-receipt.json"))
            .context("publish-receipt.json")?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Id of the version the receipt is about.
    ///
    /// # Errors
    /// When there is no receipt, or it lacks the id.
    pub fn published(&self) -> anyhow::Result<VersionId> {
        let receipt = self.receipt()?;
        Ok(receipt["versionId"]
            .as_str()
            .context("the receipt has no versionId")?
            .parse()?)
    }

    /// Waits until the automated part of the review has an end.
    ///
    /// # Errors
    /// When it does not come about.
    pub async fn reviewed(&self, id: VersionId) -> anyhow::Result<VersionView> {
        let client = self.market("publisher")?;
        until(
            "the review's automated part",
            Duration::from_secs(60),
            async || {
                let view: VersionView = client.get(&paths::version(id)).await?;
                let waiting = matches!(
                    view.state,
                    VersionState::Submitted
                        | VersionState::Scanning
                        | VersionState::Uploading
                        | VersionState::Draft
                );
                Ok(if waiting { None } else { Some(view) })
            },
        )
        .await
    }

    /// Reviewers claim and approve, one after the other, until the version is listed. Answers how
    /// many it took.
    ///
    /// # Errors
    /// When the Marketplace refuses, or wants more than there are.
    pub async fn approve(&self, view: &VersionView) -> anyhow::Result<(VersionView, usize)> {
        let publisher = self.market("publisher")?;
        for (n, login) in ["reviewer", "reviewer2"].into_iter().enumerate() {
            self.approve_as(login, view.version_id).await?;
            let view: VersionView = publisher.get(&paths::version(view.version_id)).await?;
            if view.state == VersionState::Listed {
                return Ok((view, n + 1));
            }
        }
        bail!("two approvals do not list it")
    }

    async fn approve_as(&self, login: &str, version: VersionId) -> anyhow::Result<()> {
        let client = self.market(login)?;
        let claim: Claim = client
            .post(&paths::claim(version), &serde_json::json!({}))
            .await?;
        let decision = DecisionRequest {
            decision: Decision::Approve,
            notes: Some("Looks right.".to_owned()),
            approvers: Vec::new(),
            claim_token: Some(claim.claim_token),
            overrule_reason: None,
        };
        let _: Value = client.patch(&paths::decide(version), &decision).await?;
        Ok(())
    }

    /// The listed version, from the public catalog.
    ///
    /// # Errors
    /// When it is not listed.
    pub async fn listed(&self, version: &str) -> anyhow::Result<ListedVersion> {
        let answer: Value = self
            .market_as_installation()
            .get(&paths::versions(&self.plugin))
            .await?;
        let items = answer
            .get("items")
            .or_else(|| answer.get("versions"))
            .cloned()
            .unwrap_or(answer);
        let all: Vec<ListedVersion> = serde_json::from_value(items)?;
        all.into_iter()
            .find(|v| v.version.to_string() == version)
            .with_context(|| format!("{version} is not in the catalog"))
    }

    /// Asks for an install.
    ///
    /// # Errors
    /// When the core refuses.
    pub async fn install(
        &self,
        login: &str,
        version: &str,
        permissions: Vec<Permission>,
    ) -> anyhow::Result<InstallId> {
        let request = InstallRequest {
            tenant_id: None,
            version_id: None,
            plugin_id: Some(self.plugin.clone()),
            version: Some(version.parse::<Version>()?),
            channel: None,
            url: None,
            sha256: None,
            not_before: None,
            acknowledged_permissions: permissions,
            acknowledge_high_risk: true,
        };
        let accepted: InstallAccepted = self.core(login)?.post(paths::INSTALL, &request).await?;
        Ok(accepted.install_job_id)
    }

    /// Waits until an install has ended.
    ///
    /// # Errors
    /// When it does not end within a minute.
    pub async fn ended(&self, login: &str, id: InstallId) -> anyhow::Result<InstallView> {
        let client = self.core(login)?;
        let path = format!("/api/v1/admin/plugins/install/status?jobId={id}");
        until("the install's end", Duration::from_secs(90), async || {
            let view: InstallView = client.get(&path).await?;
            Ok(Some(view).filter(|v| v.status.is_final()))
        })
        .await
    }

    /// As [`Chain::ended`], and it must be this end.
    ///
    /// # Errors
    /// When it is another.
    pub async fn ended_as(
        &self,
        login: &str,
        id: InstallId,
        state: InstallState,
    ) -> anyhow::Result<InstallView> {
        let view = self.ended(login, id).await?;
        if view.status != state {
            let why = view
                .problem
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            bail!("{login}: {} instead of {state}: {why}", view.status);
        }
        Ok(view)
    }

    /// The plugin as installed for a tenant, once `fits` says so.
    ///
    /// # Errors
    /// When it does not come about.
    pub async fn installed(
        &self,
        login: &str,
        what: &str,
        fits: impl Fn(&InstalledPlugin) -> bool,
    ) -> anyhow::Result<InstalledPlugin> {
        let client = self.core(login)?;
        until(what, Duration::from_secs(90), async || {
            let all: Vec<InstalledPlugin> = items(client.get(paths::INSTALLED).await?)?;
            Ok(all
                .into_iter()
                .find(|p| p.plugin_id == self.plugin && fits(p)))
        })
        .await
    }

    /// Asks the plugin through the gateway; answers the version that answered.
    ///
    /// # Errors
    /// When the gateway or the plugin fails.
    pub async fn greet(&self, login: &str) -> anyhow::Result<String> {
        let answer: Value = self
            .core(login)?
            .get(&paths::gateway(&self.plugin, "/hello"))
            .await?;
        Ok(answer["version"]
            .as_str()
            .context("the plugin did not name its version")?
            .to_owned())
    }
}

/// A list that may come bare or in an envelope with `items`.
///
/// # Errors
/// When it is neither.
pub fn items<T: serde::de::DeserializeOwned>(answer: Value) -> anyhow::Result<Vec<T>> {
    let list = answer.get("items").cloned().unwrap_or(answer);
    Ok(serde_json::from_value(list)?)
}

/// Asks again and again until there is an answer.
///
/// # Errors
/// When there is none in time, or asking fails in a way that will not pass.
pub async fn until<T, F>(what: &str, limit: Duration, ask: impl Fn() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    let deadline = tokio::time::Instant::now() + limit;
    loop {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        if tokio::time::Instant::now() > deadline {
            bail!("{what} did not come about within {} s", limit.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
