//! A greeter: `/healthz` says whether it is well, `/api/v1/hello` greets in JSON and names its
//! version and tenant. The host gives both, and everything else it is told, as environment.
//!
//! `FAULT` makes the bad versions of the sample: `unhealthy`, `traps` or `dies`.

mod answer;
#[cfg(target_family = "wasm")]
mod component;
#[cfg(all(target_family = "wasm", feature = "outbound"))]
mod quote;

pub use answer::{Answer, Facts, answer};
