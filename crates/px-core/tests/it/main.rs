//! Tests of the core through its public interfaces.

mod deadlines;
mod feed;
mod hangs;
mod kills;
mod machine;
mod openapi;
mod pages;
mod plan;
mod real;
mod rollouts;
mod said;
mod support;
