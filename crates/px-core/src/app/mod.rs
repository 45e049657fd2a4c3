//! Plans and use cases: what is to be done, decided without HTTP, SQL, clock or randomness.

pub mod authority;
pub mod fault;
pub mod install;
pub mod ports;
pub mod rollout;
pub mod route;
