//! The loops that run handlers, followers and periodic tasks in one process.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use px_store::{Db, OUTBOX};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{Instrument, debug, error, info_span, warn};

use crate::consumer::follow;
use crate::held::{Held, Hold};
use crate::job::{claim, topic};
use crate::periodic::take_turn;
use crate::tidy::Tidy;
use crate::{Consumer, Job, JobError, JobHandler, Periodic};

/// Longest sleep between two looks: other processes' commits do not wake this one.
const POLL: Duration = Duration::from_secs(1);

/// A commit that says nothing about jobs or events may still make something due: a row written by
/// another way, a clock that was moved. One such commit after the other is looked into once in this
/// time.
const CALM: Duration = Duration::from_millis(100);

/// Jobs claimed in one transaction at most.
const AT_ONCE: usize = 64;

/// What a process is to run.
pub struct Workers {
    db: Db,
    handlers: Vec<Arc<dyn JobHandler>>,
    consumers: Vec<Arc<dyn Consumer>>,
    periodics: Vec<Arc<dyn Periodic>>,
    longest: Duration,
}

impl Workers {
    /// Nothing yet.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self {
            db,
            handlers: Vec::new(),
            consumers: Vec::new(),
            periodics: Vec::new(),
            longest: Duration::MAX,
        }
    }

    /// No job is held for longer than this without a sign of life, whatever its handler asks for:
    /// what a dead process leaves behind is taken up after that time.
    #[must_use]
    pub const fn lease_at_most(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Adds a handler.
    #[must_use]
    pub fn handler(mut self, handler: Arc<dyn JobHandler>) -> Self {
        self.handlers.push(handler);
        self
    }

    /// Adds a follower of the outbox.
    #[must_use]
    pub fn consumer(mut self, consumer: Arc<dyn Consumer>) -> Self {
        self.consumers.push(consumer);
        self
    }

    /// Adds a periodic task.
    #[must_use]
    pub fn periodic(mut self, periodic: Arc<dyn Periodic>) -> Self {
        self.periodics.push(periodic);
        self
    }

    /// Starts everything; each kind of job runs at most `parallel` at once, so that no kind can
    /// starve another.
    #[must_use]
    pub fn start(self, parallel: usize) -> Running {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let tidy: Arc<dyn Periodic> = Arc::new(Tidy(self.db.clone()));
        for handler in self.handlers {
            let lease = handler.lease().min(self.longest);
            // Begun with zero, so that the first one given up is seen as a rise.
            metrics::counter!("jobs_dead_total", "kind" => handler.kind()).increment(0);
            tasks.spawn(run_handler(
                self.db.clone(),
                (handler, lease),
                parallel.max(1),
                stopped.clone(),
            ));
        }
        for consumer in self.consumers {
            tasks.spawn(run_consumer(self.db.clone(), consumer, stopped.clone()));
        }
        for periodic in self.periodics.into_iter().chain([tidy]) {
            tasks.spawn(run_periodic(self.db.clone(), periodic, stopped.clone()));
        }
        Running { stop, tasks }
    }
}

/// Started work; dropping it aborts, [`Running::stop`] lets running jobs end.
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Takes no new work and waits for what is running, at most 30 s; jobs cut off are taken over
    /// by another process when their lease ends.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(30), all)
            .await
            .is_err()
        {
            warn!("background work did not end in time; leases will hand it over");
        }
    }
}

async fn run_handler(
    db: Db,
    (handler, lease): (Arc<dyn JobHandler>, Duration),
    parallel: usize,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(parallel));
    let mut news = News::new(&db, &topic(handler.kind()));
    let mut running = JoinSet::new();
    let held = Arc::new(Held::default());
    // Ends with this loop.
    let mut renewing = JoinSet::new();
    renewing.spawn(Arc::clone(&held).renew(db.clone(), lease));
    while !*stop.borrow() {
        while running.try_join_next().is_some() {}
        news.look();
        let Ok(place) = places.clone().acquire_owned().await else {
            break;
        };
        // As many as there are places for, in one transaction.
        let mut taken = vec![place];
        while taken.len() < AT_ONCE
            && let Ok(place) = places.clone().try_acquire_owned()
        {
            taken.push(place);
        }
        let claimed = claim(&db, handler.kind(), lease, taken.len()).await;
        if let Err(e) = &claimed {
            warn!(kind = handler.kind(), error = %e, "cannot look for jobs");
        }
        let (jobs, due) = claimed.unwrap_or_default();
        if !jobs.is_empty() {
            for (job, place) in jobs.into_iter().zip(taken) {
                let (db, handler) = (db.clone(), handler.clone());
                let hold = held.take(&job);
                let span = info_span!("job", kind = %job.kind, id = %job.id, attempt = job.attempt);
                running.spawn(
                    async move {
                        run_job(&db, handler.as_ref(), (&job, hold), lease).await;
                        drop(place)
                    }
                    .instrument(span),
                );
            }
            continue;
        }
        drop(taken);
        tokio::select! {
            () = news.wait(nap(&db, due)) => {}
            _ = stop.changed() => {}
        }
    }
    while running.join_next().await.is_some() {}
}

