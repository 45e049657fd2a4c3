//! The Marketplace's compatibility run: unpack into a scratch folder, run, remove.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use px_market::{CompatibilityReport, CompatibilityRunner, CompatibilitySubject};
use px_model::TenantId;
use px_package::archive::Archive;
use px_package::manifest::{Manifest, parse_manifest};
use px_review::{RunOptions, compatibility_run, sandbox_engine};
use px_runtime::{Host, HostConfig, Limits};
use px_store::Env;
use tempfile::TempDir;

use crate::settings::{Settings, user_and_group};

/// Names the folder of one run.
const PREFIX: &str = "run-";
/// A folder this old that nobody holds belongs to a run whose process died. Its age alone says
/// nothing: a clock may have been set forward.
const LEFT: std::time::Duration = std::time::Duration::from_secs(3600);

/// Runs plugins under review in the same runtime that serves them.
pub struct Sandbox {
    host: Host,
    folder: PathBuf,
    env: Env,
}

impl Sandbox {
    /// A sandbox that keeps its files under `folder`.
    ///
    /// # Errors
    /// When the engine cannot be started.
    pub fn new(settings: &Settings, folder: PathBuf, env: Env) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let host = host(settings, &folder.join("compiled"), &env, false)?;
        let sandbox = Self { host, folder, env };
        sandbox.sweep();
        Ok(sandbox)
    }

    /// Removes what runs left behind whose process died; no run takes that long.
    fn sweep(&self) {
        let now = std::time::SystemTime::from(self.env.now());
        for entry in std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten()
        {
            let made = entry.metadata().and_then(|m| m.modified());
            let old = made.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > LEFT));
            if old
                && entry.file_name().to_string_lossy().starts_with(PREFIX)
                && let Err(error) = remove_unless_held(&entry.path())
            {
                tracing::warn!(%error, "a folder of the sandbox is not removed");
            }
        }
    }
}

/// A folder of one run; removed at its end. The lock ends with the process, however that ends.
struct Scratch {
    folder: TempDir,
    _held: File,
}

impl Scratch {
    fn make(parent: &Path) -> std::io::Result<Self> {
        loop {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
            // Another process may have taken it for a dead one's before it was locked.
            let Ok(held) = File::open(folder.path()) else {
                continue;
            };
            held.lock()?;
            if folder.path().exists() {
                return Ok(Self {
                    folder,
                    _held: held,
                });
            }
        }
    }
}

fn remove_unless_held(folder: &Path) -> std::io::Result<()> {
    let lock = File::open(folder)?;
    match lock.try_lock() {
        Ok(()) => std::fs::remove_dir_all(folder),
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// A runtime with the process's clock. Says in the log what confines process plugins here and what
/// does not.
///
/// # Errors
/// When the engine cannot be started.
pub fn host(
    settings: &Settings,
    cache: &Path,
    env: &Env,
    allow_private_addresses: bool,
) -> anyhow::Result<Host> {
    let env = env.clone();
    let clock = Arc::new(move || std::time::SystemTime::from(env.now()));
    let config = HostConfig {
        allow_private_addresses,
        require_sandbox: settings.on("PX_SANDBOX_REQUIRED"),
        run_as: user_and_group(settings.text("PX_SANDBOX_USER")),
        ..HostConfig::new(cache, clock)
    };
    let host = Host::new(config)?;
    let report = host.sandbox_report();
    tracing::info!(
        in_force = report.in_force.join("; "),
        missing = report.missing.join("; "),
        "sandbox of process plugins"
    );
    Ok(host)
}

#[async_trait]
impl CompatibilityRunner for Sandbox {
    async fn run(&self, subject: &CompatibilitySubject) -> Result<CompatibilityReport, String> {
        self.sweep();
        let scratch = Scratch::make(&self.folder).map_err(|e| e.to_string())?;
        let scratch = scratch.folder.path();
        let unpacked = scratch.join("bundle");
        let manifest = unpack(subject.bundle.clone(), unpacked.clone()).await?;
        let options = RunOptions {
            tenant: TenantId::from_uuid(self.env.uuid()),
            ctx_secret: self.env.secret(32),
            work_dir: scratch.join("work"),
            cores: subject.cores.clone(),
            limits: Limits::default(),
        };
        let results = compatibility_run(&self.host, &unpacked, &manifest, &options).await;
        Ok(CompatibilityReport {
            results,
            engines: vec![sandbox_engine(&self.host)],
        })
    }
}

/// Unpacking is disk work: it must not hold up the process's other tasks.
async fn unpack(bundle: PathBuf, into: PathBuf) -> Result<Manifest, String> {
    let work = move || -> Result<Manifest, String> {
        Archive::open(&bundle)
            .and_then(|mut archive| archive.unpack(&into))
            .map_err(|e| e.to_string())?;
        let text = std::fs::read_to_string(into.join(px_package::names::MANIFEST_JSON))
            .map_err(|e| e.to_string())?;
        parse_manifest(&text)
            .manifest
            .ok_or_else(|| "manifest.json cannot be used".to_owned())
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| e.to_string())?
}
