//! The core with its real parts: signed bundles from a Marketplace over HTTP, components that run.

mod market;
mod site;
mod story;
