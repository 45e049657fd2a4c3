//! Dull executors of the plans in `app/`: everything here touches disk, network or database.

pub mod data;
pub mod fetch;
pub mod layout;
pub mod ledger;
pub mod machine;
mod rollback;
mod steps;
pub mod sweeper;
mod watch;
