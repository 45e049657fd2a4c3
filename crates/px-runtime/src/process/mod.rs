//! Native plugins: one process per tenant and version, on a loopback port chosen by the host.

mod migration;
mod proxy;
mod sandbox;
mod spawner;
mod supervise;

pub use migration::{MigrationFault, MigrationLog, MigrationRun};
pub use sandbox::SandboxReport;

pub(crate) use migration::run as run_migration;
pub(crate) use sandbox::report as sandbox_report;
pub(crate) use spawner::Spawner;

use crate::body::Body;
use crate::fault::{LaunchFault, RunFault};
use crate::host::Shared;
use crate::spec::{LaunchSpec, Program};
use crate::stats::Recorder;
use http::{Request, Response};
use proxy::Proxy;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use supervise::{Phase, Supervisor};
use tokio::sync::OwnedSemaphorePermit;

/// A program, ready to be started: everything but the port.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) work_dir: PathBuf,
    pub(crate) sandbox: sandbox::Plan,
}

impl Command {
    /// The command of `spec`, checked and with its folders made.
    pub(crate) fn new(
        shared: &Shared,
        spec: &LaunchSpec,
        entry: &Path,
        args: &[String],
        work_dir: &Path,
    ) -> Result<Self, LaunchFault> {
        let root = absolute(&spec.root)?;
        let temporary = spec.data_dir.join(".tmp");
        std::fs::create_dir_all(&temporary).map_err(|e| LaunchFault::file(&temporary, &e))?;
        let data_dir = absolute(&spec.data_dir)?;
        let program = absolute(&root.join(entry))?;
        let work_dir = absolute(&root.join(work_dir))?;
        if !program.starts_with(&root) || !work_dir.starts_with(&root) {
            return Err(LaunchFault::Spawn {
                reason: "the program lies outside the plugin's folder".to_owned(),
            });
        }
        Ok(Self {
            environment: environment(shared, spec, &root, &data_dir),
            sandbox: sandbox::Plan::new(&shared.config, spec, root, data_dir),
            program,
            args: args.to_vec(),
            work_dir,
        })
    }
}

fn absolute(path: &Path) -> Result<PathBuf, LaunchFault> {
    path.canonicalize()
        .map_err(|error| LaunchFault::file(path, &error))
}

/// The whole environment: nothing of the host's own is passed on.
fn environment(
    shared: &Shared,
    spec: &LaunchSpec,
    root: &Path,
    data_dir: &Path,
) -> BTreeMap<String, String> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut all = BTreeMap::from([
        ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
    ]);
    if let Program::Process { env, .. } = &spec.program {
        all.extend(env.clone());
    }
    all.extend(crate::instance::environment(spec, &shared.config.clock));
    all.extend(
        [
            ("HOME", text(data_dir)),
            ("TMPDIR", text(&data_dir.join(".tmp"))),
            ("POWERX_PLUGIN_ROOT", text(root)),
            ("POWERX_DATA_DIR", text(data_dir)),
            (
                "POWERX_CTX_HMAC_SECRET",
                spec.ctx_secret.expose().to_owned(),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    all
}

/// Runs one process plugin.
pub(crate) struct ProcessRunner {
    supervisor: Supervisor,
    proxy: Proxy,
    recorder: Arc<Recorder>,
}

impl ProcessRunner {
    /// Starts the process and waits until it is healthy.
    pub(crate) async fn start(
        shared: &Arc<Shared>,
        spec: &LaunchSpec,
        recorder: Arc<Recorder>,
    ) -> Result<Self, LaunchFault> {
        let Program::Process { entry, args, .. } = &spec.program else {
            return Err(LaunchFault::host("not a process plugin"));
        };
        let command = Command::new(shared, spec, entry, args, Path::new("."))?;
        let proxy = Proxy::new(spec);
        let supervisor = Supervisor::start(
            shared.clone(),
            command,
            proxy.clone(),
            spec.limits.clone(),
            recorder.clone(),
        )
        .await?;
        Ok(Self {
            supervisor,
            proxy,
            recorder,
        })
    }

    pub(crate) async fn ask(
        &self,
        request: Request<Body>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Response<Body>, RunFault> {
        match self.supervisor.phase() {
            Phase::Up { port, .. } => self.proxy.ask(port, request, permit).await,
            Phase::Starting => Err(RunFault::Unavailable {
                reason: "it is starting".to_owned(),
            }),
            Phase::Down(fault) => Err(fault),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        matches!(self.supervisor.phase(), Phase::Up { .. })
    }

    /// Notes the most memory the process held so far.
    pub(crate) fn measure(&self) {
        if let Phase::Up { pid, .. } = self.supervisor.phase() {
            self.recorder.memory(peak_memory(pid));
        }
    }

    pub(crate) async fn stop(&self) {
        self.measure();
        self.supervisor.stop().await;
    }
}

/// Peak resident memory in bytes (`VmHWM` of proc(5)); zero where that is not known.
fn peak_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}
