//! From the author's folder to three tenants: stages 1 to 4 with a good version.

use std::time::Duration;

use anyhow::{Context, bail};
use px_api::core::{AddressesRequest, AddressesSaved, AddressesView};
use px_api::market::VersionView;
use px_model::InstallState;
use serde_json::Value;

use super::chain::{Chain, items, until};
use super::timeline::Timeline;
use super::{paths, upload};

/// Walks the first half.
///
/// # Errors
/// At the first step that cannot be verified.
pub async fn walk(timeline: &mut Timeline, chain: &mut Chain) -> anyhow::Result<()> {
    timeline
        .step(
            "publish",
            "The author makes a key and has it certified",
            keys(chain),
        )
        .await?;
    timeline
        .step(
            "publish",
            "px-plugin check finds nothing that blocks",
            check(chain),
        )
        .await?;
    timeline
        .step(
            "publish",
            "px-plugin publish, killed in mid-upload, resumed",
            upload::publish_cut_and_resumed(chain),
        )
        .await?;
    let secret = timeline
        .step(
            "notify",
            "The tenants subscribe: inbox, and one by webhook and mail",
            subscribe(chain),
        )
        .await?;
    let view = timeline
        .step(
            "review",
            "Signature, archive, checks and a run in the sandbox",
            reviewed(chain),
        )
        .await?;
    timeline
        .step(
            "review",
            "A reviewer claims and approves; the version is listed",
            approved(chain, view),
        )
        .await?;
    timeline
        .step(
            "notify",
            "Webhook received, signature verified",
            webhook(chain, &secret, 1),
        )
        .await?;
    timeline
        .step("notify", "Mail received", mail(chain))
        .await?;
    timeline
        .step(
            "notify",
            "The core has the listing; the tenants' inboxes tell",
            synced(chain),
        )
        .await?;
    for login in logins(chain) {
        let name = format!("Install 1.0.0 for tenant {login}");
        timeline
            .step("install", &name, install(chain, &login))
            .await?;
    }
    timeline
        .step(
            "gateway",
            "All tenants are answered by 1.0.0",
            answered(chain, "1.0.0"),
        )
        .await
}

/// Logins of the tenants' admins.
pub fn logins(chain: &Chain) -> Vec<String> {
    chain.tenants().map(|t| t.login.clone()).collect()
}

async fn keys(chain: &Chain) -> anyhow::Result<((), String)> {
    let home = chain.author.home();
    chain.author.run(home, &["keys", "generate"]).await?;
    let answer = chain.author.run(home, &["keys", "register"]).await?;
    let fingerprint = find_text(&answer, "fingerprint").context("no fingerprint in the answer")?;
    Ok((
        (),
        format!("Ed25519 {}…", &fingerprint[..12.min(fingerprint.len())]),
    ))
}

fn find_text(value: &Value, key: &str) -> Option<String> {
    match value {
        Value::Object(map) => map
            .get(key)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(|| map.values().find_map(|v| find_text(v, key))),
        Value::Array(items) => items.iter().find_map(|v| find_text(v, key)),
        _ => None,
    }
}

async fn check(chain: &Chain) -> anyhow::Result<((), String)> {
    upload::write_version(chain, "1.0.0")?;
    chain.author.run(&chain.folder, &["check", "."]).await?;
    Ok(((), "com.powerx.samples.greeter 1.0.0".to_owned()))
}

/// The first tenant gives the core its addresses; all follow the plugin. The core's job tells the
/// Marketplace.
async fn subscribe(chain: &Chain) -> anyhow::Result<(String, String)> {
    let tenant = chain.tenants().next().context("no tenants")?;
    let request = AddressesRequest {
        tenant_id: None,
        webhook_url: Some(chain.webhooks.url("/powerx").to_string()),
        email: Some(format!("{}@example.test", tenant.login)),
        language: Some("en".to_owned()),
    };
    let core = chain.core(&tenant.login)?;
    let saved: AddressesSaved = core.put(paths::NOTIFICATIONS, &request).await?;
    let secret = saved.webhook_secret.context("no webhook secret")?;
    for login in logins(chain) {
        let path = paths::subscription(&chain.plugin);
        let _: Value = chain
            .core(&login)?
            .put(&path, &serde_json::json!({ "channel": "stable" }))
            .await?;
        until(
            "the Marketplace's word",
            Duration::from_secs(30),
            async || {
                let view: AddressesView = chain.core(&login)?.get(paths::NOTIFICATIONS).await?;
                if let Some(why) = view.refused {
                    bail!("the Marketplace refuses: {why}");
                }
                Ok((view.plugins > 0 && view.pending == 0).then_some(()))
            },
        )
        .await?;
    }
    Ok((
        secret.reveal().to_owned(),
        format!("{}, {}", logins(chain).join(", "), saved.audit_id),
    ))
}

