//! `completions`: a script that lets a shell complete commands and options.

use clap_complete::Shell;
use serde_json::json;

use crate::outcome::Outcome;
use crate::printer::Page;

/// Options of `completions`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  px-plugin completions bash > ~/.local/share/bash-completion/completions/px-plugin\n  px-plugin completions zsh > ~/.zfunc/_px-plugin"
)]
pub struct Args {
    /// Shell to write for.
    shell: Shell,
}

/// Writes the script.
pub fn run(args: &Args) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut crate::cli::command(),
        "px-plugin",
        &mut script,
    );
    let script = String::from_utf8_lossy(&script).into_owned();
    Outcome::new(
        &json!({ "shell": args.shell.to_string(), "script": script }),
        Page::new().raw(script.clone()),
    )
    .essence(script.trim_end())
}
