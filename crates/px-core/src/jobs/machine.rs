//! Drives one install from state to state; [`plan`](crate::app::install) says what is next.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use px_model::{InstallId, InstallState, Version};
use px_store::{Actor, Db, Env, Result, StoreError, When};
use px_work::{Job, JobError, JobHandler};
use serde::Deserialize;
use tracing::{info, warn};

use super::fetch::{Fetcher, disk};
use super::layout::Layout;
use super::ledger::{JOB, Ledger, after};
use super::places::Places;
use crate::app::authority::TenantScope;
use crate::app::fault::Fault;
use crate::app::install::probation::Bounds;
use crate::app::install::{Action, Install, Limits, Work, next_action, pause};
use crate::app::ports::{Facts, Monotonic, Runtime, Traffic, Verifier};
use crate::store::installs::{self, Note};
use crate::store::logs;

/// Settings of the machine.
#[derive(Debug, Clone)]
pub struct Settings {
    /// This core's version, for `corex_version`.
    pub core_version: Version,
    /// Tries and grace.
    pub limits: Limits,
    /// Bounds of a probation.
    pub bounds: Bounds,
    /// Time between two probes of a candidate.
    pub probe_every: Duration,
}

/// Drives installs.
pub struct Machine {
    /// The core's database.
    pub db: Db,
    /// Settings.
    pub settings: Settings,
    /// Folders.
    pub layout: Layout,
    /// Writes transitions.
    pub ledger: Ledger,
    /// Downloads.
    pub fetcher: Fetcher,
    /// Who may load the machine.
    pub places: Places,
    /// Runs plugins.
    pub runtime: Arc<dyn Runtime>,
    /// Decides about bytes.
    pub verifier: Arc<dyn Verifier>,
    /// The data plane.
    pub traffic: Arc<dyn Traffic>,
    /// Measures leases.
    pub clock: Arc<dyn Monotonic>,
}

/// What a state's work came to.
pub(crate) enum Done {
    /// Enter this state.
    Next(InstallState, String),
    /// The same, with what the bundle says about itself.
    Verified(Facts, String),
    /// Leave for a reason.
    Leave(InstallState, Fault),
    /// A person asked for something, or somebody else took the install: look again.
    Again,
}

/// How a work ends early.
pub(crate) enum Trouble {
    /// The step failed.
    Fault(Fault),
    /// The database did.
    Store(StoreError),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a state asks for.
enum Task {
    /// Work, which decides about the next state.
    Work(Work),
    /// Nothing; this state follows.
    Pass(InstallState),
}

/// Waits shorter than this are slept through; longer ones give the place to others.
const NAP: SignedDuration = SignedDuration::from_secs(2);

/// How often work that takes long looks whether the install is still its own.
const LOOK: Duration = Duration::from_secs(2);

impl Machine {
    pub(crate) const fn env(&self) -> &Env {
        self.db.env()
    }

    pub(crate) fn actor() -> Actor {
        Actor::system("installer")
    }

    /// Drives an install until it rests or has to wait; answers until when.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else took it over; others when the engine is away.
    pub async fn drive(&self, id: InstallId) -> Result<Option<Timestamp>> {
        let scope = TenantScope::every();
        let Some(mut install) = installs::get(&self.db, &scope, id).await? else {
            return Ok(None);
        };
        if install.state.is_final() {
            return Ok(None);
        }
        installs::take(&self.db, &mut install).await?;
        let mut taken_over = true;
        let mut place = None;
        loop {
            let now = self.env().now();
            let action = next_action(&install, taken_over, self.settings.limits, now);
            self.places.turn(&mut place, &action).await;
            match action {
                Action::Rest => return Ok(None),
                Action::Wait(until) if until.duration_since(now) > NAP => return Ok(Some(until)),
                Action::Wait(until) => {
                    let nap = until.duration_since(now);
                    tokio::time::sleep(Duration::try_from(nap).unwrap_or_default()).await;
                }
                Action::Enter(to, Some(fault)) => {
                    self.leave(&mut install, to, &fault).await?;
                }
                Action::Enter(to, None) => self.work(Task::Pass(to), &mut install).await?,
                Action::Work(work) => self.work(Task::Work(work), &mut install).await?,
            }
            taken_over = false;
            install = self.reload(install).await?;
        }
    }

