//! `keys`: signing keys on this machine and at the Marketplace.

mod local;
mod remote;

use std::path::PathBuf;

use crate::config::{Settings, Wishes};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  px-plugin keys generate                       a key for the profile `default`
  px-plugin keys register --name laptop         have it certified by the Marketplace
  px-plugin keys generate --profile ci
  px-plugin keys export --profile ci --private > ci.pem
  px-plugin keys import --profile ci < ci.pem   on the other machine
  px-plugin keys revoke --profile ci --reason \"machine sold\"

Keys are kept in ~/.powerx-plugin/keys, readable by you only.
The profile is chosen by --profile, else PX_SIGNING_PROFILE, else signingProfile in
~/.powerx-plugin/config.json, else `default`.";

/// Options of `keys`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// Which key.
#[derive(Debug, Default, clap::Args)]
pub struct ProfileArgs {
    /// Signing profile.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// Which Marketplace.
#[derive(Debug, Default, clap::Args)]
pub struct ConnectArgs {
    /// Address of the Marketplace.
    #[arg(long, value_name = "URL")]
    pub api_url: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a new key.
    Generate {
        #[command(flatten)]
        profile: ProfileArgs,
    },
    /// List the keys of this machine.
    List,
    /// Have a key certified by the Marketplace.
    Register {
        #[command(flatten)]
        profile: ProfileArgs,
        #[command(flatten)]
        connect: ConnectArgs,
        /// What people call it at the Marketplace; the profile's name when absent.
        #[arg(long)]
        name: Option<String>,
    },
    /// Print a public key, or all of a key to move it to another machine.
    Export {
        #[command(flatten)]
        profile: ProfileArgs,
        /// Include the private key and the certificates: keep the output secret.
        #[arg(long)]
        private: bool,
        /// Write to a file that only you can read.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Keep a key that was exported, from a file or standard input.
    Import {
        #[command(flatten)]
        profile: ProfileArgs,
        /// File to read; standard input when absent or `-`.
        file: Option<PathBuf>,
    },
    /// Take a key's certificate back for ever.
    Revoke {
        #[command(flatten)]
        profile: ProfileArgs,
        #[command(flatten)]
        connect: ConnectArgs,
        /// Why, for the Marketplace's records.
        #[arg(long)]
        reason: String,
    },
}

/// Runs the subcommand.
///
/// # Errors
/// Those of the subcommand.
pub fn run(args: Args, session: &Session) -> Result<Outcome, Failure> {
    let settings = |profile: &ProfileArgs, connect: &ConnectArgs| {
        Settings::load(
            session,
            &Wishes {
                api_url: connect.api_url.as_deref(),
                profile: profile.profile.as_deref(),
                ..Wishes::default()
            },
        )
    };
    let offline = ConnectArgs::default();
    match args.command {
        Command::Generate { profile } => local::generate(&settings(&profile, &offline)?, session),
        Command::List => local::list(&settings(&ProfileArgs::default(), &offline)?, session),
        Command::Export {
            profile,
            private,
            out,
        } => local::export(
            &settings(&profile, &offline)?,
            session,
            private,
            out.as_deref(),
        ),
        Command::Import { profile, file } => {
            local::import(&settings(&profile, &offline)?, session, file.as_deref())
        }
        Command::Register {
            profile,
            connect,
            name,
        } => remote::register(&settings(&profile, &connect)?, session, name),
        Command::Revoke {
            profile,
            connect,
            reason,
        } => remote::revoke(&settings(&profile, &connect)?, session, &reason),
    }
}
