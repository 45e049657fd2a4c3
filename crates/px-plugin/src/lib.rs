//! The plugin author's command line.
//!
//! [`main`] is the whole program: it takes its arguments and its surroundings as values, changes
//! nothing that belongs to the process (no panic hook, no signal mask, no working directory, no
//! environment variable), and so can be one of several programs in one binary. It starts its own
//! asynchronous runtime; call it from outside of one.
//!
//! Each command is a module of [`commands`] with its arguments and
//! `run(args, &Session) -> Result<Outcome, Failure>`; only [`printer::Printer`] writes to the terminal.

mod cli;
mod commands;
mod config;
mod environment;
mod failure;
mod files;
mod findings;
mod keystore;
mod market;
mod outcome;
mod printer;
mod project;
mod session;
mod signing;

use std::ffi::OsString;
use std::process::ExitCode;

pub use cli::command;
pub use environment::Environment;

/// Runs one command and says how it ended: 0 done and clean, 1 findings that block or a refusal,
/// 2 a usage error or trouble with files and network.
pub fn main(args: impl IntoIterator<Item = OsString>, environment: Environment) -> ExitCode {
    ExitCode::from(cli::run(args.into_iter().collect(), environment))
}
