//! One event for many receivers, in few statements.

use std::collections::HashMap;

use px_model::{EndpointId, Event};
use px_store::{Result, StoreError, Tx};

use crate::notice::queue_all;
use crate::store::endpoints;
use crate::{Channel, Endpoint, MailText};

/// What one receiver of an event gets.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Where it goes.
    pub endpoint: EndpointId,
    /// The text for a mail address; a webhook gets the event itself.
    pub mail: Option<MailText>,
}

/// Queues an event for many endpoints, as [`crate::send_webhook_about`] and
/// [`crate::send_mail_about`] do for one: the same event to the same endpoint is one notice, however
/// often this is called. Endpoints that were removed meanwhile are left out.
///
/// # Errors
/// [`StoreError::Missing`] when a webhook is to get a mail, or a mail address none.
pub async fn send_all(tx: &mut Tx, topic: &str, event: &Event, parcels: Vec<Parcel>) -> Result<()> {
    let ids: Vec<EndpointId> = parcels.iter().map(|parcel| parcel.endpoint).collect();
    let found = endpoints::load_all(tx, &ids).await?;
    let found: HashMap<EndpointId, Endpoint> = found.into_iter().map(|e| (e.id, e)).collect();
    let webhook = serde_json::to_string(event)?;
    let mut texts = Vec::new();
    for parcel in parcels {
        let Some(endpoint) = found.get(&parcel.endpoint) else {
            continue;
        };
        let text = match (endpoint.kind.channel(), parcel.mail) {
            (Channel::Webhook, None) => None,
            (Channel::Mail, Some(mail)) => Some(serde_json::to_string(&mail)?),
            (Channel::Webhook, Some(_)) => return Err(StoreError::Missing("mail endpoint")),
            (Channel::Mail | Channel::Inbox, _) => {
                return Err(StoreError::Missing("webhook endpoint"));
            }
        };
        texts.push((endpoint, text));
    }
    let texts: Vec<(&Endpoint, &str)> = texts
        .iter()
        .map(|(endpoint, text)| (*endpoint, text.as_deref().unwrap_or(&webhook)))
        .collect();
    queue_all(tx, topic, Some(&event.id), &texts)
        .await
        .map(drop)
}
