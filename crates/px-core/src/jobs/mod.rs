//! Dull executors of the plans in `app/`: everything here touches disk, network or database.

pub mod cleaner;
pub mod data;
pub mod fetch;
pub mod layout;
pub mod ledger;
pub mod machine;
pub mod marketplace;
pub mod origin;
pub mod places;
pub mod presence;
pub mod pulse;
pub mod reporter;
mod rollback;
pub mod rollouts;
mod steps;
pub mod subscriber;
pub mod sweeper;
pub mod syncer;
mod trust;
pub mod verify;
mod watch;
pub mod watchman;
