//! The review through its public interface.

mod archive;
mod context;
mod dependencies;
mod fixtures;
mod identity;
mod integrity;
mod plugin;
mod report;
mod robustness;
mod rules;
mod samples;
#[cfg(feature = "sandbox")]
mod sandbox;
mod signature;
mod zip;
