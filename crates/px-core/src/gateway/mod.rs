//! The data plane: tenant → version → instance, with no database on the way.

mod instances;
mod launch;
mod serve;
mod table;

pub use instances::{IdleStopper, Instances, Running};
pub use serve::{Gateway, Side};
pub use table::{Reconciler, Served, Table};
