//! What follows from an attempt: for the notice, its endpoint, the alert board and the job.

use std::time::Duration;

use jiff::Timestamp;
use px_store::{Result, Tx};
use px_work::Job;
use tracing::warn;

use crate::alert::{raise_but_not_to, resolve_alert};
use crate::deliver::{Next, Outcome, until};
use crate::journal::Report;
use crate::store::{alerts, endpoints, notices};
use crate::{
    Endpoint, EndpointKind, EndpointState, NewAlert, Notice, NoticeState, NotifyConfig, Schedule,
    Severity, Text2,
};

/// The rules.
pub(crate) struct Book {
    schedule: Schedule,
    alert_after: u32,
    operators: String,
}

impl Book {
    pub(crate) fn new(config: &NotifyConfig) -> Self {
        Self {
            schedule: config.schedule.clone(),
            alert_after: config.alert_after,
            operators: config.operators.clone(),
        }
    }

    /// What follows from one outcome, the end of its job or its being put off included.
    pub(crate) async fn settle(&self, tx: &mut Tx, report: &Report) -> Result<Next> {
        let next = self.judge(tx, report).await?;
        match (&next, &report.job) {
            (Next::Ended(_), Some(job)) => job.finish(tx).await?,
            (Next::After(wait, reason), Some(job)) => job.put_off(tx, *wait, reason).await?,
            (_, None) => {}
        }
        Ok(next)
    }

    /// As [`Book::settle`] for many that arrived, or none of them.
    pub(crate) async fn all_arrived(&self, tx: &mut Tx, reports: &[&Report]) -> Result<()> {
        let now = tx.env().now();
        let (mut told, mut to, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for report in reports {
            let Outcome::Arrived { status } = report.outcome else {
                continue;
            };
            told.push((report.notice.id, status));
            to.push(report.endpoint.id);
            let key = key(&report.endpoint);
            let audiences = self.audiences(&report.endpoint).into_iter();
            keys.extend(audiences.map(|audience| (audience, key.clone())));
        }
        notices::all_delivered(tx, now, &told).await?;
        endpoints::all_succeeded(tx, now, &to).await?;
        alerts::resolve_all(tx, keys).await?;
        let jobs: Vec<_> = reports.iter().filter_map(|r| r.job.as_ref()).collect();
        Job::finish_all(tx, &jobs).await
    }

    async fn judge(&self, tx: &mut Tx, report: &Report) -> Result<Next> {
        let now = tx.env().now();
        let (notice, endpoint) = (&report.notice, &report.endpoint);
        match &report.outcome {
            Outcome::Arrived { status } => {
                notices::delivered(tx, notice.id, now, *status).await?;
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
                self.failed(tx, report, None, *status, reason).await
            }
            Outcome::Failed {
                status,
                reason,
                retry_after,
            } => {
                let due = self.next_attempt(tx, notice, now, *retry_after);
                self.failed(tx, report, due, *status, reason).await
            }
        }
    }

    async fn failed(
        &self,
        tx: &mut Tx,
        report: &Report,
        due: Option<Timestamp>,
        status: Option<u16>,
        reason: &str,
    ) -> Result<Next> {
        let (notice, endpoint) = (&report.notice, &report.endpoint);
        let state = if due.is_some() {
            NoticeState::Pending
        } else {
            NoticeState::Dead
        };
        notices::failed(tx, notice.id, state, due, status, reason).await?;
        let now = tx.env().now();
        let in_a_row = endpoints::failed(tx, endpoint.id, now).await?;
        warn!(notice = %notice.id, endpoint = %endpoint.id, in_a_row, %reason, "attempt failed");
        if in_a_row >= i64::from(self.alert_after) || due.is_none() {
            let text = failing_text(endpoint, in_a_row, reason);
            self.alert(tx, endpoint, text).await?;
        }
        Ok(match due {
            Some(due) => Next::After(until(now, due), reason.to_owned()),
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
        let operators = self.operators.clone();
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
    let attempts = match in_a_row {
        1 => "One attempt failed".to_owned(),
        n => format!("{n} attempts failed in a row"),
    };
    (
        Text2::new(
            format!("Notices to {to} do not arrive"),
            format!("发往 {to} 的通知无法送达"),
        ),
        Text2::new(
            format!(
                "{attempts}; the last one: {reason}. Check the receiver; dead letters can be sent again."
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
