//! Tenants that want to be told about a plugin.

use px_model::{Channel, EndpointId, InstallationId, PluginId, SubscriptionId, UpgradePolicy};
use px_store::{Db, Result, Row, Tx, vals};

/// A subscription as stored.
#[derive(Debug, Clone)]
pub struct SubscriptionRow {
    /// Its id.
    pub id: SubscriptionId,
    /// Installation that made it.
    pub installation: InstallationId,
    /// Tenant, as the installation names it.
    pub tenant_ref: String,
    /// Its name for people.
    pub tenant_name: String,
    /// Plugin.
    pub plugin: PluginId,
    /// Channel.
    pub channel: Channel,
    /// What the tenant does with news.
    pub policy: UpgradePolicy,
    /// `en` or `zh-CN`.
    pub language: String,
    /// Webhook address.
    pub webhook_url: Option<String>,
    /// Endpoint of the webhook.
    pub webhook: Option<EndpointId>,
    /// Mail address.
    pub email: Option<String>,
    /// Endpoint of the mail address.
    pub mail: Option<EndpointId>,
}

fn from_row(row: &Row) -> Result<SubscriptionRow> {
    Ok(SubscriptionRow {
        id: row.parse("id")?,
        installation: row.parse("installation")?,
        tenant_ref: row.text("tenant_ref")?,
        tenant_name: row.text("tenant_name")?,
        plugin: row.parse("plugin")?,
        channel: row.parse("channel")?,
        policy: row.parse("policy")?,
        language: row.text("language")?,
        webhook_url: row.opt_text("webhook_url")?,
        webhook: row.opt_parse("webhook")?,
        email: row.opt_text("email")?,
        mail: row.opt_parse("mail")?,
    })
}

/// Writes or replaces the subscription of a tenant to a plugin.
///
/// # Errors
/// When the engine is away.
pub async fn put(tx: &mut Tx, s: &SubscriptionRow) -> Result<()> {
    let now = tx.env().now();
    tx.exec(
        "INSERT INTO subscriptions (id, installation, tenant_ref, tenant_name, plugin, channel, policy, language,
             webhook_url, webhook, email, mail, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (installation, tenant_ref, plugin) DO UPDATE SET tenant_name = excluded.tenant_name,
             channel = excluded.channel, policy = excluded.policy, language = excluded.language,
             webhook_url = excluded.webhook_url, webhook = excluded.webhook, email = excluded.email,
             mail = excluded.mail",
        vals![
            s.id, s.installation, &s.tenant_ref, &s.tenant_name, &s.plugin, s.channel, s.policy, &s.language,
            s.webhook_url.as_deref(), s.webhook, s.email.as_deref(), s.mail, now
        ],
    )
    .await?;
    Ok(())
}

/// The subscription of a tenant to a plugin.
///
/// # Errors
/// When the engine is away.
pub async fn find(
    tx: &mut Tx,
    installation: InstallationId,
    tenant_ref: &str,
    plugin: &PluginId,
) -> Result<Option<SubscriptionRow>> {
    tx.opt(
        "SELECT * FROM subscriptions WHERE installation = $1 AND tenant_ref = $2 AND plugin = $3",
        vals![installation, tenant_ref, plugin],
    )
    .await?
    .as_ref()
    .map(from_row)
    .transpose()
}

/// A subscription of an installation by id.
///
/// # Errors
/// [`px_store::StoreError::Missing`] when the installation has none of that id.
pub async fn get(
    tx: &mut Tx,
    installation: InstallationId,
    id: SubscriptionId,
) -> Result<SubscriptionRow> {
    let row = tx
        .one(
            "subscription",
            "SELECT * FROM subscriptions WHERE id = $1 AND installation = $2",
            vals![id, installation],
        )
        .await?;
    from_row(&row)
}

/// Removes a subscription.
///
/// # Errors
/// When the engine is away.
pub async fn remove(tx: &mut Tx, id: SubscriptionId) -> Result<()> {
    tx.exec("DELETE FROM subscriptions WHERE id = $1", vals![id])
        .await?;
    Ok(())
}

/// An installation's subscriptions.
///
/// # Errors
/// When the engine is away.
pub async fn of_installation(
    db: &Db,
    installation: InstallationId,
) -> Result<Vec<SubscriptionRow>> {
    let rows = db
        .rows(
            "SELECT * FROM subscriptions WHERE installation = $1 ORDER BY tenant_ref, plugin",
            vals![installation],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Who wants to be told about a version on a channel, in the order of their ids, after one and at
/// most so many; those who asked for silence are left out.
///
/// # Errors
/// When the engine is away.
pub async fn to_tell(
    tx: &mut Tx,
    (plugin, channel): (&PluginId, Channel),
    after: Option<SubscriptionId>,
    most: u32,
) -> Result<Vec<SubscriptionRow>> {
    let after = after.map_or_else(String::new, |id| id.to_string());
    let rows = tx
        .rows(
            "SELECT * FROM subscriptions WHERE plugin = $1 AND channel = $2 AND policy <> 'off' AND id > $3
             ORDER BY id LIMIT $4",
            vals![plugin, channel, after, most],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// A tenant's name for people, as its newest subscription says.
///
/// # Errors
/// When the engine is away.
pub async fn tenant_name(
    db: &Db,
    installation: InstallationId,
    tenant_ref: &str,
) -> Result<Option<String>> {
    let sql = "SELECT tenant_name FROM subscriptions WHERE installation = $1 AND tenant_ref = $2 ORDER BY id DESC LIMIT 1";
    let rows = db.rows(sql, vals![installation, tenant_ref]).await?;
    rows.first().map(|row| row.text("tenant_name")).transpose()
}

/// Number of subscriptions to a plugin.
///
/// # Errors
/// When the engine is away.
pub async fn count(db: &Db, plugin: &PluginId) -> Result<u64> {
    let row = db
        .one(
            "count",
            "SELECT COUNT(*) AS n FROM subscriptions WHERE plugin = $1",
            vals![plugin],
        )
        .await?;
    super::row::unsigned(&row, "n")
}
