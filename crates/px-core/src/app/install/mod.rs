//! Installing one version of one plugin for one tenant.

mod model;
mod plan;
pub mod probation;
pub mod request;
pub mod resolve;

pub use model::{Ask, Install, Trigger};
pub use plan::{Action, Limits, Work, backoff, escape, next_action, overdue, pause};
