//! Telling publishers, in the transaction that made the news, and subscribers, by the job it leaves.

use px_model::{Event, InstallationId, PublisherId, VersionState};
use px_notify::{
    EndpointKind, MailText, NewMessage, Parcel, Severity, post_inbox, post_inbox_all, send_all,
    send_mail_about, send_webhook_about,
};
use px_store::Tx;

use super::error::AppResult;
use crate::Market;
use crate::store::row::VersionRow;
use crate::store::subscriptions::SubscriptionRow;

/// Audience and endpoint owner of a publisher.
#[must_use]
pub fn publisher_audience(publisher: PublisherId) -> String {
    format!("publisher:{publisher}")
}

/// Audience of those who run the Marketplace.
pub const OPERATORS: &str = "role:market_operator";
/// Audience of reviewers.
pub const REVIEWERS: &str = "role:reviewer";

/// Words of a version for templates, owned.
pub(crate) struct Words(Vec<(&'static str, String)>);

impl Words {
    pub(crate) fn of(market: &Market, row: &VersionRow) -> Self {
        let link = market.absolute(&format!("/plugins/{}", row.plugin));
        Self(vec![
            ("name", row.name()),
            ("plugin", row.plugin.to_string()),
            ("version", row.version.to_string()),
            ("channel", row.channel.to_string()),
            ("publisher", row.publisher_name.clone()),
            ("notes", row.notes.clone().unwrap_or_default()),
            ("state", row.state.to_string()),
            ("link", link),
        ])
    }

    pub(crate) fn with(mut self, word: &'static str, value: impl Into<String>) -> Self {
        self.0.push((word, value.into()));
        self
    }

    pub(crate) fn list(&self) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .map(|(word, value)| (*word, value.as_str()))
            .collect()
    }
}

/// One piece of news for a publisher.
pub(crate) struct PublisherNews<'a> {
    /// Template.
    pub template: &'static str,
    /// How loud.
    pub level: Severity,
    /// Words to fill in.
    pub words: &'a Words,
    /// The event, when webhooks get it too.
    pub event: Option<&'a Event>,
    /// At most one message with this key.
    pub dedup: String,
}

impl Market {
    /// Queues the news of a listing for some subscribers' webhooks, mail addresses and inboxes.
    pub(crate) async fn tell_subscribers(
        &self,
        tx: &mut Tx,
        row: &VersionRow,
        event: &Event,
        subscribers: &[SubscriptionRow],
    ) -> AppResult<()> {
        let topic = row.id.to_string();
        let words = Words::of(self, row);
        let (title, body) = self.templates().both("listed", &words.list());
        let (mut parcels, mut messages) = (Vec::new(), Vec::new());
        for subscriber in subscribers {
            let webhook = subscriber.webhook.map(|endpoint| (endpoint, None));
            let mail = subscriber.mail.map(|endpoint| {
                let language = &subscriber.language;
                let text = self.templates().mail("listed", language, &words.list());
                (endpoint, Some(text))
            });
            let both = webhook.into_iter().chain(mail);
            parcels.extend(both.map(|(endpoint, mail)| Parcel { endpoint, mail }));
            messages.push(NewMessage {
                audience: tenant_audience(subscriber),
                level: Severity::Info,
                title: title.clone(),
                body: body.clone(),
                subject: Some(topic.clone()),
                dedup: Some(event.id.clone()),
            });
        }
        send_all(tx, &topic, event, parcels).await?;
        post_inbox_all(tx, &messages).await?;
        Ok(())
    }

    pub(crate) async fn tell_publisher_listed(
        &self,
        tx: &mut Tx,
        row: &VersionRow,
    ) -> AppResult<()> {
        let words = Words::of(self, row);
        let news = PublisherNews {
            template: "listed",
            level: Severity::Info,
            words: &words,
            event: None,
            dedup: format!("listed:{}", row.id),
        };
        self.tell_publisher(tx, row, &news).await
    }

    pub(crate) async fn tell_publisher_sent_back(
        &self,
        tx: &mut Tx,
        row: &VersionRow,
        why: &str,
    ) -> AppResult<()> {
        let words = Words::of(self, row).with("reason", why);
        let level = if row.state == VersionState::ChangesRequested {
            Severity::Info
        } else {
            Severity::Warning
        };
        let news = PublisherNews {
            template: "sent_back",
            level,
            words: &words,
            event: None,
            dedup: format!("{}:{}:{}", row.state, row.id, row.round),
        };
        self.tell_publisher(tx, row, &news).await
    }

    /// Inbox always; mail and webhooks where the publisher gave some.
    pub(crate) async fn tell_publisher(
        &self,
        tx: &mut Tx,
        row: &VersionRow,
        news: &PublisherNews<'_>,
    ) -> AppResult<()> {
        let owner = publisher_audience(row.publisher);
        let words = news.words.list();
        let (title, body) = self.templates().both(news.template, &words);
        let message = NewMessage {
            audience: owner.clone(),
            level: news.level,
            title,
            body,
            // The review rather than the version, whose statistics count subscribers only.
            subject: Some(row.review.to_string()),
            dedup: Some(news.dedup.clone()),
        };
        if post_inbox(tx, message).await?.is_none() {
            return Ok(());
        }
        // About the publisher's own plugin rather than a release to subscribers: another topic.
        let topic = format!("{owner}/{}", row.id);
        for endpoint in px_notify::active_endpoints(tx, &owner).await? {
            match (&endpoint.kind, news.event) {
                (EndpointKind::Mail { language, .. }, _) => {
                    let mail: MailText =
                        self.templates()
                            .mail(news.template, language.as_str(), &words);
                    send_mail_about(tx, &topic, Some(&news.dedup), endpoint.id, mail).await?;
                }
                (EndpointKind::Webhook { .. }, Some(event)) => {
                    send_webhook_about(tx, &topic, endpoint.id, event).await?;
                }
                (EndpointKind::Webhook { .. }, None) => {}
            }
        }
        Ok(())
    }
}

/// Inbox of a subscribed tenant: tenants of different installations never share one.
pub(crate) fn tenant_audience(s: &SubscriptionRow) -> String {
    format!("installation:{}/tenant:{}", s.installation, s.tenant_ref)
}

/// Whom an audience stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver<'a> {
    /// A tenant, as its installation names it.
    Tenant(InstallationId, &'a str),
    /// A publisher.
    Publisher(PublisherId),
}

impl<'a> Receiver<'a> {
    /// Reads what [`tenant_audience`] and [`publisher_audience`] wrote.
    pub(crate) fn of(audience: &'a str) -> Option<Self> {
        if let Some(id) = audience.strip_prefix("publisher:") {
            return id.parse().ok().map(Self::Publisher);
        }
        let (installation, tenant) = audience
            .strip_prefix("installation:")?
            .split_once("/tenant:")?;
        Some(Self::Tenant(installation.parse().ok()?, tenant))
    }
}
