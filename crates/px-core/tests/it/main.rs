//! Tests of the core through its public interfaces.

mod kills;
mod machine;
mod plan;
mod real;
mod rollouts;
mod support;
