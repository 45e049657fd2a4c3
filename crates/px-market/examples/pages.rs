//! Serves the site on a loopback port over a database filled with a fortnight's work, for looking
//! at the pages while working on them. Sign in as `rita` or `tom` (reviewers), `ada` (publisher) or
//! `olga` (operator), each with the password `correct horse battery`.

#![allow(clippy::print_stdout)]

#[path = "pages/catalog.rs"]
mod catalog;
#[path = "pages/report.rs"]
mod report;
#[path = "pages/seed.rs"]
mod seed;

use std::error::Error;
use std::sync::Arc;

use px_market::{Market, MarketConfig, ui};
use px_store::{Blobs, Db, Env, SystemRandomness};
use px_web::http::{Limits, Listening, Peer, Rate};
use px_web::i18n::Words;
use px_web::{Web, WebConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let clock = seed::Shifted::default();
    let env = Env::new(clock.clone(), SystemRandomness);
    let db = Db::open(
        &format!("sqlite:{}", folder.path().join("market.db").display()),
        env,
    )
    .await?;
    db.migrate(&[
        px_store::MIGRATIONS,
        px_work::MIGRATIONS,
        px_notify::MIGRATIONS,
        px_web::identity::MIGRATIONS,
        px_market::MIGRATIONS,
    ])
    .await?;
    let mut config = MarketConfig::new(
        folder.path().join("data"),
        "https://market.example/".parse()?,
    );
    config.supported_cores = ["0.9.0", "1.0.0", "1.1.0"]
        .iter()
        .filter_map(|v| v.parse().ok())
        .collect();
    let blobs = Blobs::in_folder(&folder.path().join("blobs"))?;
    let market = Market::new(db.clone(), blobs, config, Arc::new(seed::NoSandbox))?;
    seed::fill(&market, &clock).await?;
    let rate = Rate {
        burst: 10_000,
        per_minute: 100_000,
    };
    let web = Web::new(WebConfig {
        db,
        words: ui::words(Words::shared()?)?,
        site: ui::site(),
        secure_cookies: false,
        trust_forwarded: false,
        limits: Limits {
            per_address: rate,
            per_caller: rate,
        },
    });
    let routes = ui::routes(market)
        .merge(px_web::identity::routes())
        .merge(px_web::assets::routes());
    let app = px_web::wrap(&web, routes).into_make_service_with_connect_info::<Peer>();
    let port = std::env::args().nth(1).unwrap_or_else(|| "8098".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(Listening::new(listener), app).await?;
    Ok(())
}
