//! What travels between the programs: requests, answers, problems and their codes.
//!
//! JSON in `camelCase`, times RFC 3339 UTC, sizes in bytes, ids prefixed. Unknown request fields
//! are refused. The typed clients are behind the feature `client`.

#[cfg(feature = "client")]
pub mod client;
pub mod code;
pub mod core;
pub mod market;
mod problem;
mod secret;
pub mod tus;

pub use code::Code;
pub use problem::{FieldError, Problem};
pub use secret::Secret;
