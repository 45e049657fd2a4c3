//! Databases, stand-ins that fail on demand, and a machine around them.

mod bench;
mod db;
mod fakes;

pub use bench::{Bench, listed, tenant};
pub use db::{Database, databases};
pub use fakes::{FakeOrigin, FakeRuntime, FakeVerifier, Point, Script, bundle};
