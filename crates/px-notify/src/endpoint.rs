//! Where notices go: webhooks and mail addresses, each with an owner.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use px_model::EndpointId;
use px_store::{Db, Env, Result, StoreError, Tx};
use serde::Serialize;
use url::Url;

use crate::store::endpoints;
use crate::text::words;
use crate::{Channel, NotifyError};

/// How long the secret before the present one is still used beside it.
const OLD_SECRET_FOR: Duration = Duration::from_secs(24 * 3600);

words! {
    /// Whether an endpoint is used.
    EndpointState {
        /// Notices are delivered.
        Active = "active",
        /// The receiver answered `410 Gone`, or an operator switched it off.
        Disabled = "disabled",
        /// Taken away by its owner; kept as a proof of what was sent.
        Removed = "removed",
    }
}

words! {
    /// Languages mails are written in (BCP 47).
    Language {
        /// English.
        English = "en",
        /// Simplified Chinese.
        Chinese = "zh-CN",
    }
}

/// What an endpoint is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum EndpointKind {
    /// A URL that takes Standard Webhooks.
    Webhook {
        /// `http` or `https`.
        url: Url,
    },
    /// A mail address.
    Mail {
        /// `name@example.com`.
        address: String,
        /// Language its owner reads.
        language: Language,
    },
}

impl EndpointKind {
    /// Which channel serves it.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Webhook { .. } => Channel::Webhook,
            Self::Mail { .. } => Channel::Mail,
        }
    }
}

/// An endpoint to be added.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Whose it is, written as audiences are: `tenant:ten_…`, `publisher:org_…`;
    /// [`crate::ALERT_OWNER`] for every alert.
    pub owner: String,
    /// Where to.
    pub kind: EndpointKind,
}

/// An endpoint as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose it is.
    pub owner: String,
    /// Where to.
    #[serde(flatten)]
    pub kind: EndpointKind,
    /// Whether it is used.
    pub state: EndpointState,
    /// Why it is not used.
    pub reason: Option<String>,
    /// Failed attempts in a row.
    pub failures: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// Last attempt that arrived.
    pub last_ok_at: Option<Timestamp>,
    /// Last attempt that did not.
    pub last_failed_at: Option<Timestamp>,
    /// Signing secret `whsec_…` of a webhook; only present in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Adds an endpoint; a webhook gets a signing secret, shown this once.
///
/// # Errors
/// [`NotifyError::Url`] or [`NotifyError::Address`] when the target cannot be one.
pub async fn add_endpoint(tx: &mut Tx, new: NewEndpoint) -> Result<Endpoint, NotifyError> {
    add_with_secret(tx, new, None).await
}

/// As [`add_endpoint`], with a secret that the receiver already has.
///
/// # Errors
/// As [`add_endpoint`], and [`NotifyError::Secret`].
pub async fn add_with_secret(
    tx: &mut Tx,
    new: NewEndpoint,
    secret: Option<String>,
) -> Result<Endpoint, NotifyError> {
    check_kind(&new.kind)?;
    let secret = match &new.kind {
        EndpointKind::Webhook { .. } => Some(secret.unwrap_or_else(|| fresh_secret(tx.env()))),
        EndpointKind::Mail { .. } => None,
    };
    if let Some(secret) = &secret {
        usable(secret)?;
    }
    let mut endpoint = Endpoint {
        id: EndpointId::from_uuid(tx.env().uuid()),
        owner: new.owner,
        kind: new.kind,
        state: EndpointState::Active,
        reason: None,
        failures: 0,
        created_at: tx.env().now(),
        last_ok_at: None,
        last_failed_at: None,
        secret: None,
    };
    endpoints::insert(tx, &endpoint, secret.as_deref()).await?;
    endpoint.secret = secret;
    Ok(endpoint)
}

/// Whether notices could go there at all; where a webhook's name leads is checked when connecting.
///
/// # Errors
/// [`NotifyError::Url`] or [`NotifyError::Address`].
pub fn check_kind(kind: &EndpointKind) -> Result<(), NotifyError> {
    match kind {
        EndpointKind::Webhook { url } => acceptable(url),
        EndpointKind::Mail { address, .. } => crate::mail::mailbox(address).map(drop),
    }
}

