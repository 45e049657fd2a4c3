//! The three ways the servers run: Marketplace alone, core alone, both on one machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use url::Url;

use crate::core::{self, CoreServed};
use crate::market;
use crate::seed::{self, DemoAccounts, PASSWORD};
use crate::serve::{Served, bind, public_url};
use crate::settings::Settings;
use crate::telemetry;

/// Marketplace, core and console of one process.
pub struct Local {
    /// Address of the Marketplace.
    pub market_url: Url,
    /// Address of core and console.
    pub core_url: Url,
    /// Accounts to sign in with.
    pub accounts: DemoAccounts,
    market: Served,
    core: CoreServed,
}

impl Local {
    /// Starts both servers on loopback with demo accounts.
    ///
    /// # Errors
    /// When an address is not loopback, or a part cannot be started.
    pub async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let metrics = telemetry::start(settings)?;
        let (market_listener, core_listener) = (
            bind(settings, "MKP_LISTEN").await?,
            bind(settings, "POWERX_LISTEN").await?,
        );
        for listener in [&market_listener, &core_listener] {
            if !listener.local_addr()?.ip().is_loopback() {
                bail!(
                    "the quick start has well-known passwords and listens on loopback only; run `powerx-marketplace serve` and `powerx serve` instead"
                );
            }
        }
        let market_url = public_url(settings, "MKP_PUBLIC_URL", &market_listener)?;
        let core_url = public_url(settings, "POWERX_PUBLIC_URL", &core_listener)?;
        let (market_db, core_db) = (
            market::database(settings).await?,
            core::database(settings).await?,
        );
        let file = Path::new(settings.text("MKP_DATA_DIR")).join("demo-accounts.json");
        let accounts = accounts(&file, &market_db, &core_db).await?;
        let settings = settings
            .clone()
            .with(
                "PX_MARKETPLACE_API_URL",
                format!("http://{}/", market_listener.local_addr()?),
            )
            .with("PX_MARKETPLACE_TOKEN", accounts.installation_token.clone())
            .with_default("PX_SECURE_COOKIES", "0")
            // Marketplace, core and receivers all live on loopback here.
            .with_default("PX_ALLOW_PRIVATE_ADDRESSES", "1");
        let market = market::start(&settings, market_db, market_listener, metrics.clone()).await?;
        let core = core::start(&settings, core_db, core_listener, metrics).await?;
        Ok(Self {
            market_url,
            core_url,
            accounts,
            market,
            core,
        })
    }

    /// Stops both, letting running work end.
    pub async fn stop(self) {
        self.core.stop().await;
        self.market.stop().await;
    }
}

async fn accounts(
    file: &Path,
    market: &px_store::Db,
    core: &px_store::Db,
) -> anyhow::Result<DemoAccounts> {
    if let Some(known) = DemoAccounts::read(file) {
        return Ok(known);
    }
    let mut made = seed::market(market)
        .await
        .context("demo accounts of the Marketplace")?;
    made.accounts.extend(
        seed::core(core)
            .await
            .context("demo accounts of the core")?,
    );
    made.write(file)?;
    Ok(made)
}

/// Everything on this machine, until Ctrl-C.
///
/// # Errors
/// When it cannot be started.
pub async fn quick_start(settings: Settings) -> anyhow::Result<()> {
    let settings = settings.with_default("PX_LOG", "warn");
    let local = Local::start(&settings).await?;
    print_welcome(&local, &settings);
    wait().await?;
    local.stop().await;
    Ok(())
}

/// The Marketplace alone, until it is told to stop.
///
/// # Errors
/// When it cannot be started.
pub async fn serve_market(settings: &Settings) -> anyhow::Result<()> {
    let metrics = telemetry::start(settings)?;
    let listener = bind(settings, "MKP_LISTEN").await?;
    let db = market::database(settings).await?;
    let served = market::start(settings, db, listener, metrics).await?;
    tracing::info!(address = %served.address, "the Marketplace is up");
    wait().await?;
    served.stop().await;
    Ok(())
}

/// Core and console alone, until they are told to stop.
///
/// # Errors
/// When they cannot be started.
pub async fn serve_core(settings: &Settings) -> anyhow::Result<()> {
    let metrics = telemetry::start(settings)?;
    let listener = bind(settings, "POWERX_LISTEN").await?;
    let db = core::database(settings).await?;
    let core = core::start(settings, db, listener, metrics).await?;
    tracing::info!(address = %core.served.address, "core and console are up");
    wait().await?;
    core.stop().await;
    Ok(())
}

/// Until Ctrl-C or, as service managers send it, SIGTERM.
async fn wait() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            done = tokio::signal::ctrl_c() => done?,
            _ = term.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "the quick start's answer to the person who typed it"
)]
fn print_welcome(local: &Local, settings: &Settings) {
    println!("PowerX is up on this machine.\n");
    println!("  Marketplace       {}", local.market_url);
    println!("  PowerX console    {}\n", local.core_url);
    println!("Sign in with the password `{PASSWORD}`:\n");
    for account in &local.accounts.accounts {
        println!(
            "  {:<12} {:<12} {}",
            account.site, account.login, account.role
        );
    }
    let file = PathBuf::from(settings.text("MKP_DATA_DIR")).join("demo-accounts.json");
    println!(
        "\nTokens for the API and for px-plugin are in {}.",
        file.display()
    );
    println!("Try `powerx demo` for a walk through the whole chain. Ctrl-C stops.");
}
