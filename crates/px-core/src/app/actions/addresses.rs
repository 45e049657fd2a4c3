//! Where a tenant is told besides its inbox.

use px_api::core::{AddressesRequest, AddressesSaved, AddressesView};
use px_api::{Code, Problem, Secret};
use px_model::{AuditId, TenantId};
use px_notify::{EndpointKind, Language, NotifyError, check_kind, check_url, fresh_secret};
use px_store::{AuditEntry, Env, Tx};
use serde_json::{Value, json};
use url::{Host, Url};

use crate::Core;
use crate::app::authority::{TenantAdmin, TenantScope};
use crate::app::error::{AppError, AppResult};
use crate::store::addresses::{self, Addresses};
use crate::store::holdings;

impl Core {
    /// `GET /api/v1/admin/notifications`.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn addresses(&self, tenant: TenantId) -> AppResult<AddressesView> {
        let scope = TenantScope::one(tenant);
        let it = addresses::get(self.db(), &scope, tenant).await?;
        let line = addresses::line(self.db(), &scope, tenant).await?;
        let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        let language = it.as_ref().map(|a| a.language.clone());
        Ok(AddressesView {
            tenant_id: tenant,
            webhook_url: it.as_ref().and_then(|a| a.webhook_url.clone()),
            webhook_secret_at: it.as_ref().and_then(|a| a.secret_at),
            email: it.as_ref().and_then(|a| a.email.clone()),
            language: language.unwrap_or_else(|| Language::English.as_str().to_owned()),
            changed_at: it.map(|a| a.changed_at),
            plugins: count(line.plugins),
            pending: count(line.pending),
            refused: line.refused,
        })
    }

    /// `PUT /api/v1/admin/notifications`: sets where the tenant is told. A webhook at another
    /// address gets a new secret, which is in the answer this once.
    ///
    /// # Errors
    /// `PX-0602`, `PX-0601` and `PX-0005` naming fields.
    pub async fn set_addresses(
        &self,
        admin: &TenantAdmin,
        request: &AddressesRequest,
    ) -> AppResult<AddressesSaved> {
        let (url, email, language) = checked(request, self.config().allow_private_addresses)?;
        let (scope, tenant) = (admin.scope(), admin.tenant);
        let mut tx = self.db().begin().await?;
        let before = addresses::get_in(&mut tx, &scope, tenant).await?;
        let kept = before.as_ref().filter(|b| b.webhook_url == url);
        let (now, fresh) = (tx.env().now(), url.is_some() && kept.is_none());
        let (webhook_secret, secret_at) = match kept {
            _ if fresh => (Some(secret(tx.env())), Some(now)),
            Some(kept) => (kept.webhook_secret.clone(), kept.secret_at),
            None => (None, None),
        };
        let after = Addresses {
            webhook_url: url,
            webhook_secret,
            secret_at,
            email,
            language,
            changed_at: now,
        };
        let audit_id = keep(&mut tx, admin, before.as_ref(), &after).await?;
        tx.commit().await?;
        Ok(AddressesSaved {
            addresses: self.addresses(tenant).await?,
            webhook_secret: after.webhook_secret.filter(|_| fresh),
            audit_id: audit_id.to_string(),
        })
    }

    /// `POST /api/v1/admin/notifications/secret`: a new secret for the tenant's webhook, in the
    /// answer this once. For a day messages are signed with the one before, too.
    ///
    /// # Errors
    /// `PX-0602` when the tenant has no webhook.
    pub async fn renew_webhook_secret(&self, admin: &TenantAdmin) -> AppResult<AddressesSaved> {
        let mut tx = self.db().begin().await?;
        let before = addresses::get_in(&mut tx, &admin.scope(), admin.tenant).await?;
        let Some(before) = before.filter(|b| b.webhook_url.is_some()) else {
            let what = "there is no webhook that could be signed";
            return Err(Problem::new(Code::EndpointInvalid, capital(what))
                .field("/webhookUrl", what, "set a webhook URL first")
                .into());
        };
        let (now, fresh) = (tx.env().now(), secret(tx.env()));
        let after = Addresses {
            webhook_secret: Some(fresh.clone()),
            secret_at: Some(now),
            changed_at: now,
            ..before
        };
        addresses::put(&mut tx, admin.tenant, &after).await?;
        holdings::changed(&mut tx, admin.tenant, None).await?;
        let detail = json!({"webhookUrl": after.webhook_url});
        let audit_id = audit(&mut tx, admin, "addresses.secret_renewed", detail).await?;
        tx.commit().await?;
        Ok(AddressesSaved {
            addresses: self.addresses(admin.tenant).await?,
            webhook_secret: Some(fresh),
            audit_id: audit_id.to_string(),
        })
    }
}

