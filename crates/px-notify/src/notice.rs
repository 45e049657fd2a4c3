//! One message to one endpoint, from being written with the change it tells of to its end.

use jiff::Timestamp;
use px_model::{EndpointId, Event, NoticeId};
use px_store::{Db, Result, StoreError, Tx};
use px_work::NewJob;
use serde::Serialize;
use serde_json::json;

use crate::store::endpoints;
use crate::store::notices::{self, NewNotice};
use crate::text::words;
use crate::{Endpoint, EndpointKind, EndpointState, MailText};

pub(crate) const WEBHOOK_JOB: &str = "notify.webhook";
pub(crate) const MAIL_JOB: &str = "notify.mail";

words! {
    /// How a notice travels.
    Channel {
        /// Standard Webhooks.
        Webhook = "webhook",
        /// Mail over SMTP.
        Mail = "mail",
        /// The inbox in the product; arrives with the transaction that writes it.
        Inbox = "inbox",
    }
}

words! {
    /// Where a notice is on its way.
    NoticeState {
        /// An attempt is due or running.
        Pending = "pending",
        /// The receiver took it.
        Delivered = "delivered",
        /// Given up; can be sent again.
        Dead = "dead",
        /// The channel is not set up here (no mail server); can be sent again.
        Skipped = "skipped",
    }
}

/// A notice as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Its id: `webhook-id`, and the first part of a mail's `Message-ID`.
    pub id: NoticeId,
    /// Where to.
    pub endpoint: EndpointId,
    /// How.
    pub channel: Channel,
    /// Owner of the endpoint when it was written.
    pub receiver: String,
    /// What it is about, such as a version id; statistics are kept per topic.
    pub topic: String,
    /// Where it is.
    pub state: NoticeState,
    /// Attempts since it was queued or sent again.
    pub attempts: i64,
    /// When it was written.
    pub queued_at: Timestamp,
    /// When the schedule began: as `queued_at`, or when it was sent again.
    pub base_at: Timestamp,
    /// When the next attempt is due.
    pub next_at: Option<Timestamp>,
    /// When it arrived or was given up.
    pub ended_at: Option<Timestamp>,
    /// HTTP status or SMTP code of the last answer.
    pub last_status: Option<i64>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// Queues an event for a webhook; topic is the event's subject. The same event to the same
/// endpoint is one notice, however often this is called.
///
/// # Errors
/// [`StoreError::Missing`] when there is no such endpoint, or it is not a webhook.
pub async fn send_webhook(tx: &mut Tx, endpoint: EndpointId, event: &Event) -> Result<NoticeId> {
    send_webhook_about(tx, &event.subject, endpoint, event).await
}

/// As [`send_webhook`] with a topic of one's own, such as the version a release is about.
///
/// # Errors
/// As [`send_webhook`].
pub async fn send_webhook_about(
    tx: &mut Tx,
    topic: &str,
    endpoint: EndpointId,
    event: &Event,
) -> Result<NoticeId> {
    let endpoint = endpoints::load(tx, endpoint).await?;
    if !matches!(endpoint.kind, EndpointKind::Webhook { .. }) {
        return Err(StoreError::Missing("webhook endpoint"));
    }
    let body = serde_json::to_string(event)?;
    queue(tx, &endpoint, topic, Some(&event.id), body).await
}

/// Queues a mail with no topic.
///
/// # Errors
/// [`StoreError::Missing`] when there is no such endpoint, or it is not a mail address.
pub async fn send_mail(tx: &mut Tx, endpoint: EndpointId, mail: MailText) -> Result<NoticeId> {
    send_mail_about(tx, "", None, endpoint, mail).await
}

/// Queues a mail about a topic. With `dedup` (an event's id, say) the same mail to the same
/// endpoint is one notice, however often this is called.
///
/// # Errors
/// As [`send_mail`].
pub async fn send_mail_about(
    tx: &mut Tx,
    topic: &str,
    dedup: Option<&str>,
    endpoint: EndpointId,
    mail: MailText,
) -> Result<NoticeId> {
    let endpoint = endpoints::load(tx, endpoint).await?;
    if !matches!(endpoint.kind, EndpointKind::Mail { .. }) {
        return Err(StoreError::Missing("mail endpoint"));
    }
    let body = serde_json::to_string(&mail)?;
    queue(tx, &endpoint, topic, dedup, body).await
}

async fn queue(
    tx: &mut Tx,
    endpoint: &Endpoint,
    topic: &str,
    dedup: Option<&str>,
    body: String,
) -> Result<NoticeId> {
    let parcels = [(endpoint, body.as_str())];
    match queue_all(tx, topic, dedup, &parcels).await?.pop() {
        Some(id) => Ok(id),
        None => notices::id_of(tx, endpoint.id, dedup).await,
    }
}

/// Queues a text for each endpoint; answers the ids of the notices that were not there before.
pub(crate) async fn queue_all(
    tx: &mut Tx,
    topic: &str,
    dedup: Option<&str>,
    parcels: &[(&Endpoint, &str)],
) -> Result<Vec<NoticeId>> {
    let (mut news, mut jobs) = (Vec::new(), Vec::new());
    for (endpoint, body) in parcels {
        let id = NoticeId::from_uuid(tx.env().uuid());
        let (channel, waits) = (
            endpoint.kind.channel(),
            endpoint.state == EndpointState::Active,
        );
        news.push(NewNotice {
            id,
            endpoint: endpoint.id,
            channel,
            receiver: &endpoint.owner,
            topic,
            dedup,
            body,
            dead: (!waits).then_some("the endpoint is disabled"),
        });
        if waits {
            jobs.push((id, job(channel, id)));
        }
    }
    let written = notices::insert(tx, news).await?;
    jobs.retain(|(id, _)| written.contains(id));
    px_work::enqueue_all(tx, jobs.into_iter().map(|(_, job)| job).collect()).await?;
    Ok(written.into_iter().collect())
}

fn job(channel: Channel, id: NoticeId) -> NewJob {
    let kind = match channel {
        Channel::Mail => MAIL_JOB,
        Channel::Webhook | Channel::Inbox => WEBHOOK_JOB,
    };
    NewJob::new(kind, json!({ "notice": id })).unique(id.to_string())
}

/// Sends a dead letter again, on a fresh schedule, with the same id.
///
/// # Errors
/// [`StoreError::Stale`] when it is not a dead letter; [`StoreError::Missing`] when its endpoint
/// was removed.
pub async fn resend(tx: &mut Tx, id: NoticeId) -> Result<()> {
    let notice = notices::load(tx, id).await?;
    endpoints::load(tx, notice.endpoint).await?;
    notices::restart(tx, id).await?;
    let again = job(notice.channel, id);
    px_work::enqueue(tx, again).await.map(drop)
}

/// One notice.
///
/// # Errors
/// When the engine is away.
pub async fn get_notice(db: &Db, id: NoticeId) -> Result<Option<Notice>> {
    Ok(notices::find(db, id).await?.map(|(notice, _)| notice))
}

/// Dead letters, newest first.
///
/// # Errors
/// When the engine is away.
pub async fn list_dead(db: &Db, limit: u32) -> Result<Vec<Notice>> {
    notices::list(db, None, Some(NoticeState::Dead), limit).await
}

/// Notices to a receiver, newest first.
///
/// # Errors
/// When the engine is away.
pub async fn list_notices(db: &Db, receiver: &str, limit: u32) -> Result<Vec<Notice>> {
    notices::list(db, Some(receiver), None, limit).await
}
