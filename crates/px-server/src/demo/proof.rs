//! What proves all of it at the end.

use anyhow::{Context, bail};
use serde_json::Value;

use super::chain::Chain;
use super::paths;
use super::timeline::Timeline;

/// Walks the last part.
///
/// # Errors
/// At the first step that cannot be verified.
pub async fn walk(timeline: &mut Timeline, chain: &Chain) -> anyhow::Result<()> {
    timeline
        .step(
            "audit",
            "The audit chains of both servers are whole",
            audit(chain),
        )
        .await?;
    timeline
        .step(
            "metrics",
            "The scenario's figures are on /metrics",
            metrics(chain),
        )
        .await
}

async fn audit(chain: &Chain) -> anyhow::Result<((), String)> {
    let mut counts = Vec::new();
    let chains = [
        (chain.market("operator")?, paths::MARKET_AUDIT_VERIFY),
        (chain.core("ops")?, paths::CORE_AUDIT_VERIFY),
    ];
    for (client, path) in chains {
        let verdict: Value = client.get(path).await?;
        if !verdict["firstBad"].is_null() {
            bail!("the chain is broken: {verdict}");
        }
        counts.push(
            verdict["entries"]
                .as_i64()
                .context("no number of entries")?,
        );
    }
    Ok(((), format!("{} and {} entries", counts[0], counts[1])))
}

async fn metrics(chain: &Chain) -> anyhow::Result<((), String)> {
    let url = chain.local.core_url.join("/metrics")?;
    let text = chain.http().get(url).send().await?.text().await?;
    for name in [
        "plugin_online_publish_count",
        "plugin_online_approval_duration",
        "plugin_online_install_success_rate",
    ] {
        if !text.contains(name) {
            bail!("{name} is missing");
        }
    }
    Ok(((), format!("{} lines", text.lines().count())))
}
