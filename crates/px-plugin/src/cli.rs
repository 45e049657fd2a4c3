//! Reading the command line and handing over to the command.

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::printer::{Colour, Format, Manner, Page};
use crate::session::Session;

const AFTER_HELP: &str = "\
Typical way:
  px-plugin init com.example.notes     make a plugin folder
  px-plugin check                      see what a reviewer would see
  px-plugin keys generate              make a signing key
  px-plugin login                      store a token
  px-plugin keys register              have the key certified
  px-plugin publish                    check, pack, sign, upload, submit
  px-plugin status --watch             follow the review

Exit codes: 0 done and clean, 1 findings that block or a refusal, 2 usage, files or network.
`px-plugin explain CODE` tells more about any error code or check.";

#[derive(Debug, Parser)]
#[command(
    name = "px-plugin",
    version,
    about = "Make, check, sign and publish PowerX plugins",
    after_help = AFTER_HELP,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = false
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
struct Global {
    /// Form of the result.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, value_name = "FORM")]
    format: Format,
    /// Print only the essence of the result, and errors.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    color: Colour,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a complete plugin folder to start from.
    Init(commands::init::Args),
    /// Check a folder, bundle or manifest as the Marketplace does.
    #[command(visible_alias = "lint")]
    Check(commands::check::Args),
    /// Pack a folder into a bundle.
    #[command(visible_alias = "package")]
    Pack(commands::pack::Args),
    /// Sign a bundle.
    Sign(commands::sign::Args),
    /// Verify a bundle's signature and every byte.
    Verify(commands::verify::Args),
    /// Show what is in a bundle.
    Inspect(commands::inspect::Args),
    /// Make, register and move signing keys.
    Keys(commands::keys::Args),
    /// Keep a token for a Marketplace.
    Login(commands::login::Args),
    /// Check, pack, sign, upload and submit a version for review.
    Publish(commands::publish::Args),
    /// Show where a version is, and what happens next.
    Status(commands::status::Args),
    /// Take a version back.
    Withdraw(commands::withdraw::Args),
    /// Try everything a publish needs.
    Doctor(commands::doctor::Args),
    /// Say which build this is.
    Version(commands::version::Args),
    /// Explain an error code or a check.
    Explain(commands::explain::Args),
    /// Write a completion script for a shell.
    Completions(commands::completions::Args),
}

impl Command {
    fn run(self, session: &Session) -> Result<Outcome, Failure> {
        match self {
            Self::Init(args) => commands::init::run(&args, session),
            Self::Check(args) => commands::check::run(&args, session),
            Self::Pack(args) => commands::pack::run(&args, session),
            Self::Sign(args) => commands::sign::run(&args, session),
            Self::Verify(args) => commands::verify::run(&args, session),
            Self::Inspect(args) => commands::inspect::run(&args, session),
            Self::Keys(args) => commands::keys::run(args, session),
            Self::Login(args) => commands::login::run(&args, session),
            Self::Publish(args) => commands::publish::run(&args, session),
            Self::Status(args) => commands::status::run(&args, session),
            Self::Withdraw(args) => commands::withdraw::run(&args, session),
            Self::Doctor(args) => commands::doctor::run(&args, session),
            Self::Version(args) => Ok(commands::version::run(&args)),
            Self::Explain(args) => commands::explain::run(&args, session),
            Self::Completions(args) => Ok(commands::completions::run(&args)),
        }
    }
}

/// The command line's description, for completions and documentation.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses, runs, prints; gives the exit code.
pub fn run(args: Vec<OsString>, environment: Environment) -> u8 {
    let width = usize::from(environment.stdout_columns.unwrap_or(100));
    let parsed = command()
        .term_width(width)
        .try_get_matches_from(&args)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => {
            let Global {
                format,
                quiet,
                color: colour,
            } = cli.global;
            let session = Session::new(
                environment,
                Manner {
                    format,
                    quiet,
                    colour,
                },
            );
            match cli.command.run(&session) {
                Ok(outcome) => session.printer.outcome(&outcome),
                Err(failure) => session.printer.failure(&failure),
            }
        }
        Err(error) => usage(&error, &args, environment),
    }
}

/// Help and version are results; everything else the parser says is a usage error.
fn usage(error: &clap::Error, args: &[OsString], environment: Environment) -> u8 {
    let session = Session::new(environment, guess(args));
    if !error.use_stderr()
        || error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    {
        let text = error.render();
        let text = if session.printer.colour() {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        session.printer.page(&Page::new().raw(text));
        return u8::from(error.use_stderr()) * 2;
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let (detail, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let tip = rest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("tip: "))
        .collect::<Vec<_>>()
        .join("; ");
    let help = if tip.is_empty() {
        String::new()
    } else {
        format!("{tip}. ")
    };
    let subcommand = error_command(args);
    let failure = Failure::usage(
        detail.trim(),
        format!("{help}`px-plugin {subcommand}--help` shows options and examples."),
    );
    session.printer.failure(&failure)
}

/// The subcommand the caller wrote, followed by a space, when there is such a one.
fn error_command(args: &[OsString]) -> String {
    let known = command();
    args.iter()
        .skip(1)
        .filter_map(|arg| arg.to_str())
        .find(|arg| known.find_subcommand(arg).is_some())
        .map_or_else(String::new, |name| format!("{name} "))
}

/// The manner of talking, as far as it can be told from arguments that did not parse.
fn guess(args: &[OsString]) -> Manner {
    let texts: Vec<_> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let json = texts.contains(&"--format=json")
        || texts.windows(2).any(|pair| pair == ["--format", "json"]);
    Manner {
        format: if json { Format::Json } else { Format::Human },
        ..Manner::default()
    }
}
