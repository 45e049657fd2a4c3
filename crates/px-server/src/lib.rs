//! Composition root: settings, telemetry and wiring of the server programs, the quick start that
//! runs everything on one machine, and the demo that walks the whole chain.

pub mod accounts;
pub mod cli;
pub mod core;
pub mod demo;
mod figures;
pub mod local;
pub mod market;
pub mod operator;
mod sandbox;
pub mod seed;
pub mod serve;
pub mod settings;
pub mod telemetry;
