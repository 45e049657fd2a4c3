//! Authority as a typed argument: without one of these values a use case cannot be called.

use px_model::TenantId;
use px_store::Actor;

/// Which tenants' rows a query may see. There is no query without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantScope(Option<TenantId>);

impl TenantScope {
    /// Rows of one tenant.
    #[must_use]
    pub const fn one(tenant: TenantId) -> Self {
        Self(Some(tenant))
    }

    /// Rows of every tenant, for the installation's own workers and platform operators.
    #[must_use]
    pub const fn every() -> Self {
        Self(None)
    }

    /// The tenant, or `None` for all of them.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        self.0
    }

    /// Whether rows of `tenant` are within reach.
    #[must_use]
    pub fn covers(&self, tenant: TenantId) -> bool {
        self.0.is_none_or(|own| own == tenant)
    }
}

/// Somebody who may see one tenant's plugins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantViewer {
    /// Whose plugins.
    pub tenant: TenantId,
    /// Who.
    pub actor: Actor,
}

/// Somebody who may change one tenant's plugins: its admin, or an operator on its behalf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantAdmin {
    /// Whose plugins.
    pub tenant: TenantId,
    /// Who.
    pub actor: Actor,
}

impl TenantAdmin {
    /// Rows this authority reaches.
    #[must_use]
    pub const fn scope(&self) -> TenantScope {
        TenantScope::one(self.tenant)
    }
}

/// Somebody who runs the installation: sees all tenants, no plugin data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformOps {
    /// Who.
    pub actor: Actor,
}

impl PlatformOps {
    /// Rows this authority reaches.
    #[must_use]
    pub const fn scope(&self) -> TenantScope {
        TenantScope::every()
    }

    /// Acts for a tenant; the audit log keeps who really did.
    #[must_use]
    pub fn for_tenant(&self, tenant: TenantId) -> TenantAdmin {
        TenantAdmin {
            tenant,
            actor: self.actor.clone(),
        }
    }
}

/// Anybody signed in, with what they may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Sees one tenant.
    Viewer(TenantViewer),
    /// Changes one tenant.
    Admin(TenantAdmin),
    /// Runs the installation.
    Ops(PlatformOps),
}

impl Caller {
    /// Who it is.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        match self {
            Self::Viewer(v) => &v.actor,
            Self::Admin(a) => &a.actor,
            Self::Ops(o) => &o.actor,
        }
    }

    /// Rows the caller may see.
    #[must_use]
    pub const fn scope(&self) -> TenantScope {
        match self {
            Self::Viewer(v) => TenantScope::one(v.tenant),
            Self::Admin(a) => TenantScope::one(a.tenant),
            Self::Ops(_) => TenantScope::every(),
        }
    }

    /// The tenant the caller belongs to, if one.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        self.scope().tenant()
    }
}
