//! What is to be run, and within which limits.

use crate::context::CtxSecret;
use px_model::{Permission, PluginId, TenantId, Version};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Everything needed to run one version of one plugin for one tenant.
#[derive(Debug, Clone)]
pub struct LaunchSpec {
    /// For whom it runs.
    pub tenant: TenantId,
    /// Which plugin.
    pub plugin: PluginId,
    /// Which version of it.
    pub version: Version,
    /// The unpacked bundle; never written to.
    pub root: PathBuf,
    /// Folder of this tenant and plugin that it may write to; made when missing.
    pub data_dir: PathBuf,
    /// What to run. Relative paths are taken from `root`.
    pub program: Program,
    /// What the tenant granted, which may be less than the plugin asked for.
    pub granted: Vec<Permission>,
    /// What it may use up.
    pub limits: Limits,
    /// `endpoints.http_base_path`, such as `/api/v1`; see [`join_base_path`].
    pub base_path: String,
    /// Path that answers 2xx when the plugin is well, such as `/healthz`.
    pub health_path: String,
    /// Settings, given as environment variables. Names the host itself sets win.
    pub config: BTreeMap<String, String>,
    /// Key of the identity header, known to this plugin of this tenant only.
    pub ctx_secret: CtxSecret,
}

/// The three kinds of plugin.
#[derive(Debug, Clone)]
pub enum Program {
    /// A WASI 0.2 component that exports `wasi:http/incoming-handler`.
    Wasm {
        /// The component.
        component: PathBuf,
    },
    /// A native program that listens on the loopback port it is given.
    Process {
        /// The executable.
        entry: PathBuf,
        /// Its arguments.
        args: Vec<String>,
        /// Further environment from the manifest (`runtime.env`).
        env: BTreeMap<String, String>,
    },
    /// A folder of files.
    Static {
        /// The folder.
        dir: PathBuf,
    },
}

impl Program {
    /// `wasm`, `process` or `static`, as in `runtime.kind`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Wasm { .. } => "wasm",
            Self::Process { .. } => "process",
            Self::Static { .. } => "static",
        }
    }
}

/// What one instance may use up.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Linear memory of one request (wasm) or data segment of the process, in bytes.
    pub memory_bytes: u64,
    /// From the arrival of a request to the end of its answer (wasm) or its first byte (process).
    pub request_timeout: Duration,
    /// Longest request body, in bytes.
    pub request_body_bytes: u64,
    /// Requests at once; more wait, bounded by `request_timeout`.
    pub concurrency: usize,
    /// Log kept, in bytes; the oldest lines go first.
    pub log_bytes: usize,
    /// How long a start may take until the health path answers 2xx.
    pub start_timeout: Duration,
    /// How long a process may take to stop after SIGTERM before it is killed.
    pub stop_timeout: Duration,
    /// Open files of a process.
    pub open_files: u64,
    /// Largest file a process may write, in bytes.
    pub file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 128 << 20,
            request_timeout: Duration::from_secs(30),
            request_body_bytes: 16 << 20,
            concurrency: 64,
            log_bytes: 64 << 10,
            start_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(10),
            open_files: 1024,
            file_bytes: 1 << 30,
        }
    }
}

/// Path under which a plugin answers what the gateway got as `/_p/{plugin}/api/{rest}`.
///
/// ```
/// assert_eq!(px_runtime::join_base_path("/api/v1", "/hello?name=x"), "/api/v1/hello?name=x");
/// assert_eq!(px_runtime::join_base_path("", "hello"), "/hello");
/// ```
#[must_use]
pub fn join_base_path(base_path: &str, rest: &str) -> String {
    let base = base_path.trim_matches('/');
    let rest = rest.trim_start_matches('/');
    if base.is_empty() {
        format!("/{rest}")
    } else if rest.is_empty() {
        format!("/{base}")
    } else if rest.starts_with('?') {
        format!("/{base}{rest}")
    } else {
        format!("/{base}/{rest}")
    }
}
