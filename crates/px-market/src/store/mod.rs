//! The only place with SQL: portable statements, one file per kind of row.

pub mod approvals;
pub mod keys;
pub mod offers;
pub mod outcomes;
pub mod pages;
pub mod publishers;
pub mod queue;
pub mod reports;
pub mod row;
pub mod subscriptions;
pub mod timeline;
pub mod versions;

use px_store::{Migration, MigrationSet};

/// Tables of this crate.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    name: "market",
    migrations: &[
        Migration {
            name: "0001_market",
            sql: include_str!("../../migrations/0001_market.sql"),
        },
        Migration {
            name: "0002_offer_changes",
            sql: include_str!("../../migrations/0002_offer_changes.sql"),
        },
        Migration {
            name: "0003_promise",
            sql: include_str!("../../migrations/0003_promise.sql"),
        },
    ],
};
