//! Tests of the core through its public interfaces.

mod kills;
mod machine;
mod openapi;
mod plan;
mod real;
mod rollouts;
mod support;
