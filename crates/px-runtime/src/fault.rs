//! What can go wrong when a plugin starts or answers.

use http::StatusCode;
use std::time::Duration;

/// Why one request got no answer from its plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunFault {
    /// The component trapped.
    #[error("the plugin stopped with a trap: {message}")]
    Trap {
        /// What the engine said.
        message: String,
    },
    /// No answer within the limit.
    #[error("the plugin did not answer within {} ms", limit.as_millis())]
    Timeout {
        /// The limit.
        limit: Duration,
    },
    /// It asked for more memory than it may have, and gave up.
    #[error("the plugin needed more than its {limit_bytes} bytes of memory")]
    MemoryLimit {
        /// The limit.
        limit_bytes: u64,
    },
    /// It returned without an answer, or with an error code instead of one.
    #[error("the plugin gave no usable answer: {reason}")]
    BadGateway {
        /// What it gave.
        reason: String,
    },
    /// It is not running: it died and is being restarted, or was stopped.
    #[error("the plugin is not running: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
    /// Too many requests at once, for this plugin or for the host.
    #[error("too many requests for this plugin at once")]
    Busy,
    /// The request body is longer than the limit.
    #[error("the request body is longer than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The health path answered, but not with 2xx.
    #[error("the health path answered {status}")]
    Unhealthy {
        /// What it answered.
        status: u16,
    },
    /// The host failed, not the plugin.
    #[error("the plugin host failed: {reason}")]
    Host {
        /// How.
        reason: String,
    },
}

impl RunFault {
    /// Stable word for logs, metrics and the mapping to problem codes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Trap { .. } => "plugin_trap",
            Self::Timeout { .. } => "plugin_timeout",
            Self::MemoryLimit { .. } => "plugin_memory_limit",
            Self::BadGateway { .. } => "plugin_bad_gateway",
            Self::Unavailable { .. } => "plugin_unavailable",
            Self::Busy => "plugin_busy",
            Self::BodyTooLarge { .. } => "plugin_body_too_large",
            Self::Unhealthy { .. } => "plugin_unhealthy",
            Self::Host { .. } => "plugin_host",
        }
    }

    /// HTTP status a gateway answers with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Trap { .. } | Self::MemoryLimit { .. } | Self::BadGateway { .. } => {
                StatusCode::BAD_GATEWAY
            }
            Self::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Unavailable { .. } | Self::Busy | Self::Unhealthy { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Host { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether the plugin is to blame, rather than its caller or this host.
    #[must_use]
    pub const fn is_plugins(&self) -> bool {
        !matches!(
            self,
            Self::Busy | Self::BodyTooLarge { .. } | Self::Host { .. }
        )
    }

    pub(crate) fn host(reason: impl std::fmt::Display) -> Self {
        Self::Host {
            reason: reason.to_string(),
        }
    }
}

/// Why a plugin could not be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaunchFault {
    /// A file the spec names is missing or not readable.
    #[error("`{path}` cannot be read: {reason}")]
    File {
        /// Path relative to the plugin's folder where possible.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The file is not a component this host can run.
    #[error("not a component this host can run: {reason}")]
    Component {
        /// What the compiler or linker said, import names included.
        reason: String,
    },
    /// The process could not be started.
    #[error("the program could not be started: {reason}")]
    Spawn {
        /// What the system said.
        reason: String,
    },
    /// It did not become healthy in time.
    #[error("not healthy after {} ms: {fault}; last log line: {log_tail}", waited.as_millis())]
    NotHealthy {
        /// What the last health check said.
        fault: RunFault,
        /// How long it was given.
        waited: Duration,
        /// End of its log, to show to its author.
        log_tail: String,
    },
    /// A protection that was demanded is not available on this machine.
    #[error("the sandbox cannot be built: {reason}")]
    Sandbox {
        /// Which one and why.
        reason: String,
    },
    /// The host failed, not the plugin.
    #[error("the plugin host failed: {reason}")]
    Host {
        /// How.
        reason: String,
    },
}

impl LaunchFault {
    /// Stable word for logs, metrics and the mapping to problem codes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "launch_file",
            Self::Component { .. } => "launch_component",
            Self::Spawn { .. } => "launch_spawn",
            Self::NotHealthy { .. } => "launch_not_healthy",
            Self::Sandbox { .. } => "launch_sandbox",
            Self::Host { .. } => "launch_host",
        }
    }

    /// Whether the plugin is to blame, rather than this host.
    #[must_use]
    pub const fn is_plugins(&self) -> bool {
        !matches!(self, Self::Sandbox { .. } | Self::Host { .. })
    }

    pub(crate) fn host(reason: impl std::fmt::Display) -> Self {
        Self::Host {
            reason: reason.to_string(),
        }
    }

    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::File {
            path: path.file_name().map_or_else(
                || path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            ),
            reason: error.to_string(),
        }
    }
}
