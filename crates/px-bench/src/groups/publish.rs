//! Publishes per second.

use std::sync::atomic::{AtomicU32, Ordering};

use px_api::market::{Artifact, PublishRequest};
use px_model::{Channel, Digest};
use serde_json::Value;

use super::{Surroundings, engines};
use crate::figure::Figure;
use crate::site::{Databases, Site};
use crate::{load, store};

/// Takes the figures.
///
/// # Errors
/// When a server fails.
pub async fn take(around: &Surroundings, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let (engines, server, missing) = engines();
    let total = around.amount(3000, 60);
    for (engine, address) in engines {
        let folder = around.folder(&format!("publish-{engine}"))?;
        let (market, raw) = match &address {
            None => (None, format!("sqlite:{}", folder.join("raw.db").display())),
            Some(url) => (
                Some(store::fresh(url, "market").await?),
                store::fresh(url, "raw").await?,
            ),
        };
        let databases = Databases { market, core: None };
        let (powerx, place) = (around.program("powerx"), folder.join("site"));
        let site = Site::start(&powerx, &place, &databases, &[]).await?;
        let ours = publishes(&site, total).await?;
        drop(site);
        let raw = store::raw_commits(&raw, total, 16).await?;
        let mut figure = Figure::new(format!("publishes, {engine}"), ours, "publishes/s");
        figure = figure.beside("one-row transactions", raw);
        if let Some(reason) = missing.as_deref() {
            figure = figure.note(format!("PostgreSQL was left out: {reason}"));
        }
        figures.push(figure);
    }
    drop(server);
    Ok(())
}

/// Registers versions, again and again over a few numbers: one publisher may have 50 under way, and
/// new bytes for a number that is not listed are a registration like the first.
async fn publishes(site: &Site, total: u32) -> anyhow::Result<f64> {
    let client = site.market("publisher")?;
    let round = AtomicU32::new(0);
    load::rate(total, 16, |n| {
        let (client, round) = (client.clone(), round.fetch_add(1, Ordering::Relaxed));
        async move {
            let request = PublishRequest {
                publish_request_id: format!("bench-{round}"),
                plugin_id: format!("com.example.bench{}", n % 48).parse()?,
                version: "1.0.0".parse()?,
                channel: Channel::Stable,
                artifact: Artifact {
                    sha256: digest(round),
                    size: 100_000 + u64::from(round),
                },
                permissions: vec!["bench:read".parse()?],
                dependencies: Vec::new(),
                signatures: Vec::new(),
                notes: Some("- Measured.".to_owned()),
                rollout: None,
            };
            let _: Value = client
                .post("/api/marketplace/plugins/publish", &request)
                .await?;
            Ok(())
        }
    })
    .await
}

fn digest(n: u32) -> Digest {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    Digest::from_bytes(bytes)
}
