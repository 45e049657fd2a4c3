//! Tenants.

use jiff::Timestamp;
use px_model::TenantId;
use px_store::{Actor, AuditEntry, Db, Result, Row, Tx, vals};
use serde::Serialize;
use serde_json::json;

use crate::app::authority::TenantScope;

/// A tenant of this installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Name, unique in the installation.
    pub name: String,
    /// `internal` for tenants that take every release first, else `general`.
    pub ring: String,
    /// Since when.
    pub created_at: Timestamp,
}

impl Tenant {
    /// Whether it takes every release first.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.ring == "internal"
    }

    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parse("id")?,
            name: row.text("name")?,
            ring: row.text("ring")?,
            created_at: row.time("created_at")?,
        })
    }
}

/// Makes a tenant.
///
/// # Errors
/// When the name is taken (see [`px_store::StoreError::is_conflict`]).
pub async fn create(tx: &mut Tx, actor: &Actor, name: &str, internal: bool) -> Result<Tenant> {
    let tenant = Tenant {
        id: TenantId::from_uuid(tx.env().uuid()),
        name: name.to_owned(),
        ring: if internal { "internal" } else { "general" }.to_owned(),
        created_at: tx.env().now(),
    };
    tx.exec(
        "INSERT INTO tenants (id, name, ring, created_at) VALUES ($1, $2, $3, $4)",
        vals![tenant.id, &tenant.name, &tenant.ring, tenant.created_at],
    )
    .await?;
    tx.audit(AuditEntry {
        actor: actor.clone(),
        action: "tenant.created".to_owned(),
        subject: tenant.id.to_string(),
        tenant: Some(tenant.id),
        detail: json!({"name": name, "ring": tenant.ring}),
    })
    .await?;
    Ok(tenant)
}

/// Tenants within reach, by name.
///
/// # Errors
/// When the engine is away.
pub async fn list(db: &Db, scope: &TenantScope) -> Result<Vec<Tenant>> {
    let rows = db
        .rows(
            "SELECT * FROM tenants WHERE ($1 IS NULL OR id = $1) ORDER BY name",
            vals![scope.tenant()],
        )
        .await?;
    rows.iter().map(Tenant::from_row).collect()
}

/// One tenant.
///
/// # Errors
/// When the engine is away.
pub async fn get(db: &Db, scope: &TenantScope, id: TenantId) -> Result<Option<Tenant>> {
    let row = db
        .opt(
            "SELECT * FROM tenants WHERE id = $2 AND ($1 IS NULL OR id = $1)",
            vals![scope.tenant(), id],
        )
        .await?;
    row.as_ref().map(Tenant::from_row).transpose()
}

/// The name of a tenant, for a message written in the same transaction.
///
/// # Errors
/// When the statement fails.
pub async fn name_in(tx: &mut Tx, id: TenantId) -> Result<Option<String>> {
    let row = tx
        .opt("SELECT name FROM tenants WHERE id = $1", vals![id])
        .await?;
    row.map(|row| row.text("name")).transpose()
}

/// A tenant by name, for the operators' command line.
///
/// # Errors
/// When the engine is away.
pub async fn find(db: &Db, name: &str) -> Result<Option<Tenant>> {
    let row = db
        .opt("SELECT * FROM tenants WHERE name = $1", vals![name])
        .await?;
    row.as_ref().map(Tenant::from_row).transpose()
}
