//! Gets versions of the sample plugin listed, with the author's real command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use px_api::market::{Claim, DecisionRequest, VersionView};
use px_model::{Decision, Permission, PluginId, VersionId, VersionState};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::process::{self, Ran};
use crate::site::Site;
use crate::tree;

/// The sample plugin.
pub const PLUGIN: &str = "com.powerx.samples.greeter";

/// An author with a key that the Marketplace knows.
pub struct Author<'a> {
    site: &'a Site,
    program: PathBuf,
    home: PathBuf,
    samples: PathBuf,
}

impl<'a> Author<'a> {
    /// Makes a key and has it certified.
    ///
    /// # Errors
    /// When the command line fails.
    pub async fn new(site: &'a Site, program: &Path, root: &Path) -> anyhow::Result<Self> {
        let home = site.folder().join("author");
        fs::create_dir_all(&home)?;
        let author = Self {
            site,
            program: program.to_owned(),
            home: home.clone(),
            samples: root.join("samples/hello-wasm"),
        };
        author.run(&home, &["keys", "generate"]).await?;
        author.run(&home, &["keys", "register"]).await?;
        Ok(author)
    }

    async fn run(&self, folder: &Path, args: &[&str]) -> anyhow::Result<()> {
        let output = Command::new(&self.program)
            .args(args)
            .args(["--format", "json"])
            .current_dir(folder)
            .env_clear()
            .env("HOME", &self.home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("PX_MARKETPLACE_API_URL", self.site.market_url.as_str())
            .env("PX_MARKETPLACE_TOKEN", self.site.token("publisher")?)
            .stdin(Stdio::null())
            .output()
            .await
            .context("px-plugin does not start")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stdout);
            bail!("px-plugin {}: {}: {said}", args.join(" "), output.status);
        }
        Ok(())
    }

    /// Publishes a version of the sample and has it reviewed; a person's decision is still missing.
    ///
    /// # Errors
    /// When a part of the chain refuses.
    pub async fn publish(&self, label: &str) -> anyhow::Result<VersionView> {
        let folder = self.home.join(format!("greeter-{label}"));
        copy(&self.samples.join("base"), &folder)?;
        copy(&self.samples.join("versions").join(label), &folder)?;
        self.run(&folder, &["publish", ".", "--channel", "stable"])
            .await?;
        self.reviewed(&folder).await
    }

    /// The same with `bytes` of files that hardly compress beside the sample's own; answers what the
    /// author's command took.
    ///
    /// # Errors
    /// When a part of the chain refuses.
    pub async fn publish_large(
        &self,
        label: &str,
        bytes: usize,
    ) -> anyhow::Result<(VersionView, Ran)> {
        let folder = self.home.join(format!("large-{label}"));
        copy(&self.samples.join("base"), &folder)?;
        copy(&self.samples.join("versions").join(label), &folder)?;
        tree::ballast(&folder.join("assets"), bytes)?;
        let mut command = std::process::Command::new(&self.program);
        command
            .args(["publish", ".", "--channel", "stable", "--format", "json"])
            .current_dir(&folder)
            .env_clear()
            .env("HOME", &self.home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("PX_MARKETPLACE_API_URL", self.site.market_url.as_str())
            .env("PX_MARKETPLACE_TOKEN", self.site.token("publisher")?);
        let ran = tokio::task::spawn_blocking(move || process::run(&mut command, &[0])).await??;
        Ok((self.reviewed(&folder).await?, ran))
    }

    /// The version that the receipt in a folder names, once a person is to decide about it.
    async fn reviewed(&self, folder: &Path) -> anyhow::Result<VersionView> {
        let receipt = fs::read(folder.join("publish-receipt.json")).context("the receipt")?;
        let receipt: Value = serde_json::from_slice(&receipt)?;
        let id: VersionId = receipt["versionId"]
            .as_str()
            .context("the receipt has no versionId")?
            .parse()?;
        self.wait(id, VersionState::InReview).await
    }

    /// A reviewer approves.
    ///
    /// # Errors
    /// When the Marketplace refuses.
    pub async fn approve(&self, view: &VersionView) -> anyhow::Result<()> {
        let client = self.site.market("reviewer")?;
        let id = view.version_id;
        let claim = format!("/api/marketplace/plugins/{id}/review/claim");
        let claim: Claim = client.post(&claim, &json!({})).await?;
        let decision = DecisionRequest {
            decision: Decision::Approve,
            notes: Some("Looks right.".to_owned()),
            approvers: Vec::new(),
            claim_token: Some(claim.claim_token),
            overrule_reason: None,
        };
        let path = format!("/api/marketplace/plugins/{id}/review");
        let _: Value = client.patch(&path, &decision).await?;
        Ok(())
    }

    /// Publishes, approves, and waits until the core has the listing.
    ///
    /// # Errors
    /// When a part of the chain refuses.
    pub async fn list(&self, label: &str) -> anyhow::Result<VersionView> {
        let view = self.publish(label).await?;
        self.listed(&view).await
    }

    /// Approves, and waits until the core has the listing.
    ///
    /// # Errors
    /// When a part of the chain refuses.
    pub async fn listed(&self, view: &VersionView) -> anyhow::Result<VersionView> {
        self.approve(view).await?;
        let view = self.wait(view.version_id, VersionState::Listed).await?;
        let core = self.site.core("north")?;
        let path = format!("/api/v1/admin/plugins/versions?pluginId={PLUGIN}");
        until("the listing at the core", async || {
            let known: Value = core.get(&path).await?;
            let text = known.to_string();
            Ok(text.contains(&view.version_id.to_string()).then_some(()))
        })
        .await?;
        Ok(view)
    }

    async fn wait(&self, id: VersionId, state: VersionState) -> anyhow::Result<VersionView> {
        let client = self.site.market("publisher")?;
        let path = format!("/api/marketplace/plugins/{id}/review");
        let view = until("the review", async || {
            let view: VersionView = client.get(&path).await?;
            use VersionState::{Draft, Scanning, Submitted, Uploading};
            let under_way = matches!(view.state, Draft | Uploading | Submitted | Scanning);
            let early = under_way || (state == VersionState::Listed && view.state != state);
            Ok((!early).then_some(view))
        })
        .await?;
        if view.state == state {
            return Ok(view);
        }
        bail!("the version is {}: {:?}", view.state, view.verdict)
    }
}

/// The plugin's name.
///
/// # Errors
/// Never: the name is fixed.
pub fn plugin() -> anyhow::Result<PluginId> {
    Ok(PLUGIN.parse()?)
}

/// What the sample asks for.
///
/// # Errors
/// Never: the name is fixed.
pub fn permissions() -> anyhow::Result<Vec<Permission>> {
    Ok(vec!["greeter:greeting:read".parse()?])
}

/// Asks every 20 ms until there is an answer, at most two minutes.
///
/// # Errors
/// When there is none, or asking fails.
pub async fn until<T, F>(what: &str, ask: impl Fn() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        if tokio::time::Instant::now() > deadline {
            bail!("{what} did not come about within two minutes");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Copies a folder over another.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
