//! Where tenants are told besides their inbox.

use jiff::Timestamp;
use px_api::Secret;
use px_model::TenantId;
use px_store::{Db, Result, Row, Tx, vals};

use crate::app::authority::TenantScope;

/// A tenant's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Address that takes signed webhooks.
    pub webhook_url: Option<String>,
    /// What its messages are signed with.
    pub webhook_secret: Option<Secret>,
    /// Since when.
    pub secret_at: Option<Timestamp>,
    /// Mail address.
    pub email: Option<String>,
    /// `en` or `zh-CN`.
    pub language: String,
    /// When it was changed.
    pub changed_at: Timestamp,
}

fn from_row(row: &Row) -> Result<Addresses> {
    Ok(Addresses {
        webhook_url: row.opt_text("webhook_url")?,
        webhook_secret: row.opt_text("webhook_secret")?.map(Secret::new),
        secret_at: row.opt_time("secret_at")?,
        email: row.opt_text("email")?,
        language: row.text("language")?,
        changed_at: row.time("changed_at")?,
    })
}

const READ: &str = "SELECT * FROM addresses WHERE tenant = $1 AND ($2 IS NULL OR tenant = $2)";

/// A tenant's addresses, when it ever set any.
///
/// # Errors
/// When the engine is away.
pub async fn get(db: &Db, scope: &TenantScope, tenant: TenantId) -> Result<Option<Addresses>> {
    let row = db.opt(READ, vals![tenant, scope.tenant()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The same within a transaction.
///
/// # Errors
/// When the engine is away.
pub async fn get_in(
    tx: &mut Tx,
    scope: &TenantScope,
    tenant: TenantId,
) -> Result<Option<Addresses>> {
    let row = tx.opt(READ, vals![tenant, scope.tenant()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Writes a tenant's addresses.
///
/// # Errors
/// When the engine is away.
pub async fn put(tx: &mut Tx, tenant: TenantId, it: &Addresses) -> Result<()> {
    let secret = it.webhook_secret.as_ref().map(Secret::reveal);
    tx.exec(
        "INSERT INTO addresses (tenant, webhook_url, webhook_secret, secret_at, email, language, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant) DO UPDATE SET webhook_url = excluded.webhook_url,
             webhook_secret = excluded.webhook_secret, secret_at = excluded.secret_at,
             email = excluded.email, language = excluded.language, changed_at = excluded.changed_at",
        vals![
            tenant, it.webhook_url.as_deref(), secret, it.secret_at, it.email.as_deref(), &it.language,
            it.changed_at
        ],
    )
    .await?;
    Ok(())
}

/// How far the Marketplace knows a tenant's wishes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Plugins the tenant wants to be told about.
    pub plugins: i64,
    /// Of them those whose present wish the Marketplace does not know yet.
    pub pending: i64,
    /// What the Marketplace refused, when it did.
    pub refused: Option<String>,
}

/// How far the Marketplace knows a tenant's wishes.
///
/// # Errors
/// When the engine is away.
pub async fn line(db: &Db, scope: &TenantScope, tenant: TenantId) -> Result<Line> {
    let row = db
        .one(
            "subscriptions",
            "SELECT COUNT(*) AS plugins, COUNT(CASE WHEN told IS NULL OR told <> wish THEN 1 END) AS pending,
                 MAX(refused) AS refused
             FROM subscriptions WHERE tenant = $1 AND ($2 IS NULL OR tenant = $2)",
            vals![tenant, scope.tenant()],
        )
        .await?;
    Ok(Line {
        plugins: row.int("plugins")?,
        pending: row.int("pending")?,
        refused: row.opt_text("refused")?,
    })
}
