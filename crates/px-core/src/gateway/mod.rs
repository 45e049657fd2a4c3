//! The data plane: tenant → version → instance, with no database on the way.

mod table;

pub use table::{Reconciler, Served, Table};
