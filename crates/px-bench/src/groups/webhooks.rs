//! Webhook deliveries per second.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use px_api::market::{SubscriptionRequest, SubscriptionView};
use px_model::{Channel, UpgradePolicy};
use serde_json::Value;

use super::Surroundings;
use crate::author::{Author, plugin};
use crate::figure::{Aim, Figure};
use crate::load::{self, helper};
use crate::process::free_port;
use crate::serve::{address, post_loop};
use crate::site::{Databases, Site};

/// Names the receivers' machine has; every tenth is one where nothing listens.
const HOSTS: u32 = 200;

/// Takes the figures.
///
/// # Errors
/// When a server fails.
pub async fn take(around: &Surroundings, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let folder = around.folder("webhooks")?;
    let count = around.amount(10_000, 200);
    let databases = Databases::default();
    let (powerx, place) = (around.program("powerx"), folder.join("site"));
    let site = Site::start(&powerx, &place, &databases, &[]).await?;
    let author = Author::new(&site, &around.program("px-plugin"), &around.root).await?;
    let view = author.publish("1.0.0").await?;
    let (receiver, place) = helper(&["receiver"], &folder.join("receiver")).await?;
    let port: u16 = place.rsplit(':').next().context("a port")?.parse()?;
    let dead = free_port()?;
    subscribe(&site, count, port, dead).await?;
    let alive = u64::from(count - count.div_ceil(10));

    let begun = Instant::now();
    author.approve(&view).await?;
    let approved = begun.elapsed().as_secs_f64();
    let seen = loop {
        let seen: Value = site
            .http()
            .get(format!("http://{place}/seen"))
            .send()
            .await?
            .json()
            .await?;
        if seen["count"].as_u64().unwrap_or(0) >= alive {
            break seen;
        }
        let passed = begun.elapsed().as_secs();
        ensure!(
            passed < 120,
            "{seen} of {alive} deliveries after two minutes"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let whole = begun.elapsed().as_secs_f64();
    drop(site);
    drop(receiver);
    let number = |name: &str| seen[name].as_f64().unwrap_or(f64::NAN);
    let rate = number("count") / (number("micros") / 1e6);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a body's length"
    )]
    let bytes = (number("bytes") / number("count")) as usize;

    let (_receiver, place) = helper(&["receiver"], &folder.join("receiver")).await?;
    let port: u16 = place.rsplit(':').next().context("a port")?.parse()?;
    let bare = post_loop(port, HOSTS, count, bytes, 64).await?;
    figures.push(
        Figure::new("webhook deliveries", rate, "deliveries/s")
            .beside("a bare client loop", bare)
            .aim(Aim::AtLeast(2000.0))
            .note(format!(
                "{alive} live receivers of {count}, bodies of {bytes} bytes, each signed; its outcome is durable, and the dead ones are tried, counted and put off meanwhile"
            )),
    );
    figures.push(
        Figure::new("from the decision to the last live receiver", whole, "s").note(format!(
            "the decision itself, in a transaction of its own, took {:.0} ms",
            approved * 1000.0
        )),
    );
    Ok(())
}

async fn subscribe(site: &Site, count: u32, port: u16, dead: u16) -> anyhow::Result<()> {
    let client = site.market_as_installation();
    let plugin = plugin()?;
    load::rate(count, 16, |n| {
        let (client, plugin) = (client.clone(), plugin.clone());
        async move {
            let port = if n.is_multiple_of(10) { dead } else { port };
            let request = SubscriptionRequest {
                tenant_ref: format!("tenant-{n}"),
                tenant_name: format!("Tenant {n}"),
                plugin_id: plugin,
                channel: Channel::Stable,
                policy: UpgradePolicy::Notify,
                webhook_url: Some(address(n % HOSTS, port)),
                webhook_secret: None,
                keep_addresses: false,
                email: None,
                language: Some("en".to_owned()),
            };
            let path = "/api/marketplace/subscriptions";
            let _: SubscriptionView = client.post(path, &request).await?;
            Ok(())
        }
    })
    .await
    .map(drop)
}
