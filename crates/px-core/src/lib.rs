//! PowerX core: tenants, the synced catalog, installs that can always go back, rollouts, and the
//! gateway through which plugins serve.
//!
//! `app/` decides, `store/` keeps, `jobs/` does, `gateway/` serves, `http/` translates. A tenant is
//! never without a working version: the gateway serves what is committed, and a candidate only while
//! its installer gives signs of life.

pub mod app;
mod config;
mod core;
pub mod gateway;
pub mod http;
pub mod jobs;
pub mod store;
pub mod ui;

pub use crate::config::{ConsoleConfig, CoreConfig};
pub use crate::core::{Core, CoreError, CoreRunning, Ports};

use px_store::{Migration, MigrationSet};

/// Tables of this crate.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    name: "core",
    migrations: &[
        Migration {
            name: "0001_core",
            sql: include_str!("../migrations/0001_core.sql"),
        },
        Migration {
            name: "0002_addresses",
            sql: include_str!("../migrations/0002_addresses.sql"),
        },
        Migration {
            name: "0003_usage",
            sql: include_str!("../migrations/0003_usage.sql"),
        },
    ],
};
