//! The Marketplace: publish, review, listing, subscriptions.
//!
//! `app` decides (plans without input or output, then one transaction each), `store` is the only
//! place with SQL, `http` turns requests into calls, `jobs` does what takes time. A version is
//! never listed without a person's decision that is bound to its bytes and capabilities.

pub mod app;
mod config;
pub mod http;
pub mod jobs;
mod market;
pub mod store;
pub mod ui;

pub use config::{AutoUpgradeRule, MarketConfig};
pub use jobs::compatibility::{CompatibilityReport, CompatibilityRunner, CompatibilitySubject};
pub use market::Market;
pub use store::MIGRATIONS;
