//! Delivers notices: reads one, makes an attempt, writes down how it went.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use px_model::NoticeId;
use px_store::{Db, Result, Tx};
use px_work::{Job, JobError, JobHandler, Periodic, Workers};
use serde::Deserialize;
use tracing::{info, warn};

use crate::alert::{raise_but_not_to, resolve_alert};
use crate::gate::Gate;
use crate::mail::Mailer;
use crate::notice::{MAIL_JOB, WEBHOOK_JOB};
use crate::store::{alerts, endpoints, notices};
use crate::webhook::Poster;
use crate::{
    Endpoint, EndpointKind, EndpointState, NewAlert, Notice, NoticeState, NotifyConfig,
    NotifyError, Severity, Text2, metric,
};

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
        let Some((notice, body)) = notices::find(&self.db, id).await? else {
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
        let Some((endpoint, secrets)) = endpoints::find(&self.db, notice.endpoint).await? else {
            return Ok(Next::Ended(NoticeState::Dead));
        };
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
        self.record(&notice, &endpoint, outcome, job).await
    }

    /// Writes down how an attempt went, in one transaction with everything that follows from it.
    async fn record(
        &self,
        notice: &Notice,
        endpoint: &Endpoint,
        outcome: Outcome,
        job: Option<&Job>,
    ) -> Result<Next> {
        let mut tx = self.db.begin().await?;
        let next = self.settle(&mut tx, notice, endpoint, outcome).await?;
        if let (Next::Ended(_), Some(job)) = (&next, job) {
            job.finish(&mut tx).await?;
        }
        tx.commit().await?;
        if let Next::Ended(state) = &next {
            let waited = until(notice.queued_at, self.db.env().now());
            metric::ended(&self.config.metric_prefix, notice.channel, *state, waited);
            info!(notice = %notice.id, endpoint = %endpoint.id, state = %state, "notice ended");
        }
        Ok(next)
    }

    async fn settle(
        &self,
        tx: &mut Tx,
        notice: &Notice,
        endpoint: &Endpoint,
        outcome: Outcome,
    ) -> Result<Next> {
        let now = tx.env().now();
        match outcome {
            Outcome::Arrived { status } => {
                notices::delivered(tx, notice.id, now, status).await?;
                endpoints::succeeded(tx, endpoint.id, now).await?;
                for audience in self.audiences(endpoint) {
                    resolve_alert(tx, &audience, &key(endpoint)).await?;
                }
                Ok(Next::Ended(NoticeState::Delivered))
            }
            Outcome::NoChannel => {
                let why = "no mail server is configured (smtp_url)";
                notices::failed(tx, notice.id, NoticeState::Skipped, None, None, why).await?;
                Ok(Next::Ended(NoticeState::Skipped))
            }
            Outcome::Gone => {
                let why = "the receiver answered 410 Gone";
                notices::failed(tx, notice.id, NoticeState::Dead, None, Some(410), why).await?;
                endpoints::failed(tx, endpoint.id, now).await?;
                endpoints::retire(tx, endpoint.id, EndpointState::Disabled, why).await?;
                self.alert(tx, endpoint, gone_text(endpoint)).await?;
                Ok(Next::Ended(NoticeState::Dead))
            }
            Outcome::Hopeless { status, reason } => {
                self.failed(tx, notice, endpoint, None, status, reason)
                    .await
            }
            Outcome::Failed {
                status,
                reason,
                retry_after,
            } => {
                let due = self.next_attempt(tx, notice, now, retry_after);
                self.failed(tx, notice, endpoint, due, status, reason).await
            }
        }
    }

    async fn failed(
        &self,
        tx: &mut Tx,
        notice: &Notice,
        endpoint: &Endpoint,
        due: Option<Timestamp>,
        status: Option<u16>,
        reason: String,
    ) -> Result<Next> {
        let state = if due.is_some() {
            NoticeState::Pending
        } else {
            NoticeState::Dead
        };
        notices::failed(tx, notice.id, state, due, status, &reason).await?;
        let now = tx.env().now();
        let in_a_row = endpoints::failed(tx, endpoint.id, now).await?;
        warn!(notice = %notice.id, endpoint = %endpoint.id, in_a_row, %reason, "attempt failed");
        if in_a_row >= i64::from(self.config.alert_after) || due.is_none() {
            let text = failing_text(endpoint, in_a_row, &reason);
            self.alert(tx, endpoint, text).await?;
        }
        Ok(match due {
            Some(due) => Next::After(until(now, due), reason),
            None => Next::Ended(NoticeState::Dead),
        })
    }

    /// When the next attempt is due by the schedule, never before a second from now, and not
    /// before the receiver asked for.
    fn next_attempt(
        &self,
        tx: &Tx,
        notice: &Notice,
        now: Timestamp,
        retry_after: Option<Duration>,
    ) -> Option<Timestamp> {
        let mut chance = [0; 4];
        chance.copy_from_slice(&tx.env().random_bytes(4));
        let made = usize::try_from(notice.attempts).unwrap_or_default() + 1;
        let due = self
            .config
            .schedule
            .due(notice.base_at, made, u32::from_be_bytes(chance))?;
        let wait = retry_after.unwrap_or_default().max(Duration::from_secs(1));
        Some(due.max(now + wait))
    }

    async fn alert(&self, tx: &mut Tx, endpoint: &Endpoint, text: (Text2, Text2)) -> Result<()> {
        for audience in self.audiences(endpoint) {
            let new = NewAlert {
                audience,
                severity: Severity::Warning,
                kind: "notify.endpoint_failing".to_owned(),
                title: text.0.clone(),
                body: text.1.clone(),
                tenant: endpoint
                    .owner
                    .strip_prefix("tenant:")
                    .and_then(|id| id.parse().ok()),
                subject: Some(endpoint.id.to_string()),
                dedup: Some(key(endpoint)),
            };
            raise_but_not_to(tx, new, Some(endpoint.id)).await?;
        }
        Ok(())
    }

    /// Who is told that an endpoint fails: its owner and the operators.
    fn audiences(&self, endpoint: &Endpoint) -> Vec<String> {
        let operators = self.config.operators.clone();
        if endpoint.owner.starts_with(crate::ALERT_OWNER) || endpoint.owner == operators {
            vec![operators]
        } else {
            vec![endpoint.owner.clone(), operators]
        }
    }
}

