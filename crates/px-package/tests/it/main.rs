//! Behaviour of the crate through its public interface.

mod corpus;
mod kit;
mod signing;
