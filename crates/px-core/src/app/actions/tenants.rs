//! Tenants.

use px_api::core::{TenantRequest, TenantView};
use px_api::{Code, Problem};

use crate::Core;
use crate::app::authority::{Caller, PlatformOps};
use crate::app::error::AppResult;
use crate::store::tenants::{self, Tenant};

impl Core {
    /// Makes a tenant.
    ///
    /// # Errors
    /// 422 when the name is empty or taken.
    pub async fn create_tenant(
        &self,
        ops: &PlatformOps,
        request: &TenantRequest,
    ) -> AppResult<TenantView> {
        let name = request.name.trim();
        let bad = |what: &str| {
            Problem::new(Code::InvalidField, format!("The name {what}.")).field(
                "/name",
                what,
                "give a short name nobody else has",
            )
        };
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(bad("must have 1 to 100 characters").into());
        }
        let mut tx = self.db().begin().await?;
        match tenants::create(&mut tx, &ops.actor, name, request.internal).await {
            Ok(tenant) => {
                tx.commit().await?;
                Ok(view(&tenant))
            }
            Err(error) if error.is_conflict() => Err(bad("is taken").into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Tenants the caller may see.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn tenants(&self, caller: &Caller) -> AppResult<Vec<TenantView>> {
        let all = tenants::list(self.db(), &caller.scope()).await?;
        Ok(all.iter().map(view).collect())
    }
}

fn view(tenant: &Tenant) -> TenantView {
    TenantView {
        tenant_id: tenant.id,
        name: tenant.name.clone(),
        internal: tenant.is_internal(),
        created_at: tenant.created_at,
    }
}
