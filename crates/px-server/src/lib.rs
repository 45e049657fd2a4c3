//! Composition root: settings, telemetry and wiring of the server programs, the quick start that
//! runs everything on one machine, and the demo that walks the whole chain.

mod sandbox;
pub mod seed;
pub mod settings;
pub mod telemetry;
