//! Keeps one process running: start, wait for health, restart with backoff, stop.

use super::proxy::Proxy;
use super::{Command, sandbox};
use crate::fault::{LaunchFault, RunFault};
use crate::host::Shared;
use crate::logs::LogStream;
use crate::spec::Limits;
use crate::stats::Recorder;
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// First wait before a restart; doubles up to [`LONGEST_BACKOFF`].
const BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
/// A process that lived this long starts again with the first wait.
const SETTLED: Duration = Duration::from_secs(60);
/// Pause between two looks at the health path of a starting process.
const PROBE: Duration = Duration::from_millis(50);

/// Where the process is.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    /// Started, not healthy yet.
    Starting,
    /// Answers on this port.
    Up { pid: u32, port: u16 },
    /// Not running.
    Down(RunFault),
}

/// Handle of the task that owns the process.
pub(super) struct Supervisor {
    phase: watch::Receiver<Phase>,
    stop: watch::Sender<bool>,
    done: watch::Receiver<bool>,
}

struct Task {
    shared: Arc<Shared>,
    command: Command,
    proxy: Proxy,
    limits: Limits,
    recorder: Arc<Recorder>,
    phase: watch::Sender<Phase>,
    stop: watch::Receiver<bool>,
}

/// How one life of the process ended.
enum End {
    Stopped,
    Died { fault: RunFault, lived: Duration },
}

impl Supervisor {
    /// Starts the process and waits until it is healthy; a first start that fails is not repeated.
    pub(super) async fn start(
        shared: Arc<Shared>,
        command: Command,
        proxy: Proxy,
        limits: Limits,
        recorder: Arc<Recorder>,
    ) -> Result<Self, LaunchFault> {
        let (phase_in, phase) = watch::channel(Phase::Starting);
        let (stop, stop_out) = watch::channel(false);
        let (done_in, done) = watch::channel(false);
        let waited = limits.start_timeout;
        let log = recorder.clone();
        let task = Task {
            shared,
            command,
            proxy,
            limits,
            recorder,
            phase: phase_in,
            stop: stop_out,
        };
        tokio::spawn(async move {
            task.run().await;
            let _ = done_in.send(true);
        });
        let supervisor = Self { phase, stop, done };
        match supervisor.first_phase().await {
            Phase::Down(fault) => {
                supervisor.stop().await;
                let log_tail = log.log.last_line();
                Err(match fault {
                    RunFault::Host { reason } => LaunchFault::Spawn { reason },
                    fault => LaunchFault::NotHealthy {
                        fault,
                        waited,
                        log_tail,
                    },
                })
            }
            _ => Ok(supervisor),
        }
    }

