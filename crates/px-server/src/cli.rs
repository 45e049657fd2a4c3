//! Command lines of the server programs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::accounts::{self, Accounts, Site};
use crate::demo::{self, Format};
use crate::local;
use crate::operator;
use crate::settings::Settings;

#[derive(Parser)]
#[command(
    name = "powerx",
    version,
    about = "PowerX: plugins from the Marketplace, installed, watched and taken back by themselves when they are bad",
    after_help = "Examples:\n  powerx                          Marketplace, core and console on this machine\n  powerx demo                     walk the whole chain and verify every step\n  powerx serve --config powerx.toml\n  powerx plugins install --tenant ten_… --plugin com.example.notes --version 1.4.0\n  powerx config                   every setting, its value and where it comes from"
)]
struct Powerx {
    /// Settings file (TOML); the environment wins over it
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Core and console alone
    Serve,
    /// Walk the whole chain through the public interfaces and verify every step
    Demo {
        /// `text` prints lines as steps end, `json` one document at the end
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Install, roll back and look at plugins of a running core
    Plugins(Box<operator::Plugins>),
    /// Make and list accounts and tokens of core and console
    Accounts(Accounts),
    /// Print every setting, its value and where it comes from
    Config,
}

#[derive(Parser)]
#[command(
    name = "powerx-marketplace",
    version,
    about = "The PowerX Marketplace: publish, review, listing, notices",
    after_help = "Examples:\n  powerx-marketplace serve\n  MKP_DATABASE_URL=postgres://market@db/market powerx-marketplace serve --config market.toml"
)]
struct Marketplace {
    /// Settings file (TOML); the environment wins over it
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: MarketCommand,
}

#[derive(Subcommand)]
enum MarketCommand {
    /// Serve the Marketplace
    Serve,
    /// Make and list accounts and tokens of the Marketplace
    Accounts(Accounts),
    /// Print every setting, its value and where it comes from
    Config,
}

/// The program `powerx`.
#[must_use]
pub fn powerx() -> ExitCode {
    let args = Powerx::parse();
    run("powerx", async move {
        let settings = settings(args.config.as_deref())?;
        match args.command {
            None => local::quick_start(settings).await.map(|()| true),
            Some(Command::Serve) => local::serve_core(&settings).await.map(|()| true),
            Some(Command::Demo { format }) => {
                let executable = std::env::current_exe()?;
                let options = demo::Options {
                    format,
                    executable,
                    market_database: None,
                    core_database: None,
                };
                demo::run(settings, options).await
            }
            Some(Command::Plugins(plugins)) => operator::run(&settings, *plugins).await,
            Some(Command::Accounts(args)) => {
                let db = crate::core::database(&settings).await?;
                accounts::run(&db, Site::Core, args).await
            }
            Some(Command::Config) => print_config(&settings),
        }
    })
}

/// The program `powerx-marketplace`.
#[must_use]
pub fn marketplace() -> ExitCode {
    let args = Marketplace::parse();
    run("powerx-marketplace", async move {
        let settings = settings(args.config.as_deref())?;
        match args.command {
            MarketCommand::Serve => local::serve_market(&settings).await.map(|()| true),
            MarketCommand::Accounts(args) => {
                let db = crate::market::database(&settings).await?;
                accounts::run(&db, Site::Marketplace, args).await
            }
            MarketCommand::Config => print_config(&settings),
        }
    })
}

fn settings(file: Option<&std::path::Path>) -> anyhow::Result<Settings> {
    Ok(Settings::resolve(file, |name| std::env::var(name).ok())?)
}

fn run(program: &str, work: impl Future<Output = anyhow::Result<bool>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(e) => return fail(program, &e.into()),
    };
    match runtime.block_on(work) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => fail(program, &e),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the one place where a server program speaks before its log exists"
)]
fn fail(program: &str, error: &anyhow::Error) -> ExitCode {
    eprintln!("{program}: {error:#}");
    ExitCode::from(2)
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn print_config(settings: &Settings) -> anyhow::Result<bool> {
    for (setting, value, origin) in settings.listing() {
        println!(
            "{:<38} {:<36} {origin:<12} {}",
            setting.name, value, setting.about
        );
    }
    Ok(true)
}
