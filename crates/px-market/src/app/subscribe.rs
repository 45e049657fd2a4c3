//! Tenants' wishes to be told about a plugin.

use px_api::market::{SubscriptionRequest, SubscriptionView};
use px_api::{Code, Problem, Secret};
use px_model::{EndpointId, SubscriptionId};
use px_notify::{
    EndpointKind, NewEndpoint, NotifyError, add_with_secret, enable_endpoint, give_secret,
    remove_endpoint,
};
use px_store::{AuditEntry, Tx};
use serde_json::json;

use super::authority::InstallationAuth;
use super::error::{AppError, AppResult};
use super::messages::tenant_audience;
use super::templates::LANGUAGES;
use crate::Market;
use crate::store::subscriptions::{self, SubscriptionRow};

impl Market {
    /// Subscribes a tenant to a plugin, or changes its subscription. The webhook's secret is in the
    /// answer only when the webhook is new.
    ///
    /// # Errors
    /// `PX-0005` and `PX-0602` naming fields.
    pub async fn subscribe(
        &self,
        auth: &InstallationAuth,
        request: &SubscriptionRequest,
    ) -> AppResult<SubscriptionView> {
        let language = language(request.language.as_deref())?;
        tenant_ref(&request.tenant_ref)?;
        let mut tx = self.db().begin().await?;
        let old = subscriptions::find(
            &mut tx,
            auth.installation,
            &request.tenant_ref,
            &request.plugin_id,
        )
        .await?;
        let mut row = self.wanted(&tx, auth, request, language, old.as_ref());
        let given = request.webhook_secret.as_ref().map(Secret::reveal);
        let secret = self
            .endpoints(&mut tx, &mut row, old.as_ref(), given)
            .await?;
        subscriptions::put(&mut tx, &row).await?;
        let detail = json!({
            "plugin": row.plugin, "tenantRef": row.tenant_ref, "channel": row.channel,
            "policy": row.policy, "webhook": row.webhook.is_some(), "mail": row.mail.is_some(),
        });
        audit(&mut tx, auth, "subscription.set", row.id, detail).await?;
        tx.commit().await?;
        Ok(view(&row, secret))
    }

    fn wanted(
        &self,
        tx: &Tx,
        auth: &InstallationAuth,
        request: &SubscriptionRequest,
        language: &str,
        old: Option<&SubscriptionRow>,
    ) -> SubscriptionRow {
        let fresh = || SubscriptionId::from_uuid(tx.env().uuid());
        let asked = |text: &Option<String>| text.clone().filter(|t| !t.is_empty());
        let kept = old.filter(|_| request.keep_addresses);
        SubscriptionRow {
            id: old.map_or_else(fresh, |old| old.id),
            installation: auth.installation,
            tenant_ref: request.tenant_ref.clone(),
            tenant_name: request.tenant_name.clone(),
            plugin: request.plugin_id.clone(),
            channel: request.channel,
            policy: self.config().limited_policy(
                &request.tenant_ref,
                request.channel,
                request.policy,
            ),
            language: kept.map_or_else(|| language.to_owned(), |old| old.language.clone()),
            webhook_url: kept
                .map_or_else(|| asked(&request.webhook_url), |o| o.webhook_url.clone()),
            webhook: None,
            email: kept.map_or_else(|| asked(&request.email), |old| old.email.clone()),
            mail: None,
        }
    }

    /// Keeps endpoints that did not change, removes and adds the others; answers a new webhook's
    /// secret, unless the receiver `given` it.
    async fn endpoints(
        &self,
        tx: &mut Tx,
        row: &mut SubscriptionRow,
        old: Option<&SubscriptionRow>,
        given: Option<&str>,
    ) -> AppResult<Option<String>> {
        let same_url = old.is_some_and(|o| o.webhook_url == row.webhook_url);
        let same_mail = old.is_some_and(|o| o.email == row.email && o.language == row.language);
        let mut secret = None;
        if same_url {
            row.webhook = old.and_then(|o| o.webhook);
            if let (Some(id), Some(given)) = (row.webhook, given) {
                another_secret(tx, id, given).await?;
            }
        } else {
            drop_endpoint(tx, old.and_then(|o| o.webhook)).await?;
            if let Some(text) = &row.webhook_url {
                let url = text.parse().map_err(|_| bad("/webhookUrl", text))?;
                let made = make(tx, row, EndpointKind::Webhook { url }, given).await?;
                row.webhook = Some(made.0);
                secret = made.1.filter(|_| given.is_none());
            }
        }
        if same_mail {
            row.mail = old.and_then(|o| o.mail);
        } else {
            drop_endpoint(tx, old.and_then(|o| o.mail)).await?;
            if let Some(address) = row.email.clone() {
                let language = row.language.parse().unwrap_or(px_notify::Language::English);
                let kind = EndpointKind::Mail { address, language };
                row.mail = Some(make(tx, row, kind, None).await?.0);
            }
        }
        Ok(secret)
    }

