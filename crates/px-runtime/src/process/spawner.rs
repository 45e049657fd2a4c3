//! The thread that starts processes.
//!
//! A process that asked to die with its parent dies with the *thread* that started it (prctl(2),
//! `PR_SET_PDEATHSIG`). Threads of an asynchronous runtime come and go; this one lives as long as the host.

use crate::fault::LaunchFault;
use std::sync::mpsc;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

struct Job {
    command: Command,
    runtime: Handle,
    reply: oneshot::Sender<std::io::Result<Child>>,
}

/// Starts processes on a thread of its own.
pub(crate) struct Spawner(mpsc::Sender<Job>);

impl Spawner {
    pub(crate) fn start() -> Result<Self, LaunchFault> {
        let (send, jobs) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name("px-spawner".to_owned())
            .spawn(move || {
                for mut job in jobs {
                    let _inside = job.runtime.enter();
                    // An asker that went away drops the child, which kills it.
                    let _ = job.reply.send(job.command.spawn());
                }
            })
            .map_err(LaunchFault::host)?;
        Ok(Self(send))
    }

    pub(crate) async fn spawn(&self, command: Command) -> Result<Child, LaunchFault> {
        let (reply, child) = oneshot::channel();
        let runtime = Handle::current();
        self.0
            .send(Job {
                command,
                runtime,
                reply,
            })
            .map_err(LaunchFault::host)?;
        child
            .await
            .map_err(LaunchFault::host)?
            .map_err(|error| LaunchFault::Spawn {
                reason: error.to_string(),
            })
    }
}