    /// Completes the job of an install at rest, under the install's lock: whoever sends it back at
    /// the same moment either finds the job done and enqueues another, or is seen here.
    async fn ended(&self, job: &Job, id: InstallId) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let rests = installs::lock(&mut tx, id)
            .await?
            .is_none_or(InstallState::is_final);
        if rests {
            job.finish(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(rests)
    }

    /// The install as it is now, if it is still ours: a person may have left a wish.
    async fn reload(&self, install: Install) -> Result<Install> {
        match installs::wish(&self.db, install.id).await? {
            Some((generation, ask)) if generation == install.generation => {
                Ok(Install { ask, ..install })
            }
            _ => Err(StoreError::Stale("install")),
        }
    }

    async fn work(&self, task: Task, install: &mut Install) -> Result<()> {
        let before = install.state;
        let (id, generation) = (install.id, install.generation);
        let done = tokio::select! {
            done = self.perform(task, install) => done,
            // A step that hangs holds nobody up: whoever moved the install on goes on with it.
            () = self.lost(id, generation) => Err(StoreError::Stale("install").into()),
        };
        match done {
            Ok(Done::Next(to, detail)) => self.advance(install, to, detail).await,
            Ok(Done::Verified(facts, detail)) => {
                install.facts = Some(facts);
                self.advance(install, InstallState::Verified, detail).await
            }
            Ok(Done::Leave(to, fault)) => self.leave(install, to, &fault).await,
            Ok(Done::Again) => Ok(()),
            Err(Trouble::Store(error)) => Err(error),
            Err(Trouble::Fault(fault)) => self.failed(install, before, fault).await,
        }
    }

    async fn perform(&self, task: Task, install: &mut Install) -> Result<Done, Trouble> {
        self.pass(install, When::Before).await?;
        let done = match task {
            Task::Pass(to) => Ok(Done::Next(to, String::new())),
            Task::Work(Work::Resolve) => self.resolve(install).await,
            Task::Work(Work::Fetch) => self.fetch(install).await,
            Task::Work(Work::Stage) => self.stage(install).await,
            Task::Work(Work::Preflight) => self.preflight(install).await,
            Task::Work(Work::Migrate) => self.migrate(install).await,
            Task::Work(Work::Activate) => self.activate(install).await,
            Task::Work(Work::Watch) => self.watch(install).await,
            Task::Work(Work::RollBack) => self.roll_back(install).await,
        }?;
        self.pass(install, When::Done).await?;
        Ok(done)
    }

    async fn pass(&self, install: &Install, when: When) -> Result<(), Fault> {
        let (state, tenant) = (install.state.as_str(), &install.tenant);
        let passed = self.env().pass("install", state, when, tenant).await;
        passed.map_err(|e| disk(&e))
    }

    /// Ends when the install is not of this generation any more.
    async fn lost(&self, id: InstallId, generation: i64) {
        loop {
            tokio::time::sleep(LOOK).await;
            // While the database is away nothing is known; the fence decides in the end.
            if let Ok(false) = installs::is_of(&self.db, id, generation).await {
                return;
            }
        }
    }

    async fn advance(&self, install: &mut Install, to: InstallState, detail: String) -> Result<()> {
        if to == InstallState::Probation {
            let slack = self.settings.bounds.duration + Duration::from_secs(30);
            let slack = SignedDuration::try_from(slack).unwrap_or(SignedDuration::MAX);
            install.confirm_by = Some(after(self.env().now(), slack));
        }
        info!(install = %install.id, tenant = %install.tenant, plugin = %install.plugin, state = %to, "install");
        let note = Note::fact(detail);
        self.ledger
            .enter(install, to, &Self::actor(), &note)
            .await?;
        if to.is_final() {
            self.tidy(install).await;
        }
        Ok(())
    }

    async fn leave(&self, install: &mut Install, to: InstallState, fault: &Fault) -> Result<()> {
        let stop = (!to.is_final() || !install.state.touched_traffic()).then(|| install.unit());
        warn!(install = %install.id, state = %to, %fault, "install leaves the straight way");
        self.ledger
            .enter(install, to, &Self::actor(), &Note::fault(fault))
            .await?;
        if let Some(unit) = stop {
            self.runtime.stop(&unit).await;
        }
        if to.is_final() {
            self.tidy(install).await;
        }
        Ok(())
    }

    /// A failed try: again later when that can help, else out.
    async fn failed(&self, install: &mut Install, state: InstallState, fault: Fault) -> Result<()> {
        let tries = if fault.cause == "digest" {
            2
        } else {
            self.settings.limits.attempts
        };
        if fault.is_transient() && install.attempts + 1 < tries {
            let noise = self.env().random_bytes(1)[0];
            let first = self.settings.limits.first_pause;
            let wait = SignedDuration::try_from(pause(first, install.attempts, noise, &fault))
                .unwrap_or(SignedDuration::MAX);
            self.tell(install, "warn", &format!("{fault} Trying again."))
                .await;
            let due = after(self.env().now(), wait);
            return installs::put_off(&self.db, install, due).await;
        }
        let to = crate::app::install::escape(state);
        self.leave(install, to, &fault).await
    }

    /// A line for the install's log; losing one is no reason to stop.
    pub(crate) async fn tell(&self, install: &Install, level: &str, text: &str) {
        if let Err(error) = logs::line(&self.db, install.id, level, text).await {
            warn!(%error, "log line not kept");
        }
    }
}

#[derive(Deserialize)]
struct Payload {
    install: InstallId,
}

#[async_trait]
impl JobHandler for Machine {
    fn kind(&self) -> &'static str {
        JOB
    }

    fn lease(&self) -> Duration {
        crate::app::route::LEASE
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let payload: Payload = job.read()?;
        let driven = loop {
            match self.drive(payload.install).await {
                Ok(None) if self.ended(job, payload.install).await? => return Ok(()),
                // Somebody sent it back while it came to its end.
                Ok(None) => {}
                driven => break driven,
            }
        };
        match driven {
            Ok(until) => {
                let until = until.unwrap_or_else(|| self.env().now());
                let wait = until.duration_since(self.env().now());
                let wait = Duration::try_from(wait).unwrap_or_default();
                Err(JobError::RetryAfter("not yet".to_owned(), wait))
            }
            // Whoever took it over goes on; one more look finds out whether somebody does.
            Err(StoreError::Stale(what)) => Err(JobError::RetryAfter(
                format!("{what} was taken over"),
                Duration::from_secs(1),
            )),
            Err(error) => Err(error.into()),
        }
    }
}
