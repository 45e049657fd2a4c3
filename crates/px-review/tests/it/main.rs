//! The review through its public interface.

mod context;
mod plugin;
mod rules;
