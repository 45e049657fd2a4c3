//! Plans and use cases: what is to be done, decided without HTTP, SQL, clock or randomness.

pub mod actions;
pub mod authority;
pub mod error;
pub mod fault;
pub mod figures;
pub mod install;
pub mod news;
pub mod pages;
pub mod ports;
pub mod rollout;
pub mod route;
pub mod said;