fn key(endpoint: &Endpoint) -> String {
    format!("endpoint:{}", endpoint.id)
}

/// What people are shown of an endpoint: a path may hold a token.
fn shown(endpoint: &Endpoint) -> &str {
    match &endpoint.kind {
        EndpointKind::Webhook { url } => url.authority(),
        EndpointKind::Mail { address, .. } => address,
    }
}

fn failing_text(endpoint: &Endpoint, in_a_row: i64, reason: &str) -> (Text2, Text2) {
    let to = shown(endpoint);
    (
        Text2::new(
            format!("Notices to {to} do not arrive"),
            format!("发往 {to} 的通知无法送达"),
        ),
        Text2::new(
            format!(
                "{in_a_row} failed attempts in a row; the last one: {reason}. Check the receiver; dead letters can be sent again."
            ),
            format!(
                "连续失败 {in_a_row} 次；最近一次：{reason}。请检查接收方；失败的通知可以重新发送。"
            ),
        ),
    )
}

fn gone_text(endpoint: &Endpoint) -> (Text2, Text2) {
    let to = shown(endpoint);
    (
        Text2::new(
            format!("The endpoint {to} was switched off"),
            format!("接收端 {to} 已停用"),
        ),
        Text2::new(
            "The receiver answered 410 Gone, so nothing more is sent there. Enable the endpoint again if that was a mistake.",
            "接收方返回 410 Gone，不再向其发送通知。如属误报，请重新启用该接收端。",
        ),
    )
}

fn until(now: Timestamp, due: Timestamp) -> Duration {
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
