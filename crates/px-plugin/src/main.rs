//! The program `px-plugin`: everything is in the library.

fn main() -> std::process::ExitCode {
    px_plugin::main(std::env::args_os(), px_plugin::Environment::system())
}