/// Waits for the automated part of the version under way, which must end in the review queue.
///
/// # Errors
/// When it ends elsewhere.
pub async fn reviewed(chain: &Chain) -> anyhow::Result<(VersionView, String)> {
    let view = chain.reviewed(chain.published()?).await?;
    if view.state != px_model::VersionState::InReview {
        bail!("the version is {}: {:?}", view.state, view.verdict);
    }
    let detail = format!(
        "verdict {}, risk {}",
        view.verdict.as_deref().unwrap_or("none"),
        view.risk
    );
    Ok((view, detail))
}

/// Approves a reviewed version and finds it in the public catalog.
///
/// # Errors
/// When it is not listed then.
pub async fn approved(chain: &Chain, view: VersionView) -> anyhow::Result<((), String)> {
    let (listed, reviewers) = chain.approve(&view).await?;
    let offered = chain.listed(&listed.version.to_string()).await?;
    if offered.artifact.sha256 != view.artifact.sha256 {
        bail!("other bytes are listed than were uploaded");
    }
    let approvals = if reviewers == 1 {
        "1 approval".to_owned()
    } else {
        format!("{reviewers} approvals")
    };
    Ok((
        (),
        format!("{approvals}, sha256 {}…", offered.artifact.sha256.short()),
    ))
}

/// Waits for the webhook about a version and verifies its signature as the receiver must.
///
/// # Errors
/// When it does not come or is not signed with the subscription's secret.
pub async fn webhook(chain: &Chain, secret: &str, count: usize) -> anyhow::Result<((), String)> {
    let got = until("the webhook", Duration::from_secs(30), async || {
        Ok(Some(chain.webhooks.received()).filter(|all| all.len() >= count))
    })
    .await?;
    let last = &got[count - 1];
    last.verify(secret).context("the webhook's signature")?;
    let event = last.json();
    Ok((
        (),
        format!(
            "{} {}",
            event["type"].as_str().unwrap_or("?"),
            last.header("webhook-id")
        ),
    ))
}

async fn mail(chain: &Chain) -> anyhow::Result<((), String)> {
    let mails = until("the mail", Duration::from_secs(30), async || {
        Ok(Some(chain.mails.mails()).filter(|all| !all.is_empty()))
    })
    .await?;
    let subject = mails[0].header("Subject").unwrap_or_default();
    Ok(((), format!("to {}: {subject}", mails[0].to.join(", "))))
}

async fn synced(chain: &Chain) -> anyhow::Result<((), String)> {
    let login = logins(chain).first().cloned().context("no tenants")?;
    let client = chain.core(&login)?;
    let subject = chain.plugin.to_string();
    let title = until("the inbox entry", Duration::from_secs(30), async || {
        let all: Vec<Value> = items(client.get(paths::INBOX).await?)?;
        let about = all
            .iter()
            .find(|m| m.to_string().contains(&subject) || m.to_string().contains("Greeter"));
        Ok(about.map(|m| m["title"].as_str().unwrap_or_default().to_owned()))
    })
    .await?;
    Ok(((), title))
}

async fn install(chain: &Chain, login: &str) -> anyhow::Result<((), String)> {
    let permissions = chain.listed("1.0.0").await?.permissions;
    let id = chain.install(login, "1.0.0", permissions).await?;
    let view = chain.ended_as(login, id, InstallState::Committed).await?;
    Ok((
        (),
        format!("{} steps, {} KiB", view.steps.len(), view.bytes_total >> 10),
    ))
}

/// Every tenant's request is answered by `version`.
///
/// # Errors
/// When another version answers.
pub async fn answered(chain: &Chain, version: &str) -> anyhow::Result<((), String)> {
    let logins = logins(chain);
    for login in &logins {
        let by = chain.greet(login).await?;
        if by != version {
            bail!("{login} is answered by {by}");
        }
    }
    Ok(((), logins.join(", ")))
}
