//! Use cases: what people and policies ask of the core. Each takes the authority it needs.

mod addresses;
mod control;
mod install;
mod queries;
mod rollouts;
mod tenants;

pub use install::InstallOrder;
