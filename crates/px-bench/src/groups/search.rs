//! Search in a large catalog.

use std::sync::Mutex;
use std::time::Instant;

use anyhow::ensure;
use serde_json::Value;

use super::{Surroundings, engines};
use crate::author::Author;
use crate::figure::{Aim, Figure, percentile};
use crate::site::{Databases, Site};
use crate::{load, store};

/// What people type, with how much of it there is in the catalog.
const QUERIES: [&str; 8] = [
    "",
    "invoice",
    "calendar teams",
    "gallery 77",
    "plugin99999",
    "nothing like this",
    "work",
    "mail example",
];

/// Takes the figures.
///
/// # Errors
/// When a server fails.
pub async fn take(around: &Surroundings, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let (engines, server, _) = engines();
    for (engine, address) in engines {
        let folder = around.folder(&format!("search-{engine}"))?;
        let market = match &address {
            None => None,
            Some(url) => Some(store::fresh(url, "search").await?),
        };
        one(around, engine, &folder, market, figures).await?;
    }
    drop(server);
    Ok(())
}

async fn one(
    around: &Surroundings,
    engine: &str,
    folder: &std::path::Path,
    market: Option<String>,
    figures: &mut Vec<Figure>,
) -> anyhow::Result<()> {
    let powerx = around.program("powerx");
    let databases = Databases {
        market: market.clone(),
        core: None,
    };
    let site = Site::start(&powerx, &folder.join("site"), &databases, &[]).await?;
    let author = Author::new(&site, &around.program("px-plugin"), &around.root).await?;
    author.list("1.0.0").await?;
    drop(site);
    let file = folder.join("site/market/data.db");
    let address = market.unwrap_or_else(|| format!("sqlite:{}", file.display()));
    let count = around.amount(100_000, 1000);
    store::offer_many(&address, count).await?;
    let site = Site::start(&powerx, &folder.join("site"), &databases, &[]).await?;
    let client = site.market("publisher")?;
    let found: Value = client.get("/api/marketplace/plugins?q=invoice").await?;
    let total = found["total"].as_u64().unwrap_or(0);
    ensure!(
        total >= u64::from(count / 16),
        "{total} invoices are offered"
    );

    let times = Mutex::new(Vec::new());
    load::rate(around.amount(4000, 40), 2, |n| {
        let (client, times) = (client.clone(), &times);
        async move {
            // A page of every other query's results, so that not all of them are the same.
            let query = QUERIES[n as usize % QUERIES.len()];
            let words = match n / 8 % 4 {
                0 => query.to_owned(),
                k => format!("{query} {k}"),
            };
            let path = format!(
                "/api/marketplace/plugins?q={}",
                words.trim().replace(' ', "+")
            );
            let begun = Instant::now();
            let _: Value = client.get(&path).await?;
            let took = begun.elapsed().as_secs_f64() * 1000.0;
            if let Ok(mut times) = times.lock() {
                times.push(took);
            }
            Ok(())
        }
    })
    .await?;
    let times = times.into_inner().unwrap_or_default();
    let name = |part: &str| format!("search {count} plugins, {engine}, {part}");
    figures.push(Figure::new(name("p50"), percentile(&times, 0.5), "ms"));
    let p99 = Figure::new(name("p99"), percentile(&times, 0.99), "ms");
    figures.push(p99.aim(Aim::AtMost(10.0)));
    Ok(())
}