    async fn first_phase(&self) -> Phase {
        let mut phase = self.phase.clone();
        match phase.wait_for(|p| !matches!(p, Phase::Starting)).await {
            Ok(phase) => phase.clone(),
            Err(_) => Phase::Down(RunFault::host("the supervisor ended")),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    /// Stops the process and waits for its end.
    pub(super) async fn stop(&self) {
        self.stop.send_replace(true);
        let _ = self.done.clone().wait_for(|done| *done).await;
    }
}

impl Task {
    async fn run(mut self) {
        let mut failures = 0_u32;
        loop {
            self.phase.send_replace(Phase::Starting);
            let end = match self.life().await {
                Ok(end) => end,
                Err(fault) => End::Died {
                    fault: RunFault::host(fault),
                    lived: Duration::ZERO,
                },
            };
            let End::Died { fault, lived } = end else {
                let reason = "it was stopped".to_owned();
                let down = Phase::Down(RunFault::Unavailable { reason });
                self.phase.send_replace(down);
                return;
            };
            self.recorder.crashed(&fault);
            self.phase.send_replace(Phase::Down(fault));
            failures = if lived >= SETTLED { 0 } else { failures + 1 };
            let wait = BACKOFF * 2_u32.saturating_pow(failures.saturating_sub(1).min(10));
            tokio::select! {
                () = sleep(wait.min(LONGEST_BACKOFF)) => {}
                _ = self.stop.wait_for(|stop| *stop) => {}
            }
            if *self.stop.borrow() || self.stop.has_changed().is_err() {
                let reason = "it was stopped".to_owned();
                let down = Phase::Down(RunFault::Unavailable { reason });
                self.phase.send_replace(down);
                return;
            }
        }
    }

    /// From start to end of one process.
    async fn life(&mut self) -> Result<End, LaunchFault> {
        let port = free_port().map_err(LaunchFault::host)?;
        let built = sandbox::build(&self.command, Some(port))?;
        let mut child = self.shared.spawner.spawn(built).await?;
        let born = Instant::now();
        let pid = child.id().unwrap_or(0);
        let group = Group(pid);
        capture(child.stdout.take(), LogStream::Stdout, &self.recorder);
        capture(child.stderr.take(), LogStream::Stderr, &self.recorder);
        let end = self.watch(&mut child, born, pid, port).await;
        if matches!(end, End::Stopped) {
            group.signal(Signal::Terminate);
            let _ = timeout(self.limits.stop_timeout, child.wait()).await;
        }
        // Whatever the process left behind goes with it.
        drop(group);
        let _ = child.wait().await;
        Ok(end)
    }

    async fn watch(&mut self, child: &mut Child, born: Instant, pid: u32, port: u16) -> End {
        let died = |status: std::io::Result<ExitStatus>| End::Died {
            fault: RunFault::Unavailable {
                reason: match status {
                    Ok(status) => format!("it ended by itself ({status})"),
                    Err(error) => format!("its end could not be learnt: {error}"),
                },
            },
            lived: born.elapsed(),
        };
        let deadline = born + self.limits.start_timeout;
        tokio::select! {
            status = child.wait() => return died(status),
            _ = self.stop.wait_for(|stop| *stop) => return End::Stopped,
            result = until_healthy(&self.proxy, port, deadline) => {
                if let Err(fault) = result {
                    return End::Died { fault, lived: born.elapsed() };
                }
            }
        }
        self.phase.send_replace(Phase::Up { pid, port });
        tokio::select! {
            status = child.wait() => died(status),
            _ = self.stop.wait_for(|stop| *stop) => End::Stopped,
        }
    }
}

async fn until_healthy(proxy: &Proxy, port: u16, deadline: Instant) -> Result<(), RunFault> {
    let mut last = RunFault::Unavailable {
        reason: "it was not asked".to_owned(),
    };
    loop {
        tokio::select! {
            () = sleep_until(deadline) => return Err(last),
            result = proxy.health(port) => match result {
                Ok(()) => return Ok(()),
                Err(fault) => last = fault,
            },
        }
        sleep(PROBE).await;
    }
}

/// A port nobody listens on. Another program could take it before the plugin does; other plugins
/// cannot, where the sandbox closes all ports but their own to them.
fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Copies a stream of the process into its log until it ends.
pub(super) fn capture(
    stream: Option<impl AsyncRead + Unpin + Send + 'static>,
    kind: LogStream,
    recorder: &Arc<Recorder>,
) -> Option<tokio::task::JoinHandle<()>> {
    let mut stream = stream?;
    let recorder = recorder.clone();
    Some(tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            recorder.log.write(kind, &buffer[..count]);
        }
    }))
}

/// What is sent to a process group.
#[derive(Clone, Copy)]
enum Signal {
    Terminate,
    Kill,
}

/// A process and its descendants; killed when dropped.
pub(super) struct Group(pub(super) u32);

impl Group {
    #[cfg(unix)]
    #[expect(
        unsafe_code,
        reason = "kill(2) has no safe form in the standard library"
    )]
    fn signal(&self, signal: Signal) {
        let number = match signal {
            Signal::Terminate => libc::SIGTERM,
            Signal::Kill => libc::SIGKILL,
        };
        // Minus one would be every process there is, zero this host's own group.
        if let Ok(group @ 2..) = i32::try_from(self.0) {
            // SAFETY: a group this host made for its child.
            unsafe {
                libc::kill(-group, number);
            }
        }
    }

    #[cfg(not(unix))]
    fn signal(&self, _signal: Signal) {}
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::Kill);
    }
}