async fn keep(
    tx: &mut Tx,
    admin: &TenantAdmin,
    before: Option<&Addresses>,
    after: &Addresses,
) -> AppResult<AuditId> {
    addresses::put(tx, admin.tenant, after).await?;
    holdings::changed(tx, admin.tenant, None).await?;
    let detail = json!({"before": before.map(shown), "after": shown(after)});
    audit(tx, admin, "addresses.set", detail).await
}

/// What the audit log keeps: everything but the secret.
fn shown(it: &Addresses) -> Value {
    json!({"webhookUrl": it.webhook_url, "email": it.email, "language": it.language})
}

async fn audit(
    tx: &mut Tx,
    admin: &TenantAdmin,
    action: &str,
    detail: Value,
) -> AppResult<AuditId> {
    let entry = AuditEntry {
        actor: admin.actor.clone(),
        action: action.to_owned(),
        subject: admin.tenant.to_string(),
        tenant: Some(admin.tenant),
        detail,
    };
    Ok(tx.audit(entry).await?)
}

fn secret(env: &Env) -> Secret {
    Secret::new(fresh_secret(env))
}

/// The request's fields, each of a form the Marketplace takes. Every fault is named at once.
fn checked(
    request: &AddressesRequest,
    private: bool,
) -> AppResult<(Option<String>, Option<String>, String)> {
    let given = |text: &Option<String>| {
        let text = text.as_deref().map(str::trim).filter(|t| !t.is_empty());
        text.map(str::to_owned)
    };
    let (url, email) = (given(&request.webhook_url), given(&request.email));
    let language = given(&request.language);
    let language = language.unwrap_or_else(|| Language::English.as_str().to_owned());
    let mut wrong = Vec::new();
    if let Some(Err((code, what))) = url.as_deref().map(|u| webhook(u, private)) {
        let remedy = match code {
            Code::AddressRefused => "give an address that is reachable from the internet",
            _ => "give an address such as https://hooks.example.com/powerx",
        };
        wrong.push((code, "/webhookUrl", what, remedy));
    }
    if let Some(Err(what)) = email.as_deref().map(mail) {
        let remedy = "give one address such as ops@example.com";
        wrong.push((Code::EndpointInvalid, "/email", what, remedy));
    }
    if language.parse::<Language>().is_err() {
        let what = "this language is not offered".to_owned();
        wrong.push((Code::InvalidField, "/language", what, "use `en` or `zh-CN`"));
    }
    let Some((code, _, what, _)) = wrong.first() else {
        return Ok((url, email, language));
    };
    let problem = Problem::new(*code, capital(what));
    Err(AppError::from(wrong.into_iter().fold(
        problem,
        |problem, (code, pointer, what, remedy)| {
            let mut problem = problem.field(pointer, what, remedy);
            if let Some(last) = problem.errors.last_mut() {
                code.as_str().clone_into(&mut last.code);
            }
            problem
        },
    )))
}

fn webhook(text: &str, private: bool) -> Result<(), (Code, String)> {
    let bad = |what: String| (Code::EndpointInvalid, what);
    let url: Url = text
        .parse()
        .map_err(|e| bad(format!("this is not a URL ({e})")))?;
    check_kind(&EndpointKind::Webhook { url: url.clone() }).map_err(|e| bad(reason(&e)))?;
    if private {
        return Ok(());
    }
    let inside = |what: String| (Code::AddressRefused, what);
    if let Some(Host::Domain(name)) = url.host()
        && (name == "localhost" || name.ends_with(".localhost"))
    {
        return Err(inside(format!("`{name}` leads to a loopback address")));
    }
    check_url(&url).map_err(|e| inside(format!("`{}` is {}", e.host, e.kind)))
}

fn mail(text: &str) -> Result<(), String> {
    let kind = EndpointKind::Mail {
        address: text.to_owned(),
        language: Language::English,
    };
    check_kind(&kind).map_err(|e| reason(&e))
}

fn reason(error: &NotifyError) -> String {
    match error {
        NotifyError::Url { reason, .. } => format!("the URL {reason}"),
        NotifyError::Address(_) => "this is not a mail address".to_owned(),
        other => other.to_string(),
    }
}

/// A sentence of a fragment.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}
