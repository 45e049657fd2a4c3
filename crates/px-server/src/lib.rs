//! Composition root: settings, telemetry and wiring of the server programs, the quick start that
//! runs everything on one machine, and the demo that walks the whole chain.

pub mod accounts;
pub mod bundles;
pub mod cli;
pub mod core;
pub mod demo;
#[cfg(debug_assertions)]
mod faults;
mod figures;
pub mod local;
pub mod market;
pub mod operator;
mod sandbox;
pub mod seed;
pub mod serve;
pub mod settings;
pub mod telemetry;

/// What the servers take from the machine. Only a build with debug assertions can have faults put
/// into it.
fn surroundings() -> px_store::Env {
    #[cfg(debug_assertions)]
    if let Some(env) = faults::surroundings() {
        return env;
    }
    px_store::Env::system()
}