/// One endpoint, removed ones included.
///
/// # Errors
/// When the engine is away.
pub async fn get_endpoint(db: &Db, id: EndpointId) -> Result<Option<Endpoint>> {
    endpoints::find(db, id).await
}

/// An owner's endpoints, oldest first, removed ones left out.
///
/// # Errors
/// When the engine is away.
pub async fn list_endpoints(db: &Db, owner: &str) -> Result<Vec<Endpoint>> {
    endpoints::of_owner(db, owner).await
}

/// An owner's endpoints that are in use, oldest first, as the caller's transaction sees them.
///
/// # Errors
/// When the engine is away.
pub async fn active_endpoints(tx: &mut Tx, owner: &str) -> Result<Vec<Endpoint>> {
    endpoints::active_of_owner(tx, owner).await
}

/// Takes an endpoint away and forgets its secret; what waits for it becomes a dead letter.
///
/// # Errors
/// [`StoreError::Stale`] when there is none.
pub async fn remove_endpoint(tx: &mut Tx, id: EndpointId) -> Result<()> {
    endpoints::retire(tx, id, EndpointState::Removed, "the endpoint was removed").await
}

/// Uses a disabled endpoint again. Its dead letters stay where they are until sent again.
///
/// # Errors
/// [`StoreError::Stale`] when there is none.
pub async fn enable_endpoint(tx: &mut Tx, id: EndpointId) -> Result<()> {
    endpoints::enable(tx, id).await
}

/// Gives a webhook a new secret, shown this once. For a day messages are signed with both, so that
/// the receiver can change over in between.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such webhook.
pub async fn rotate_secret(tx: &mut Tx, id: EndpointId) -> Result<String, StoreError> {
    let secret = fresh_secret(tx.env());
    let until = tx.env().now() + OLD_SECRET_FOR;
    endpoints::set_secret(tx, id, &secret, until).await?;
    Ok(secret)
}

/// As [`rotate_secret`], with a secret the receiver chose. Answers whether it is another one than
/// before; the same one twice changes nothing.
///
/// # Errors
/// [`NotifyError::Secret`] when it cannot be one.
pub async fn give_secret(tx: &mut Tx, id: EndpointId, secret: &str) -> Result<bool, NotifyError> {
    usable(secret)?;
    if endpoints::has_secret(tx, id, secret).await? {
        return Ok(false);
    }
    let until = tx.env().now() + OLD_SECRET_FOR;
    endpoints::set_secret(tx, id, secret, until).await?;
    Ok(true)
}

/// Signs with a secret the receiver chose, from now on and with no other.
pub(crate) async fn use_secret(
    tx: &mut Tx,
    id: EndpointId,
    secret: &str,
) -> Result<(), NotifyError> {
    usable(secret)?;
    endpoints::replace_secret(tx, id, secret).await?;
    Ok(())
}

/// A signing secret as Standard Webhooks has them: `whsec_` and 32 random bytes in base64.
#[must_use]
pub fn fresh_secret(env: &Env) -> String {
    format!("whsec_{}", STANDARD.encode(env.random_bytes(32)))
}

/// Whether a secret has the form and strength that Standard Webhooks asks for.
fn usable(secret: &str) -> Result<(), NotifyError> {
    secret
        .strip_prefix("whsec_")
        .and_then(|key| STANDARD.decode(key).ok())
        .filter(|key| (24..=64).contains(&key.len()))
        .map(drop)
        .ok_or(NotifyError::Secret)
}

/// Whether a URL can be a webhook at all; where it leads is checked when connecting.
fn acceptable(url: &Url) -> Result<(), NotifyError> {
    let reason = if !matches!(url.scheme(), "https" | "http") {
        "must begin with https:// or http://"
    } else if url.host_str().is_none_or(str::is_empty) {
        "has no host"
    } else if !url.username().is_empty() || url.password().is_some() {
        "must not contain a user or password; messages are signed instead"
    } else if url.fragment().is_some() {
        "must not contain a fragment (#…)"
    } else if url.as_str().len() > 2048 {
        "is longer than 2048 characters"
    } else {
        return Ok(());
    };
    let mut shown = url.clone();
    let _ = shown.set_password(None);
    let _ = shown.set_username("");
    Err(NotifyError::Url {
        url: crate::text::shorten(shown.as_str(), 200),
        reason,
    })
}
