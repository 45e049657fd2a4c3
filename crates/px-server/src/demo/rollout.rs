//! An upgrade by policy, a bad version that is taken back by itself, a rollback by hand.

use std::time::Duration;

use anyhow::{Context, bail};
use px_api::core::{AlertView, InstallAccepted, PolicyRequest, RollbackRequest};
use px_api::market::InboxMessage;
use px_model::{InstallState, UpgradePolicy};
use serde_json::Value;

use super::chain::{Chain, items, until};
use super::shipping::{answered, approved, logins, reviewed};
use super::timeline::Timeline;
use super::{DIES_AFTER, paths, sample, upload};

/// Walks the second part.
///
/// # Errors
/// At the first step that cannot be verified.
pub async fn walk(timeline: &mut Timeline, chain: &mut Chain) -> anyhow::Result<()> {
    timeline
        .step(
            "policy",
            "The tenants choose: upgrade by itself",
            policies(chain),
        )
        .await?;
    timeline
        .step(
            "publish",
            "1.1.0 is published, reviewed, approved",
            release(chain, "1.1.0"),
        )
        .await?;
    timeline
        .step(
            "upgrade",
            "Every tenant is upgraded by its policy, batch by batch",
            upgraded(chain, "1.1.0"),
        )
        .await?;
    timeline
        .step(
            "gateway",
            "All tenants are answered by 1.1.0",
            answered(chain, "1.1.0"),
        )
        .await?;
    timeline
        .step(
            "publish",
            "1.2.2, healthy for some seconds only, is listed",
            bad_release(chain),
        )
        .await?;
    timeline
        .step(
            "rollback",
            "It fails under watch and is taken back by itself",
            taken_back(chain),
        )
        .await?;
    timeline
        .step(
            "gateway",
            "No tenant is without a version: 1.1.0 answers",
            answered(chain, "1.1.0"),
        )
        .await?;
    timeline
        .step("alert", "The tenant has an alert", tenant_alerted(chain))
        .await?;
    timeline
        .step(
            "alert",
            "The publisher has an alert",
            publisher_alerted(chain),
        )
        .await?;
    timeline
        .step(
            "rollback",
            "A tenant's admin goes back to 1.0.0 by hand",
            by_hand(chain),
        )
        .await
}

async fn policies(chain: &Chain) -> anyhow::Result<((), String)> {
    for login in logins(chain) {
        let request = PolicyRequest {
            tenant_id: None,
            policy: UpgradePolicy::Auto,
            channel: None,
        };
        let _: Value = chain
            .core(&login)?
            .put(&paths::policy(&chain.plugin), &request)
            .await?;
    }
    Ok(((), "auto, stable channel".to_owned()))
}

async fn release(chain: &Chain, label: &str) -> anyhow::Result<((), String)> {
    upload::write_version(chain, label)?;
    upload::publish(chain).await?;
    let (view, _) = reviewed(chain).await?;
    approved(chain, view).await
}

async fn upgraded(chain: &Chain, version: &str) -> anyhow::Result<((), String)> {
    for login in logins(chain) {
        let what = format!("the upgrade of {login}");
        chain
            .installed(&login, &what, |p| {
                p.version.to_string() == version && p.operation.is_none()
            })
            .await?;
    }
    Ok(((), logins(chain).join(", ")))
}

async fn bad_release(chain: &Chain) -> anyhow::Result<((), String)> {
    upload::write_version(chain, "1.2.2-dies")?;
    // The sample dies after a minute; within the demo's shortened probation it must be seconds.
    let manifest = chain.folder.join("plugin.yaml");
    sample::edit(
        &manifest,
        "DIES_AFTER_SECONDS:-60",
        &format!("DIES_AFTER_SECONDS:-{DIES_AFTER}"),
    )?;
    upload::publish(chain).await?;
    let (view, _) = reviewed(chain).await?;
    approved(chain, view).await
}

async fn taken_back(chain: &Chain) -> anyhow::Result<((), String)> {
    let found = until("the rollback", Duration::from_secs(90), async || {
        for login in logins(chain) {
            let alerts: Vec<AlertView> = items(chain.core(&login)?.get(paths::ALERTS).await?)?;
            if let Some(alert) = alerts.into_iter().find(|a| a.kind == "install.rolled_back") {
                return Ok(Some((login, alert)));
            }
        }
        Ok(None)
    })
    .await?;
    let (login, alert) = found;
    let install = alert
        .subject
        .as_deref()
        .context("the alert names no install")?
        .parse()?;
    let view = chain
        .ended_as(&login, install, InstallState::RolledBack)
        .await?;
    let why = view.problem.map(|p| p.code).unwrap_or_default();
    let seconds = view.rollback_seconds.context("no rollback time")?;
    if seconds > 300.0 {
        bail!("the rollback took {seconds} s");
    }
    Ok((
        (),
        format!("tenant {login}, {why}, old version back {seconds:.2} s after the decision"),
    ))
}

async fn tenant_alerted(chain: &Chain) -> anyhow::Result<((), String)> {
    for login in logins(chain) {
        let alerts: Vec<AlertView> = items(chain.core(&login)?.get(paths::ALERTS).await?)?;
        if let Some(alert) = alerts.first() {
            return Ok(((), format!("{login}: {}", alert.title)));
        }
    }
    bail!("no tenant has an alert")
}

async fn publisher_alerted(chain: &Chain) -> anyhow::Result<((), String)> {
    let client = chain.market("publisher")?;
    let message = until(
        "the publisher's alert",
        Duration::from_secs(30),
        async || {
            let all: Vec<InboxMessage> = items(client.get(paths::PUBLISHER_INBOX).await?)?;
            Ok(all
                .into_iter()
                .find(|m| m.level == "critical" && m.title.contains("1.2.2")))
        },
    )
    .await?;
    Ok(((), message.title))
}

async fn by_hand(chain: &Chain) -> anyhow::Result<((), String)> {
    let login = logins(chain).pop().context("no tenants")?;
    let request = RollbackRequest {
        tenant_id: None,
        plugin_id: chain.plugin.clone(),
        reason: "The old greeting was friendlier".to_owned(),
    };
    let accepted: InstallAccepted = chain.core(&login)?.post(paths::ROLLBACK, &request).await?;
    let installed = chain
        .installed(&login, "the rollback by hand", |p| {
            p.version.to_string() == "1.0.0"
        })
        .await?;
    let by = until(
        "1.0.0 through the gateway",
        Duration::from_secs(10),
        async || {
            let by = chain.greet(&login).await?;
            Ok(Some(by).filter(|by| by == "1.0.0"))
        },
    )
    .await?;
    Ok((
        (),
        format!(
            "{login}: {} answers {by}, {}",
            installed.path, accepted.audit_id
        ),
    ))
}
