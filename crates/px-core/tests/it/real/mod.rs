//! The core with its real parts: signed bundles from a Marketplace over HTTP, components that run.

mod bad_versions;
mod market;
mod notes;
mod restored;
mod rights;
mod rollout;
mod site;
mod story;
mod telling;
mod usage;
