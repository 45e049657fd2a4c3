//! `powerx-marketplace`: the Marketplace alone.

fn main() -> std::process::ExitCode {
    px_server::cli::marketplace()
}
