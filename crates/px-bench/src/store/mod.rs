//! What has to be in a database before something can be measured, and the least a database can do.

mod raw;
mod seed;

pub use raw::raw_commits;
pub use seed::{fresh, offer_many};
