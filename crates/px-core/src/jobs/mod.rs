//! Dull executors of the plans in `app/`: everything here touches disk, network or database.

pub mod data;
pub mod fetch;
pub mod layout;
pub mod ledger;
pub mod machine;
pub mod marketplace;
pub mod origin;
mod rollback;
mod steps;
pub mod sweeper;
pub mod verify;
mod watch;
