//! Who looks at a page, and at which tenant.

use axum::extract::FromRequestParts;
use http::request::Parts;
use px_api::Code;
use px_model::{Role, Scope, TenantId};
use px_store::Actor;
use px_web::Failure;
use px_web::http::cookies;
use px_web::identity::{Caller, Reach};

use crate::Core;
use crate::app::authority::{PlatformOps, TenantAdmin, TenantScope};
use crate::store::aftermath::{OPERATORS, audience};
use crate::store::tenants::{self, Tenant};

/// Cookie that remembers which tenant is looked at; px-web's extractors read it too.
pub(super) const TENANT_COOKIE: &str = "px_tenant";

/// What the reader may do with the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Right {
    /// Looks on.
    See,
    /// Administers the tenant.
    Administer,
    /// Runs the installation.
    Operate,
}

/// A signed-in reader and the tenant whose plugins are shown. Being one means having the right to
/// see that tenant.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    actor: Actor,
    right: Right,
    tenant: Tenant,
    choices: Vec<Tenant>,
    ops: bool,
    browses: bool,
}

fn right_over(caller: &Caller, tenant: TenantId) -> Option<Right> {
    let over = Reach::Tenant(tenant);
    let tenants = caller.allows(&[Scope::TenantPlugins]);
    if tenants && caller.holds(Role::TenantAdmin, over) {
        Some(Right::Administer)
    } else if is_ops(caller) {
        Some(Right::Operate)
    } else {
        (tenants && caller.holds(Role::TenantViewer, over)).then_some(Right::See)
    }
}

fn is_ops(caller: &Caller) -> bool {
    caller.allows(&[Scope::PlatformOperate]) && caller.holds(Role::PlatformOps, Reach::Everywhere)
}

/// Tenants the caller may look at, by name.
async fn choices(core: &Core, caller: &Caller) -> Result<Vec<Tenant>, Failure> {
    if is_ops(caller) {
        return Ok(tenants::list(core.db(), &TenantScope::every()).await?);
    }
    let mut found = Vec::new();
    for id in caller.tenants() {
        if right_over(caller, id).is_some() {
            found.extend(tenants::get(core.db(), &TenantScope::one(id), id).await?);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn named_in_address(parts: &Parts) -> Option<String> {
    let query = parts.uri.query()?.as_bytes();
    url::form_urlencoded::parse(query)
        .find(|(name, value)| name == "tenant" && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

fn choose(parts: &Parts, choices: &[Tenant]) -> Result<Tenant, Failure> {
    let by_id = |text: &str| choices.iter().find(|t| t.id.to_string() == text).cloned();
    if let Some(text) = named_in_address(parts) {
        return by_id(&text)
            .ok_or_else(|| Failure::new(Code::Forbidden, format!("This needs a role of {text}.")));
    }
    cookies::get(&parts.headers, TENANT_COOKIE)
        .and_then(by_id)
        .or_else(|| choices.first().cloned())
        .ok_or_else(|| {
            Failure::new(
                Code::Forbidden,
                "Your account has no role in any tenant of this installation.",
            )
        })
}

impl FromRequestParts<Core> for Reader {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, core: &Core) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<Caller>().cloned();
        let caller = caller.filter(Caller::is_signed_in).ok_or_else(|| {
            Failure::new(Code::Unauthenticated, "This page needs somebody signed in.")
        })?;
        let choices = choices(core, &caller).await?;
        let tenant = choose(parts, &choices)?;
        let right = right_over(&caller, tenant.id).unwrap_or(Right::See);
        Ok(Self {
            actor: caller.actor(),
            right,
            tenant,
            choices,
            ops: is_ops(&caller),
            browses: core
                .config()
                .console
                .shows_marketplace(|role| caller.has_role(role)),
        })
    }
}

impl Reader {
    /// The tenant looked at.
    pub(super) const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Tenants that could be looked at.
    pub(super) fn choices(&self) -> &[Tenant] {
        &self.choices
    }

    /// Rows of the tenant looked at.
    pub(super) const fn scope(&self) -> TenantScope {
        TenantScope::one(self.tenant.id)
    }

    /// Whether buttons make sense.
    pub(super) fn may_act(&self) -> bool {
        self.right != Right::See
    }

    /// Whether the reader runs the installation.
    pub(super) const fn is_ops(&self) -> bool {
        self.ops
    }

    /// Whether the marketplace's pages are open for the reader.
    pub(super) const fn browses(&self) -> bool {
        self.browses
    }

    /// The right to change the tenant's plugins.
    pub(super) fn admin(&self) -> Result<TenantAdmin, Failure> {
        let (tenant, actor) = (self.tenant.id, self.actor.clone());
        match self.right {
            Right::Administer => Ok(TenantAdmin { tenant, actor }),
            Right::Operate => Ok(PlatformOps { actor }.for_tenant(tenant)),
            Right::See => Err(Failure::new(
                Code::Forbidden,
                format!("This needs the role tenant_admin of {}.", self.tenant.name),
            )),
        }
    }

    /// Who reads, as the audit log names them.
    pub(super) const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whose messages and alerts are shown: the tenant's, and the operators' own.
    pub(super) fn audiences(&self) -> Vec<String> {
        let own = self.ops.then(|| OPERATORS.to_owned());
        own.into_iter().chain([audience(self.tenant.id)]).collect()
    }
}

/// Tenants a form may switch to.
pub(super) async fn may_switch(
    core: &Core,
    caller: &Caller,
    id: TenantId,
) -> Result<bool, Failure> {
    let found = choices(core, caller).await?;
    Ok(found.iter().any(|t| t.id == id))
}
