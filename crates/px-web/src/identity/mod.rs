//! Who asks, and what they may do.

mod caller;
pub(crate) mod resolve;

pub use caller::{Caller, Grant, Reach};
