//! Tenants, how they are told, and what they were told.

use jiff::Timestamp;
use px_model::TenantId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Secret;

/// `POST /api/v1/admin/tenants`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantRequest {
    /// Name, unique in the installation.
    pub name: String,
    /// Whether it takes every release first.
    #[serde(default)]
    pub internal: bool,
}

/// A tenant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantView {
    /// Its id.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// Name.
    pub name: String,
    /// Whether it takes every release first.
    pub internal: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// An alert on the board.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertView {
    /// Alert's id.
    pub id: String,
    /// `page`, `alert` or `warning`.
    pub severity: String,
    /// Stable kind: `install.rolled_back`, `sla.breached`, `install.success_rate`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// What happened, what was done by itself, what can be done.
    pub body: String,
    /// Tenant, when it concerns one.
    #[schema(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
    /// Plugin, install or review it is about.
    pub subject: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who took note, when somebody did.
    pub acknowledged_by: Option<String>,
}

/// Answer to a change: the audit entry it left.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// Audit entry.
    pub audit_id: String,
}

/// `PUT /api/v1/admin/notifications`: the whole of where a tenant is told; what is missing is
/// taken away.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddressesRequest {
    /// Tenant, for platform operators.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
    /// Address that takes signed webhooks (Standard Webhooks).
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// Mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Language of mails, `en` or `zh-CN`; `en` when missing.
    #[serde(default)]
    pub language: Option<String>,
}

/// `GET /api/v1/admin/notifications`: where a tenant is told. Its inbox always is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressesView {
    /// Tenant.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// Address that takes signed webhooks.
    pub webhook_url: Option<String>,
    /// Since when the webhook's present secret is used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub webhook_secret_at: Option<Timestamp>,
    /// Mail address.
    pub email: Option<String>,
    /// Language of mails, `en` or `zh-CN`.
    pub language: String,
    /// When it was changed; missing when nothing was ever set.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub changed_at: Option<Timestamp>,
    /// Plugins whose news the tenant wants.
    pub plugins: u32,
    /// Of them those the Marketplace does not know the present state of yet.
    pub pending: u32,
    /// What the Marketplace refused the last time, until it takes it.
    pub refused: Option<String>,
}

/// Answer to a change of where a tenant is told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressesSaved {
    /// Where the tenant is told now.
    pub addresses: AddressesView,
    /// The webhook's signing secret, shown this once, when it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub webhook_secret: Option<Secret>,
    /// Audit entry.
    pub audit_id: String,
}

/// `POST /api/v1/admin/notifications/secret`: a new signing secret for the tenant's webhook.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretRequest {
    /// Tenant, for platform operators.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
}
