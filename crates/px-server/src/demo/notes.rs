//! A plugin with a native program and data of its own: high risk, two approvals, a migration, and
//! the way back.

use std::time::Duration;

use anyhow::{Context, bail};
use px_api::core::{CatalogVersion, InstallAccepted, RollbackRequest};
use px_api::market::VersionView;
use px_model::{InstallState, Risk};
use serde_json::Value;

use super::chain::{Chain, items, until};
use super::shipping::{approved, logins, reviewed};
use super::timeline::Timeline;
use super::{paths, sample, upload};

/// Written before the upgrade.
const FIRST: &str = "Written by 1.0.0";
/// Written after it; the new version can pin.
const SECOND: &str = "!Pinned by 1.1.0";

/// Walks the third part. From here on the chain is about the notes.
///
/// # Errors
/// At the first step that cannot be verified.
pub async fn walk(timeline: &mut Timeline, chain: &mut Chain) -> anyhow::Result<()> {
    chain.plugin = "com.powerx.samples.notes".parse()?;
    chain.folder = chain.author.home().join("notes");
    let login = logins(chain).first().cloned().context("no tenants")?;
    listed(timeline, chain, "1.0.0").await?;
    timeline
        .step(
            "install",
            &format!("Notes 1.0.0, a native program, for tenant {login}"),
            install(chain, &login, "1.0.0"),
        )
        .await?;
    timeline
        .step(
            "gateway",
            "A note is written and read",
            written(chain, &login),
        )
        .await?;
    listed(timeline, chain, "1.1.0").await?;
    timeline
        .step(
            "upgrade",
            "Notes 1.1.0 migrates the tenant's data",
            install(chain, &login, "1.1.0"),
        )
        .await?;
    timeline
        .step(
            "gateway",
            "The old note is still there; the new version pins",
            migrated(chain, &login),
        )
        .await?;
    timeline
        .step(
            "rollback",
            "Back to Notes 1.0.0 by hand: every note is still served",
            by_hand(chain, &login),
        )
        .await
}

async fn listed(timeline: &mut Timeline, chain: &Chain, version: &str) -> anyhow::Result<()> {
    sample::notes(version, &chain.folder)?;
    let name = format!("Notes {version} is published");
    timeline
        .step("publish", &name, upload::publish(chain))
        .await?;
    let view = timeline
        .step(
            "review",
            "Checked, and run in the sandbox: high risk",
            risky(chain),
        )
        .await?;
    timeline
        .step(
            "review",
            "Two reviewers approve; the version is listed",
            twice_approved(chain, view),
        )
        .await
}

async fn risky(chain: &Chain) -> anyhow::Result<(VersionView, String)> {
    let (view, detail) = reviewed(chain).await?;
    if view.risk != Risk::High {
        bail!("a native program counts as {}", view.risk);
    }
    Ok((view, detail))
}

async fn twice_approved(chain: &Chain, view: VersionView) -> anyhow::Result<((), String)> {
    let version = view.version.clone();
    let ((), detail) = approved(chain, view).await?;
    if !detail.starts_with("2 approvals") {
        bail!("a version of high risk was listed with {detail}");
    }
    let login = logins(chain).first().cloned().context("no tenants")?;
    let client = chain.core(&login)?;
    until("the core to know it", Duration::from_secs(30), async || {
        let all: Vec<CatalogVersion> = items(client.get(&paths::synced(&chain.plugin)).await?)?;
        Ok(all.iter().find(|v| v.listed.version == version).map(drop))
    })
    .await?;
    Ok(((), detail))
}

async fn install(chain: &Chain, login: &str, version: &str) -> anyhow::Result<((), String)> {
    let permissions = chain.listed(version).await?.permissions;
    let id = chain.install(login, version, permissions).await?;
    let view = chain.ended_as(login, id, InstallState::Committed).await?;
    let migration = view
        .steps
        .iter()
        .find(|s| s.state == InstallState::Activating)
        .map(|s| s.detail.clone());
    Ok(((), migration.unwrap_or_default()))
}

async fn notes(chain: &Chain, login: &str) -> anyhow::Result<Value> {
    let path = paths::gateway(&chain.plugin, "/notes");
    Ok(chain.core(login)?.get(&path).await?)
}

async fn write(chain: &Chain, login: &str, text: &str) -> anyhow::Result<Value> {
    let client = chain.core(login)?;
    let path = paths::gateway(&chain.plugin, "/notes");
    let request = client.request(reqwest::Method::POST, &path)?;
    Ok(client.send(request.body(text.to_owned())).await?)
}

/// The notes are those of `version` and hold `texts`, in this order.
fn expect(found: &Value, version: &str, texts: &[&str]) -> anyhow::Result<()> {
    let all = found["notes"].as_array().context("no list of notes")?;
    let read: Vec<&str> = all.iter().filter_map(|n| n["text"].as_str()).collect();
    if found["version"] != version || read != texts {
        bail!("{version} with {texts:?} was expected: {found}");
    }
    Ok(())
}

async fn written(chain: &Chain, login: &str) -> anyhow::Result<((), String)> {
    write(chain, login, FIRST).await?;
    let found = notes(chain, login).await?;
    expect(&found, "1.0.0", &[FIRST])?;
    let others = logins(chain);
    let other = others.iter().find(|l| *l != login).context("one tenant")?;
    if notes(chain, other).await.is_ok() {
        bail!("{other} has not installed it and is served");
    }
    Ok(((), format!("\u{201c}{FIRST}\u{201d}")))
}

async fn migrated(chain: &Chain, login: &str) -> anyhow::Result<((), String)> {
    let found = notes(chain, login).await?;
    expect(&found, "1.1.0", &[FIRST])?;
    if found["notes"][0]["pinned"] != false {
        bail!("the note has not got the new field: {found}");
    }
    write(chain, login, SECOND).await?;
    let found = notes(chain, login).await?;
    expect(&found, "1.1.0", &[SECOND.trim_start_matches('!'), FIRST])?;
    Ok(((), "2 notes, one pinned".to_owned()))
}

async fn by_hand(chain: &Chain, login: &str) -> anyhow::Result<((), String)> {
    let request = RollbackRequest {
        tenant_id: None,
        plugin_id: chain.plugin.clone(),
        reason: "Pins are not for us".to_owned(),
    };
    let accepted: InstallAccepted = chain.core(login)?.post(paths::ROLLBACK, &request).await?;
    let id = accepted.install_job_id;
    let view = chain.ended_as(login, id, InstallState::RolledBack).await?;
    let found = notes(chain, login).await?;
    // The migration only added to the file: what was pinned stays on top.
    let texts = [SECOND.trim_start_matches('!'), FIRST];
    expect(&found, "1.0.0", &texts)?;
    let seconds = view.rollback_seconds.context("no rollback time")?;
    Ok(((), format!("2 notes, after {seconds:.2} s")))
}
