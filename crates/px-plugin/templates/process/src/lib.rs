//! The plugin without its sockets: what it answers and what it keeps.

pub mod answer;
pub mod count;
pub mod server;
pub mod totals;
