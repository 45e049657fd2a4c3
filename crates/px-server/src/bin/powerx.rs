//! `powerx`: without arguments everything on one machine; otherwise core and console, the demo, or
//! an operator's command. Called by the name `px-plugin` it is the author's command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let name = args
        .next()
        .map(std::path::PathBuf::from)
        .unwrap_or_default();
    if name.file_stem().is_some_and(|stem| stem == "px-plugin") {
        return px_plugin::main(std::env::args_os(), px_plugin::Environment::system());
    }
    px_server::cli::powerx()
}
