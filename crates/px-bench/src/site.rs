//! A whole installation as one process: Marketplace, core and gateway, measured from outside.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use px_api::client::Client;
use px_server::seed::DemoAccounts;
use url::Url;

use crate::process::{Guarded, free_port, memory};

/// Where its databases are.
#[derive(Debug, Clone, Default)]
pub struct Databases {
    /// Of the Marketplace; an SQLite file when `None`.
    pub market: Option<String>,
    /// Of the core.
    pub core: Option<String>,
}

/// An installation that is up.
pub struct Site {
    /// Address of the Marketplace.
    pub market_url: Url,
    /// Address of the core.
    pub core_url: Url,
    /// Who may do what.
    pub accounts: DemoAccounts,
    /// Seconds from the start of the process to its first good answer.
    pub started_in: f64,
    http: reqwest::Client,
    folder: PathBuf,
    process: Guarded,
}

/// Settings that take the limits per client away: all load comes from one address here.
const SETTINGS: [(&str, &str); 5] = [
    ("PX_LOG", "error"),
    ("PX_ALLOW_PRIVATE_ADDRESSES", "1"),
    ("PX_ADDRESS_REQUESTS_PER_MINUTE", "100000000"),
    ("PX_CALLER_REQUESTS_PER_MINUTE", "100000000"),
    ("PX_SECURE_COOKIES", "0"),
];

impl Site {
    /// Starts `powerx` in `folder` and waits until both servers are ready.
    ///
    /// # Errors
    /// When it does not come up within a minute; the end of its log is in the message.
    pub async fn start(
        powerx: &Path,
        folder: &Path,
        databases: &Databases,
        extra: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (market, core) = (free_port()?, free_port()?);
        let log = folder.join("log");
        let data = folder.join("market");
        let mut command = Command::new(powerx);
        command
            .current_dir(folder)
            .envs(SETTINGS)
            .envs(extra.iter().copied())
            .env("MKP_LISTEN", format!("127.0.0.1:{market}"))
            .env("POWERX_LISTEN", format!("127.0.0.1:{core}"))
            .env("MKP_DATA_DIR", &data)
            .env("POWERX_DATA_DIR", folder.join("core"));
        if let Some(address) = &databases.market {
            command.env("MKP_DATABASE_URL", address);
        }
        if let Some(address) = &databases.core {
            command.env("POWERX_DATABASE_URL", address);
        }
        let begun = Instant::now();
        let mut process = Guarded::start(&mut command, &log)?;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(120))
            .build()?;
        let urls = [market, core].map(|port| format!("http://127.0.0.1:{port}/"));
        for url in &urls {
            ready(&http, &format!("{url}readyz"), &mut process, &log).await?;
        }
        let started_in = begun.elapsed().as_secs_f64();
        let accounts = DemoAccounts::read(&data.join("demo-accounts.json"))
            .context("the accounts of the quick start")?;
        let [market_url, core_url] = urls;
        Ok(Self {
            market_url: market_url.parse()?,
            core_url: core_url.parse()?,
            accounts,
            started_in,
            http,
            folder: folder.to_owned(),
            process,
        })
    }

    /// The connection pool.
    #[must_use]
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Folder of everything it keeps.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Token of an account.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn token(&self, login: &str) -> anyhow::Result<&str> {
        Ok(&self.accounts.get(login)?.token)
    }

    /// The Marketplace as somebody sees it.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn market(&self, login: &str) -> anyhow::Result<Client> {
        let token = self.token(login)?.to_owned();
        Ok(Client::new(
            self.http.clone(),
            self.market_url.clone(),
            Some(token),
        ))
    }

    /// The Marketplace as this installation sees it.
    #[must_use]
    pub fn market_as_installation(&self) -> Client {
        let token = self.accounts.installation_token.clone();
        Client::new(self.http.clone(), self.market_url.clone(), Some(token))
    }

    /// The core as somebody sees it.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn core(&self, login: &str) -> anyhow::Result<Client> {
        let token = self.token(login)?.to_owned();
        Ok(Client::new(
            self.http.clone(),
            self.core_url.clone(),
            Some(token),
        ))
    }

    /// Resident memory now, MiB.
    #[must_use]
    pub fn memory(&self) -> f64 {
        memory(self.process.0.id(), "VmRSS").unwrap_or(f64::NAN)
    }

    /// Most resident memory since its start, MiB.
    #[must_use]
    pub fn peak_memory(&self) -> f64 {
        memory(self.process.0.id(), "VmHWM").unwrap_or(f64::NAN)
    }
}

async fn ready(
    http: &reqwest::Client,
    url: &str,
    process: &mut Guarded,
    log: &Path,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Ok(answer) = http.get(url).send().await
            && answer.status().is_success()
        {
            return Ok(());
        }
        let ended = process.0.try_wait()?;
        if ended.is_some() || Instant::now() > deadline {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            let tail: Vec<&str> = said.lines().rev().take(5).collect();
            bail!(
                "the servers did not come up ({ended:?}): {}",
                tail.join(" / ")
            );
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
