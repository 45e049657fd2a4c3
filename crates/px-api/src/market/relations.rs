//! Keys, subscriptions, reported outcomes, inbox and identity.

use jiff::Timestamp;
use px_model::{
    Channel, InstallId, KeyId, PluginId, PublisherId, SubscriptionId, UpgradePolicy, VersionId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Secret;

/// `POST /api/marketplace/publisher/keys`: registers a signing key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRequest {
    /// Ed25519 public key, PEM (SubjectPublicKeyInfo).
    pub public_key: String,
    /// For people: `ci`, `laptop`.
    pub name: String,
}

/// `POST …/keys/{keyId}/revoke`: revokes a signing key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRevocation {
    /// Why; kept with the key and in the audit log.
    pub reason: String,
}

/// A registered key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    /// Key's id.
    #[schema(value_type = String)]
    pub key_id: KeyId,
    /// Publisher.
    #[schema(value_type = String)]
    pub publisher_id: PublisherId,
    /// Name for people.
    pub name: String,
    /// SHA-256 of the public key, hexadecimal.
    pub fingerprint: String,
    /// Certificate chain, PEM, leaf first.
    pub certificate_chain: String,
    /// Certificate's serial number.
    pub serial: String,
    /// Until when it may sign.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: Timestamp,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// `POST /api/marketplace/subscriptions`: a tenant wants to be told about a plugin.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubscriptionRequest {
    /// The tenant, as its installation names it.
    pub tenant_ref: String,
    /// Name for people.
    pub tenant_name: String,
    /// Plugin to be told about.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Channel.
    #[schema(value_type = String)]
    pub channel: Channel,
    /// What the tenant does with news; for the publisher's plan.
    #[schema(value_type = String)]
    pub policy: UpgradePolicy,
    /// Webhook address, https.
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// Mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// `en` or `zh-CN`, for mail.
    #[serde(default)]
    pub language: Option<String>,
    /// Signing secret the receiver has already (`whsec_…`); without it a new webhook gets one.
    /// Another one than before replaces it: for a day messages are signed with both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub webhook_secret: Option<Secret>,
    /// Leaves addresses, secret and language of an earlier subscription as they are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_addresses: bool,
}

/// A subscription.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionView {
    /// Subscription's id.
    #[schema(value_type = String)]
    pub subscription_id: SubscriptionId,
    /// Tenant.
    pub tenant_ref: String,
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Standard Webhooks secret (`whsec_…`), shown once, when a webhook was given.
    pub webhook_secret: Option<String>,
}

/// What became of a version at a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The tenant's inbox has the news and the version can be installed.
    Installable,
    /// Installed for good.
    Committed,
    /// Failed before it got traffic.
    Failed,
    /// Taken back by itself.
    RolledBack,
    /// Taken back by a person.
    RolledBackByHand,
}

/// `POST /api/marketplace/outcomes`: an installation reports; the publisher is alerted of failures.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutcomeReport {
    /// Unique per report; the same twice counts once.
    pub report_id: String,
    /// Tenant, as its installation names it.
    pub tenant_ref: String,
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Version's id.
    #[schema(value_type = String)]
    pub version_id: VersionId,
    /// Install, when there was one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub install_id: Option<InstallId>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in words without tenant data.
    #[serde(default)]
    pub reason: Option<String>,
    /// Stable code of the cause.
    #[serde(default)]
    pub code: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Seconds from start to end of the operation.
    #[serde(default)]
    pub seconds: Option<f64>,
}

/// A message for a publisher.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboxMessage {
    /// Message's id.
    pub id: String,
    /// `info`, `warning` or `alert`.
    pub level: String,
    /// One line.
    pub title: String,
    /// The whole, Markdown.
    pub body: String,
    /// What it is about, when one thing.
    pub subject: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whether somebody has read it.
    pub read: bool,
}

/// OAuth2 token answer (RFC 6749 section 5.1).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenAnswer {
    /// The token.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until it expires.
    pub expires_in: u64,
    /// Scopes, separated by spaces.
    pub scope: String,
}

/// Who a token belongs to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhoAmI {
    /// Account's or client's name.
    pub name: String,
    /// Publisher, for publishers.
    #[schema(value_type = Option<String>)]
    pub publisher_id: Option<PublisherId>,
    /// Publisher's name.
    pub publisher_name: Option<String>,
    /// Scopes of the token.
    pub scopes: Vec<String>,
    /// Until when it holds.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}