    /// Ends a subscription; what is still on its way to its endpoints is not sent.
    ///
    /// # Errors
    /// `PX-0003` when the installation has none of that id.
    pub async fn unsubscribe(&self, auth: &InstallationAuth, id: SubscriptionId) -> AppResult<()> {
        let mut tx = self.db().begin().await?;
        let row = subscriptions::get(&mut tx, auth.installation, id).await?;
        drop_endpoint(&mut tx, row.webhook).await?;
        drop_endpoint(&mut tx, row.mail).await?;
        subscriptions::remove(&mut tx, id).await?;
        let detail = json!({ "plugin": row.plugin, "tenantRef": row.tenant_ref });
        audit(&mut tx, auth, "subscription.ended", id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// The installation's subscriptions.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn subscriptions(&self, auth: &InstallationAuth) -> AppResult<Vec<SubscriptionView>> {
        let rows = subscriptions::of_installation(self.db(), auth.installation).await?;
        Ok(rows.iter().map(|row| view(row, None)).collect())
    }
}

fn view(row: &SubscriptionRow, webhook_secret: Option<String>) -> SubscriptionView {
    SubscriptionView {
        subscription_id: row.id,
        tenant_ref: row.tenant_ref.clone(),
        plugin_id: row.plugin.clone(),
        webhook_secret,
    }
}

async fn make(
    tx: &mut Tx,
    row: &SubscriptionRow,
    kind: EndpointKind,
    secret: Option<&str>,
) -> AppResult<(EndpointId, Option<String>)> {
    let new = NewEndpoint {
        owner: tenant_audience(row),
        kind,
    };
    let made = add_with_secret(tx, new, secret.map(str::to_owned)).await;
    let endpoint = made.map_err(notify_problem)?;
    Ok((endpoint.id, endpoint.secret))
}

/// Whoever brings a new secret wants the webhook used, also when its receiver had sent it away.
async fn another_secret(tx: &mut Tx, id: EndpointId, secret: &str) -> AppResult<()> {
    if give_secret(tx, id, secret).await.map_err(notify_problem)? {
        enable_endpoint(tx, id).await?;
    }
    Ok(())
}

async fn drop_endpoint(tx: &mut Tx, endpoint: Option<EndpointId>) -> AppResult<()> {
    if let Some(id) = endpoint {
        remove_endpoint(tx, id).await?;
    }
    Ok(())
}

/// What the caller is told when an endpoint cannot be one.
pub(crate) fn notify_problem(e: NotifyError) -> AppError {
    let pointer = match &e {
        NotifyError::Url { .. } => "/webhookUrl",
        NotifyError::Address(_) => "/email",
        NotifyError::Secret => "/webhookSecret",
        NotifyError::Setting { .. } => return AppError::Fault(e.to_string()),
        NotifyError::Store(_) => {
            let NotifyError::Store(e) = e else {
                return AppError::Fault(e.to_string());
            };
            return e.into();
        }
    };
    let remedy = match &e {
        NotifyError::Secret => "Give `whsec_` followed by 24 to 64 bytes in base64",
        _ => "Give an https URL or a mail address",
    };
    Problem::new(Code::EndpointInvalid, e.to_string())
        .field(pointer, e.to_string(), remedy)
        .into()
}

fn bad(pointer: &str, text: &str) -> Problem {
    let what = format!(
        "`{}` is not a URL",
        text.chars().take(80).collect::<String>()
    );
    Problem::new(Code::EndpointInvalid, what.clone()).field(pointer, what, "Give an https URL")
}

pub(crate) fn language(asked: Option<&str>) -> AppResult<&'static str> {
    let asked = asked.unwrap_or(LANGUAGES[0]);
    LANGUAGES.into_iter().find(|l| *l == asked).ok_or_else(|| {
        Problem::new(Code::InvalidField, "this language is not offered")
            .field(
                "/language",
                "this language is not offered",
                "Use `en` or `zh-CN`",
            )
            .into()
    })
}

fn tenant_ref(text: &str) -> AppResult<()> {
    let ok = !text.is_empty() && text.len() <= 200 && !text.chars().any(char::is_control);
    if ok {
        return Ok(());
    }
    Err(Problem::new(Code::InvalidField, "the tenant is not named")
        .field(
            "/tenantRef",
            "it has 1 to 200 characters",
            "Send the tenant's id",
        )
        .into())
}

async fn audit(
    tx: &mut Tx,
    auth: &InstallationAuth,
    action: &str,
    id: SubscriptionId,
    detail: serde_json::Value,
) -> AppResult<()> {
    tx.audit(AuditEntry {
        actor: auth.actor.clone(),
        action: action.to_owned(),
        subject: id.to_string(),
        tenant: None,
        detail,
    })
    .await?;
    Ok(())
}