/// Until the next job is due, at most [`POLL`].
fn nap(db: &Db, due: Option<Timestamp>) -> Duration {
    due.map_or(POLL, |due| {
        let wait = due.duration_since(db.env().now());
        Duration::try_from(wait)
            .unwrap_or_default()
            .clamp(Duration::from_millis(5), POLL)
    })
}

/// What a loop is woken by.
struct News {
    topic: watch::Receiver<u64>,
    commits: watch::Receiver<u64>,
    looked: Instant,
}

impl News {
    fn new(db: &Db, topic: &str) -> Self {
        Self {
            topic: db.touched(topic),
            commits: db.commits(),
            looked: Instant::now(),
        }
    }

    /// What comes from now on is news.
    fn look(&mut self) {
        self.topic.mark_unchanged();
        self.commits.mark_unchanged();
        self.looked = Instant::now();
    }

    async fn wait(&mut self, longest: Duration) {
        let calm = self.looked + CALM;
        let any = async {
            let _ = self.commits.changed().await;
            tokio::time::sleep_until(calm).await;
        };
        tokio::select! {
            _ = self.topic.changed() => {}
            () = any => {}
            () = tokio::time::sleep(longest) => {}
        }
    }
}

async fn run_job(
    db: &Db,
    handler: &dyn JobHandler,
    (job, mut hold): (&Job, Hold),
    lease: Duration,
) {
    let started = std::time::Instant::now();
    let outcome = tokio::select! {
        done = std::panic::AssertUnwindSafe(handler.run(job)).catch_unwind() => {
            done.unwrap_or_else(|_| Err(JobError::Retry("the handler panicked".to_owned())))
        }
        () = hold.lost(lease) => {
            warn!("lease lost; another process has the job");
            return;
        }
    };
    metrics::histogram!("job_seconds", "kind" => handler.kind())
        .record(started.elapsed().as_secs_f64());
    if job.is_settled() {
        return;
    }
    let settled = match outcome {
        Ok(()) => complete(db, job).await,
        Err(reason) => {
            debug!(%reason, "job did not complete");
            let spread = f64::from(db.env().random_bytes(1)[0]) / 255.0;
            match job.put_back(db, &reason, spread).await {
                Ok(true) => {
                    error!(%reason, "job given up");
                    metrics::counter!("jobs_dead_total", "kind" => handler.kind()).increment(1);
                    handler.dead(job, &reason.to_string()).await;
                    Ok(())
                }
                other => other.map(drop),
            }
        }
    };
    if let Err(e) = settled {
        warn!(error = %e, "job's end could not be recorded; it will run again");
    }
}

/// Marks the job done unless the handler did so in its own transaction.
async fn complete(db: &Db, job: &Job) -> px_store::Result<()> {
    let mut tx = db.begin().await?;
    match job.finish(&mut tx).await {
        Ok(()) => tx.commit().await,
        Err(px_store::StoreError::Stale(_)) => tx.rollback().await,
        Err(e) => Err(e),
    }
}

async fn run_consumer(db: Db, consumer: Arc<dyn Consumer>, mut stop: watch::Receiver<bool>) {
    let mut news = News::new(&db, OUTBOX);
    while !*stop.borrow() {
        news.look();
        match follow(&db, &consumer).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(e) => {
                warn!(consumer = consumer.name(), error = %e, "event not taken; trying again")
            }
        }
        tokio::select! {
            () = news.wait(POLL) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn run_periodic(db: Db, periodic: Arc<dyn Periodic>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let turn = if periodic.everywhere() {
            Ok(true)
        } else {
            take_turn(&db, periodic.name(), periodic.every()).await
        };
        let outcome = match turn {
            Ok(true) => {
                let tick = std::panic::AssertUnwindSafe(periodic.tick()).catch_unwind();
                tick.await
                    .unwrap_or_else(|_| Err(JobError::Retry("the task panicked".to_owned())))
            }
            Ok(false) => Ok(()),
            Err(e) => Err(e.into()),
        };
        if let Err(e) = outcome {
            warn!(task = periodic.name(), error = %e, "periodic task failed");
        }
        let nap = periodic.every().min(if periodic.everywhere() {
            periodic.every()
        } else {
            POLL
        });
        tokio::select! {
            () = tokio::time::sleep(nap) => {}
            _ = stop.changed() => {}
        }
    }
}
