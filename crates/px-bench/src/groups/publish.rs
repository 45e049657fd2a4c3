//! Publishes per second.

use jiff::SignedDuration;
use px_api::client::Client;
use px_api::market::{Artifact, PublishRequest};
use px_market::store::publishers::put;
use px_model::{Channel, Digest, PublisherId, Role, Scope};
use px_store::{Actor, Db, Env};
use px_web::identity::store::{self as identity, NewAccount, NewToken};
use px_web::identity::{Grant, Reach};
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
        let file = folder.join("site/market/data.db");
        let sqlite = format!("sqlite:{}", file.display());
        let address = databases.market.as_deref().unwrap_or(&sqlite);
        let ours = publishes(&site, address, total).await?;
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

/// Versions one publisher may have under way.
const EACH: u32 = 50;

/// Registers versions of plugins that nobody has published before, in the names of many publishers.
async fn publishes(site: &Site, address: &str, total: u32) -> anyhow::Result<f64> {
    let tokens = publishers(address, total.div_ceil(EACH)).await?;
    load::rate(total, 16, |n| {
        let token = tokens[(n / EACH) as usize].clone();
        let client = Client::new(site.http().clone(), site.market_url.clone(), Some(token));
        async move {
            let request = PublishRequest {
                publish_request_id: format!("bench-{n}"),
                plugin_id: format!("com.example.bench{n}").parse()?,
                version: "1.0.0".parse()?,
                channel: Channel::Stable,
                artifact: Artifact {
                    sha256: digest(n),
                    size: 100_000 + u64::from(n),
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

/// Makes publishers with an account and a token each, as the operator's command line does; answers
/// the tokens.
async fn publishers(address: &str, count: u32) -> anyhow::Result<Vec<String>> {
    let db = Db::open(address, Env::system()).await?;
    let actor = Actor::system("bench");
    let mut tokens = Vec::new();
    let mut tx = db.begin().await?;
    for n in 0..count {
        let publisher = PublisherId::from_uuid(tx.env().uuid());
        put(&mut tx, publisher, &format!("Publisher {n}")).await?;
        let account = NewAccount {
            login: format!("bench{n}"),
            name: format!("Publisher {n}"),
            email: None,
            password: None,
            installation: None,
        };
        let account = identity::create_account(&mut tx, &actor, account).await?;
        let grant = Grant {
            role: Role::Publisher,
            reach: Reach::Publisher(publisher),
        };
        identity::grant(&mut tx, &actor, account, grant).await?;
        let token = NewToken {
            account,
            name: "bench".to_owned(),
            scopes: [Scope::PluginPublish, Scope::PluginRead].into(),
            lifetime: SignedDuration::from_hours(24),
            secret: None,
        };
        tokens.push(identity::issue_token(&mut tx, &actor, token).await?.secret);
    }
    tx.commit().await?;
    db.close().await;
    Ok(tokens)
}

fn digest(n: u32) -> Digest {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    Digest::from_bytes(bytes)
}
