//! Runs the migration entry of a process plugin, in the same sandbox as the plugin.

use super::supervise::{Group, capture};
use super::{Command, sandbox};
use crate::fault::LaunchFault;
use crate::host::Shared;
use crate::logs::{LogLine, LogStream};
use crate::spec::LaunchSpec;
use crate::stats::Recorder;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// What to run, as in `migrations:` of the manifest.
#[derive(Debug, Clone)]
pub struct MigrationRun {
    /// The executable, relative to the plugin's folder.
    pub entry: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Folder it starts in, relative to the plugin's folder.
    pub workdir: PathBuf,
    /// How long it may take.
    pub timeout: Duration,
}

/// What it said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigrationLog {
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Its output, oldest line first.
    pub lines: Vec<LogLine>,
}

/// Why the data was not migrated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MigrationFault {
    /// It could not be started.
    #[error(transparent)]
    Launch(#[from] LaunchFault),
    /// It took too long and was killed.
    #[error("the migration did not end within {} s", limit.as_secs())]
    Timeout {
        /// The limit.
        limit: Duration,
        /// What it said.
        log: MigrationLog,
    },
    /// It ended with a failure.
    #[error("the migration failed ({status})")]
    Failed {
        /// Exit status or signal, in words.
        status: String,
        /// What it said.
        log: MigrationLog,
    },
}

impl MigrationFault {
    /// Stable word for logs, metrics and the mapping to problem codes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Launch(fault) => fault.code(),
            Self::Timeout { .. } => "migration_timeout",
            Self::Failed { .. } => "migration_failed",
        }
    }
}

/// See [`crate::Host::run_migration`].
pub(crate) async fn run(
    shared: &Arc<Shared>,
    spec: &LaunchSpec,
    run: &MigrationRun,
) -> Result<MigrationLog, MigrationFault> {
    let command = Command::new(shared, spec, &run.entry, &run.args, &run.workdir)?;
    let recorder = Arc::new(Recorder::new(spec.limits.log_bytes));
    let start = Instant::now();
    let built = sandbox::build(&command, None)?;
    let mut child = shared.spawner.spawn(built).await?;
    let group = Group(child.id().unwrap_or(0));
    let outputs = [
        capture(child.stdout.take(), LogStream::Stdout, &recorder),
        capture(child.stderr.take(), LogStream::Stderr, &recorder),
    ];
    let ended = timeout(run.timeout, child.wait()).await;
    drop(group);
    let _ = child.wait().await;
    for output in outputs.into_iter().flatten() {
        let _ = output.await;
    }
    let log = MigrationLog {
        duration_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        lines: recorder.log.tail().0,
    };
    match ended {
        Err(_) => Err(MigrationFault::Timeout {
            limit: run.timeout,
            log,
        }),
        Ok(Err(error)) => Err(LaunchFault::host(error).into()),
        Ok(Ok(status)) if status.success() => Ok(log),
        Ok(Ok(status)) => Err(MigrationFault::Failed {
            status: status.to_string(),
            log,
        }),
    }
}
