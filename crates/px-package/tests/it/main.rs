//! Behaviour of the crate through its public interface.

mod archive;
mod chains;
mod corpus;
mod fuzzing;
mod kit;
mod large;
mod manifests;
mod packing;
mod properties;
mod signing;
mod unpack;
mod zipkit;
