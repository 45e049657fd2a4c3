//! Delivers notices: reads one, makes an attempt, writes down how it went.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use px_model::NoticeId;
use px_store::{Db, Result};
use px_work::{Job, JobError, JobHandler, Periodic, Workers};
use serde::Deserialize;
use tracing::info;

use crate::book::Book;
use crate::gate::Gate;
use crate::journal::{Journal, Report};
use crate::mail::Mailer;
use crate::notice::{MAIL_JOB, WEBHOOK_JOB};
use crate::store::{alerts, notices};
use crate::webhook::Poster;
use crate::{Endpoint, EndpointKind, Notice, NoticeState, NotifyConfig, NotifyError, metric};

/// How an attempt went.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The receiver took it.
    Arrived { status: Option<u16> },
    /// It may arrive later.
    Failed {
        status: Option<u16>,
        reason: String,
        retry_after: Option<Duration>,
    },
    /// Trying again cannot help.
    Hopeless { status: Option<u16>, reason: String },
    /// The receiver wants no more messages, ever.
    Gone,
    /// The channel is not set up here.
    NoChannel,
}

/// What becomes of a notice after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It has ended.
    Ended(NoticeState),
    /// It is due again after this time.
    After(Duration, String),
}

/// Delivers notices. Register it with [`Notifier::register`].
pub struct Notifier {
    db: Db,
    config: NotifyConfig,
    poster: Poster,
    mailer: Option<Mailer>,
    gate: Gate,
    journal: Arc<Journal>,
}

impl Notifier {
    /// A notifier for the notices in `db`.
    ///
    /// # Errors
    /// [`NotifyError::Setting`] when a setting cannot be used.
    pub fn new(db: Db, config: NotifyConfig) -> Result<Arc<Self>, NotifyError> {
        Ok(Arc::new(Self {
            poster: Poster::new(&config)?,
            mailer: Mailer::new(&config)?,
            gate: Gate::new(config.per_host, config.slow_lane, config.total_timeout),
            journal: Journal::new(db.clone(), Book::new(&config)),
            db,
            config,
        }))
    }

    /// Adds the handlers and the periodic task to `workers`.
    #[must_use]
    pub fn register(self: &Arc<Self>, workers: Workers) -> Workers {
        self.handlers()
            .into_iter()
            .fold(workers, Workers::handler)
            .periodic(self.periodic())
    }

    /// Handlers of the delivery jobs, one per channel.
    #[must_use]
    pub fn handlers(self: &Arc<Self>) -> Vec<Arc<dyn JobHandler>> {
        [WEBHOOK_JOB, MAIL_JOB]
            .map(|kind| {
                let handler: Arc<dyn JobHandler> = Arc::new(Handler {
                    notifier: Arc::clone(self),
                    kind,
                });
                handler
            })
            .into()
    }

    /// Keeps the gauges (failure rate, waiting notices) up to date.
    #[must_use]
    pub fn periodic(self: &Arc<Self>) -> Arc<dyn Periodic> {
        Arc::new(Gauges(Arc::clone(self)))
    }

    /// Makes the attempt that is due for a notice, if one is, and records it; `job` is completed
    /// in the same transaction when the notice has ended.
    ///
    /// # Errors
    /// When the engine is away; then the attempt counts as not made and is repeated.
    pub async fn deliver(&self, id: NoticeId, job: Option<&Job>) -> Result<Next> {
        let Some((notice, body, endpoint, secrets)) = notices::addressed(&self.db, id).await?
        else {
            return Ok(Next::Ended(NoticeState::Dead));
        };
        if notice.state != NoticeState::Pending {
            return Ok(Next::Ended(notice.state));
        }
        let now = self.db.env().now();
        // A job that another process takes over must not run ahead of the schedule.
        if let Some(due) = notice.next_at.filter(|due| *due > now) {
            return Ok(Next::After(until(now, due), "not due yet".to_owned()));
        }
        let started = Instant::now();
        let outcome = match &endpoint.kind {
            EndpointKind::Webhook { url } => {
                let host = url.authority();
                let pass = match self.gate.enter(host, now) {
                    Ok(pass) => pass,
                    Err(wait) => return Ok(Next::After(wait, format!("{host} is busy"))),
                };
                let outcome = self.poster.post(id, url, &secrets, body, now).await;
                let took = started.elapsed();
                let slow = took >= self.config.slow_after;
                pass.report(took, slow, self.db.env().now());
                outcome
            }
            EndpointKind::Mail { address, .. } => match &self.mailer {
                Some(mailer) => {
                    let mail = serde_json::from_str(&body)?;
                    mailer.send(id, address, mail, now).await
                }
                None => Outcome::NoChannel,
            },
        };
        let ok = matches!(outcome, Outcome::Arrived { .. });
        let seconds = started.elapsed().as_secs_f64();
        metric::attempt(&self.config.metric_prefix, notice.channel, ok, seconds);
        self.record(notice, endpoint, outcome, job).await
    }

    /// Has an outcome written with everything that follows from it, `job`'s end included.
    async fn record(
        &self,
        notice: Notice,
        endpoint: Endpoint,
        outcome: Outcome,
        job: Option<&Job>,
    ) -> Result<Next> {
        let (id, to) = (notice.id, endpoint.id);
        let (channel, queued_at) = (notice.channel, notice.queued_at);
        let report = Report {
            notice,
            endpoint,
            outcome,
            job: job.cloned(),
        };
        let next = self.journal.write(report).await?;
        if let Next::Ended(state) = &next {
            let waited = until(queued_at, self.db.env().now());
            metric::ended(&self.config.metric_prefix, channel, *state, waited);
            info!(notice = %id, endpoint = %to, state = %state, "notice ended");
        }
        Ok(next)
    }
}

pub(crate) fn until(now: Timestamp, due: Timestamp) -> Duration {
    Duration::try_from(due.duration_since(now)).unwrap_or_default()
}

struct Handler {
    notifier: Arc<Notifier>,
    kind: &'static str,
}

#[derive(Deserialize)]
struct Payload {
    notice: NoticeId,
}

#[async_trait]
impl JobHandler for Handler {
    fn kind(&self) -> &'static str {
        self.kind
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let Payload { notice } = job.read()?;
        match self.notifier.deliver(notice, Some(job)).await {
            Ok(Next::Ended(_)) => Ok(()),
            Ok(Next::After(wait, reason)) => Err(JobError::RetryAfter(reason, wait)),
            // The notice's own schedule decides when it is dead, never the job's counter.
            Err(e) => Err(JobError::RetryAfter(e.to_string(), Duration::from_secs(2))),
        }
    }
}

struct Gauges(Arc<Notifier>);

#[async_trait]
impl Periodic for Gauges {
    fn name(&self) -> &'static str {
        "notify.gauges"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn everywhere(&self) -> bool {
        true
    }

    async fn tick(&self) -> Result<(), JobError> {
        let Notifier { db, config, .. } = &*self.0;
        let rate = crate::failure_rate(db, Duration::from_secs(24 * 3600)).await?;
        let waiting = notices::waiting(db).await?;
        metric::standing(&config.metric_prefix, rate.share, waiting);
        metric::board(&config.metric_prefix, &alerts::open_by_kind(db).await?);
        Ok(())
    }
}
