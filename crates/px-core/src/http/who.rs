//! Who asks, as the typed authority a use case takes.

use axum::extract::FromRequestParts;
use http::request::Parts;
use px_api::Code;
use px_model::{Role, Scope, TenantId};
use px_store::AuditEntry;
use px_web::Failure;
use px_web::identity::{Caller as WebCaller, Reach, SignedIn};
use serde_json::json;

use crate::Core;
use crate::app::authority::{Caller, PlatformOps, TenantAdmin, TenantViewer};

/// Somebody signed in, with the tenant the request names in `X-PX-Tenant` or the cookie `px_tenant`.
pub struct Who {
    caller: WebCaller,
    named: Option<TenantId>,
    core: Core,
}

impl FromRequestParts<Core> for Who {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, core: &Core) -> Result<Self, Failure> {
        let signed_in = SignedIn::from_request_parts(parts, core).await?;
        let header = parts
            .headers
            .get("x-px-tenant")
            .and_then(|v| v.to_str().ok());
        let cookie = px_web::http::cookies::get(&parts.headers, "px_tenant");
        let named = match header {
            Some(text) => Some(text.parse().map_err(|_| Failure::not_found("tenant"))?),
            None => cookie.and_then(|text| text.parse().ok()),
        };
        Ok(Self {
            caller: signed_in.caller().clone(),
            named,
            core: core.clone(),
        })
    }
}

impl Who {
    fn holds(&self, role: Role, tenant: TenantId) -> bool {
        self.caller.allows(&[Scope::TenantPlugins])
            && self.caller.holds(role, Reach::Tenant(tenant))
    }

    fn is_ops(&self) -> bool {
        self.caller.allows(&[Scope::PlatformOperate])
            && self.caller.holds(Role::PlatformOps, Reach::Everywhere)
    }

    /// The tenant that is meant: named in the request, else the caller's first.
    fn meant(&self, wanted: Option<TenantId>) -> Option<TenantId> {
        wanted
            .or(self.named)
            .or_else(|| self.caller.tenants().first().copied())
    }

    /// The right to change a tenant's plugins: its administrator, or whoever runs the installation.
    ///
    /// # Errors
    /// 403, with an audit entry when another tenant was named.
    pub async fn admin(&self, wanted: Option<TenantId>) -> Result<TenantAdmin, Failure> {
        let Some(tenant) = self.meant(wanted) else {
            let text = "Name the tenant in `tenantId`, or sign in as one of its people.";
            return Err(Failure::new(Code::NoTenant, text));
        };
        if self.holds(Role::TenantAdmin, tenant) || self.is_ops() {
            let actor = self.caller.actor();
            return Ok(TenantAdmin { tenant, actor });
        }
        Err(self.refuse(tenant, "the role tenant_admin").await)
    }

    /// What the caller may see: one tenant, or everything for whoever runs the installation and
    /// names no tenant.
    ///
    /// # Errors
    /// 403, with an audit entry when another tenant was named.
    pub async fn reader(&self, wanted: Option<TenantId>) -> Result<Caller, Failure> {
        let actor = self.caller.actor();
        if self.is_ops() {
            return Ok(match wanted.or(self.named) {
                Some(tenant) => Caller::Viewer(TenantViewer { tenant, actor }),
                None => Caller::Ops(PlatformOps { actor }),
            });
        }
        let viewer = self.viewer(wanted).await?;
        Ok(Caller::Viewer(viewer))
    }

    /// Somebody of a tenant: the only ones who get at what its plugins answer.
    ///
    /// # Errors
    /// `PX-0504` without a tenant, 403 for another one.
    pub async fn viewer(&self, wanted: Option<TenantId>) -> Result<TenantViewer, Failure> {
        let Some(tenant) = self.meant(wanted) else {
            return Err(Failure::new(
                Code::NoTenant,
                "The caller belongs to no tenant.",
            ));
        };
        let member = [Role::TenantAdmin, Role::TenantViewer];
        if member.iter().any(|role| self.holds(*role, tenant)) {
            let actor = self.caller.actor();
            return Ok(TenantViewer { tenant, actor });
        }
        Err(self.refuse(tenant, "a role").await)
    }

    /// A tenant as `viewer` or, for whoever runs the installation, as named.
    ///
    /// # Errors
    /// As [`Who::reader`]; `PX-0504` when no tenant is named at all.
    pub async fn tenant(&self, wanted: Option<TenantId>) -> Result<TenantId, Failure> {
        let reader = self.reader(wanted).await?;
        reader
            .tenant()
            .ok_or_else(|| Failure::new(Code::NoTenant, "Name the tenant in `tenantId`."))
    }

    /// The right to run the installation.
    ///
    /// # Errors
    /// 403.
    pub fn ops(&self) -> Result<PlatformOps, Failure> {
        if self.is_ops() {
            let actor = self.caller.actor();
            return Ok(PlatformOps { actor });
        }
        Err(Failure::new(
            Code::Forbidden,
            "This needs the role platform_ops.",
        ))
    }

    /// Whether the caller runs the installation and named no tenant.
    #[must_use]
    pub fn is_ops_at_large(&self, wanted: Option<TenantId>) -> bool {
        self.is_ops() && wanted.or(self.named).is_none()
    }

    /// Reaching for another tenant leaves a trace.
    async fn refuse(&self, tenant: TenantId, needs: &str) -> Failure {
        let entry = AuditEntry {
            actor: self.caller.actor(),
            action: "access.refused".to_owned(),
            subject: tenant.to_string(),
            tenant: None,
            detail: json!({"needs": needs}),
        };
        let written = async {
            let mut tx = self.core.db().begin().await?;
            tx.audit(entry).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "a refusal could not be audited");
        }
        Failure::new(Code::Forbidden, format!("This needs {needs} of {tenant}."))
    }
}

/// The `Idempotency-Key` header, when it is sound.
///
/// # Errors
/// 422 when it is longer than 200 characters or holds anything but visible ASCII.
pub fn idempotency_key(headers: &http::HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let sound = !text.is_empty() && text.len() <= 200 && text.bytes().all(|b| b.is_ascii_graphic());
    if sound {
        return Ok(Some(text.to_owned()));
    }
    let text = "`Idempotency-Key` must be 1 to 200 visible ASCII characters.";
    Err(Failure::new(Code::InvalidField, text))
}
