//! Runs one plugin safely — component, native process or static files — and accounts for it.
//!
//! [`Host`] owns what instances share: the engine and its pool, the compiled components, the thread
//! that starts processes. [`Host::launch`] turns a [`LaunchSpec`] into an [`Instance`] that has
//! answered its health check; [`Instance::handle`] passes one request to it. Whatever a plugin does —
//! trap, spin, eat memory, flood its log, call a host nobody granted — ends as a [`RunFault`] of that
//! request; the host and the other plugins go on.

mod address;
mod body;
mod compile;
mod context;
mod fault;
mod files;
mod host;
mod instance;
mod logs;
mod process;
mod spec;
mod stats;
mod ticker;
mod wasm;

pub use address::is_public;
pub use body::{Body, BodyError, empty, full};
pub use compile::Prepared;
pub use context::{
    CTX_HEADER, CTX_SIGNATURE_HEADER, CtxSecret, set_context, strip_context, verify_context,
};
pub use fault::{LaunchFault, RunFault};
pub use host::{Clock, Host, HostConfig};
pub use instance::Instance;
pub use logs::{LogLine, LogStream};
pub use process::{MigrationFault, MigrationLog, MigrationRun, SandboxReport};
pub use spec::{LaunchSpec, Limits, Program, join_base_path};
pub use stats::{FaultRecord, Latency, Stats};
