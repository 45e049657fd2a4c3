//! A publisher's own webhooks, mail addresses and inbox.

use px_api::market::InboxMessage;
use px_model::{EndpointId, InboxId};
use px_notify::{
    Alert, Endpoint, EndpointKind, NewEndpoint, add_endpoint, list_alerts, list_endpoints,
    list_inbox, mark_read, remove_endpoint,
};
use px_store::AuditEntry;
use serde_json::json;

use super::authority::PublisherAuth;
use super::error::{AppError, AppResult};
use super::messages::publisher_audience;
use super::subscribe::notify_problem;
use crate::Market;
use px_api::Code;

impl Market {
    /// Adds a webhook or mail address for news about the publisher's plugins; a webhook's secret
    /// is in the answer, this once.
    ///
    /// # Errors
    /// `PX-0602` naming the field.
    pub async fn add_publisher_endpoint(
        &self,
        auth: &PublisherAuth,
        kind: EndpointKind,
    ) -> AppResult<Endpoint> {
        let owner = publisher_audience(auth.publisher);
        let mut tx = self.db().begin().await?;
        let new = NewEndpoint { owner, kind };
        let endpoint = add_endpoint(&mut tx, new).await.map_err(notify_problem)?;
        audit(&mut tx, auth, "endpoint.added", endpoint.id).await?;
        tx.commit().await?;
        Ok(endpoint)
    }

    /// The publisher's endpoints, oldest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn publisher_endpoints(&self, auth: &PublisherAuth) -> AppResult<Vec<Endpoint>> {
        Ok(list_endpoints(self.db(), &publisher_audience(auth.publisher)).await?)
    }

    /// Takes one of the publisher's endpoints away.
    ///
    /// # Errors
    /// `PX-0003` when the publisher has none of that id.
    pub async fn remove_publisher_endpoint(
        &self,
        auth: &PublisherAuth,
        id: EndpointId,
    ) -> AppResult<()> {
        let mine = self.publisher_endpoints(auth).await?;
        if !mine.iter().any(|endpoint| endpoint.id == id) {
            return Err(AppError::refuse(
                Code::NotFound,
                "there is no such endpoint",
            ));
        }
        let mut tx = self.db().begin().await?;
        remove_endpoint(&mut tx, id).await?;
        audit(&mut tx, auth, "endpoint.removed", id).await?;
        Ok(tx.commit().await?)
    }

    /// The publisher's inbox, newest first, in a language.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn publisher_inbox(
        &self,
        auth: &PublisherAuth,
        unread_only: bool,
        limit: u32,
        language: &str,
    ) -> AppResult<Vec<InboxMessage>> {
        let audience = publisher_audience(auth.publisher);
        let messages = list_inbox(self.db(), &audience, unread_only, limit).await?;
        Ok(messages
            .into_iter()
            .map(|m| InboxMessage {
                id: m.id.to_string(),
                level: m.level.as_str().to_owned(),
                title: m.title.get(language).to_owned(),
                body: m.body.get(language).to_owned(),
                subject: m.subject,
                at: m.at,
                read: m.read_at.is_some(),
            })
            .collect())
    }

    /// Marks a message of the publisher's inbox as read.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn read_publisher_message(&self, auth: &PublisherAuth, id: InboxId) -> AppResult<()> {
        let mut tx = self.db().begin().await?;
        mark_read(&mut tx, &publisher_audience(auth.publisher), id).await?;
        Ok(tx.commit().await?)
    }

    /// The publisher's alerts, latest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn publisher_alerts(
        &self,
        auth: &PublisherAuth,
        open_only: bool,
    ) -> AppResult<Vec<Alert>> {
        Ok(list_alerts(self.db(), &publisher_audience(auth.publisher), open_only).await?)
    }
}

async fn audit(
    tx: &mut px_store::Tx,
    auth: &PublisherAuth,
    action: &str,
    id: EndpointId,
) -> AppResult<()> {
    tx.audit(AuditEntry {
        actor: auth.actor.clone(),
        action: action.to_owned(),
        subject: id.to_string(),
        tenant: None,
        detail: json!({ "publisher": auth.publisher }),
    })
    .await?;
    Ok(())
}
