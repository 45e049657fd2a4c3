//! The demo: the whole chain, through the public interfaces only, every step verified.

mod author;
mod chain;
mod notes;
mod paths;
mod proof;
mod rollout;
mod sample;
mod shipping;
mod timeline;
mod upload;

use std::path::PathBuf;

use px_testkit::{SmtpSink, WebhookReceiver};

pub use timeline::{Format, Timeline};

use crate::local::Local;
use crate::settings::Settings;
use author::Author;
use chain::Chain;

/// What the demo needs from its surroundings.
#[derive(Debug)]
pub struct Options {
    /// Text or JSON.
    pub format: Format,
    /// The multi-call program: by the name `px-plugin` it is the author's command line.
    pub executable: PathBuf,
    /// Database of the Marketplace; an SQLite file in a fresh folder when `None`.
    pub market_database: Option<String>,
    /// Database of the core.
    pub core_database: Option<String>,
}

/// Seconds of probation in the demo.
const PROBATION: &str = "6";
/// Seconds after its start when the bad version begins to fail: within probation.
const DIES_AFTER: &str = "3";

/// Walks the chain; answers whether every step was verified.
///
/// # Errors
/// When the servers cannot be started, or the timeline cannot be printed.
pub async fn run(settings: Settings, options: Options) -> anyhow::Result<bool> {
    let mut timeline = Timeline::new(options.format);
    timeline.say("PowerX demo: one machine, embedded storage, public interfaces only.");
    timeline.say(&format!("Probation is shortened to {PROBATION} s (120 s by default) and batches follow each other at once.\n"));
    let folder = tempfile::tempdir()?;
    let mut running = None;
    let outcome = walk(
        &mut timeline,
        settings,
        &options,
        folder.path().to_owned(),
        &mut running,
    )
    .await;
    let ok = timeline.finish(outcome.as_ref().err())?;
    if let Some(chain) = running {
        let Chain { local, .. } = *chain;
        local.stop().await;
    }
    Ok(ok)
}

async fn walk(
    timeline: &mut Timeline,
    settings: Settings,
    options: &Options,
    folder: PathBuf,
    running: &mut Option<Box<Chain>>,
) -> anyhow::Result<()> {
    let chain = timeline
        .step(
            "start",
            "Marketplace, core and console on this machine",
            start(settings, options, folder),
        )
        .await?;
    let chain = running.insert(Box::new(chain));
    shipping::walk(timeline, chain).await?;
    rollout::walk(timeline, chain).await?;
    if cfg!(target_os = "linux") {
        notes::walk(timeline, chain).await?;
    }
    proof::walk(timeline, chain).await
}

async fn start(
    settings: Settings,
    options: &Options,
    folder: PathBuf,
) -> anyhow::Result<(Chain, String)> {
    let webhooks = WebhookReceiver::start().await?;
    let mails = SmtpSink::start().await?;
    let mut settings = settings
        .with("MKP_LISTEN", "127.0.0.1:0")
        .with("POWERX_LISTEN", "127.0.0.1:0")
        .with(
            "MKP_DATA_DIR",
            folder.join("marketplace").display().to_string(),
        )
        .with("POWERX_DATA_DIR", folder.join("core").display().to_string())
        .with(
            "MKP_DATABASE_URL",
            options.market_database.clone().unwrap_or_default(),
        )
        .with(
            "POWERX_DATABASE_URL",
            options.core_database.clone().unwrap_or_default(),
        )
        .with("MKP_SMTP_URL", mails.url())
        .with("PX_SMTP_URL", mails.url())
        .with("PX_PROBATION_SECONDS", PROBATION)
        .with("PX_PROBE_SECONDS", "0.5")
        .with("PX_ALLOW_PRIVATE_ADDRESSES", "1");
    if settings.text("PX_LOG") == "info,sqlx=warn,hyper=warn" {
        settings = settings.with("PX_LOG", "error");
    }
    let local = Local::start(&settings).await?;
    let market = local.market_url.to_string();
    let token = local.accounts.get("publisher")?.token.clone();
    let author = Author::new(&options.executable, &folder.join("author"), &market, &token)?;
    let detail = format!("{} and {}", local.market_url, local.core_url);
    let plugin = "com.powerx.samples.greeter".parse()?;
    let chain = Chain::new(
        local,
        author,
        folder.join("greeter"),
        (webhooks, mails),
        plugin,
    )?;
    Ok((chain, detail))
}
