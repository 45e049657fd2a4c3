//! Rows of the core, portable between SQLite and PostgreSQL. Every query about a tenant's data
//! takes a [`TenantScope`](crate::app::authority::TenantScope).

pub mod addresses;
pub mod aftermath;
pub mod catalog;
pub mod holdings;
mod install_row;
pub mod installed;
pub mod installs;
pub mod keep;
pub mod logs;
pub mod pages;
pub mod rollouts;
pub mod tenants;
pub mod usage;
mod wishes;
