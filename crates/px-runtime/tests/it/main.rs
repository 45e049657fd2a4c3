//! What plugins do, and what becomes of it, through the public interface.

mod files;
mod fixture;
mod greeter;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod samples;
mod wasm;
