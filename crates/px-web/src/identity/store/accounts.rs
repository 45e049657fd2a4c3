//! Accounts and their roles.

use crate::identity::{Grant, PasswordHash, Reach};
use jiff::Timestamp;
use px_model::{AccountId, AuditId, InstallationId, Role, TenantId};
use px_store::{Actor, AuditEntry, Db, Result, Row, StoreError, Tx, vals};
use serde_json::{Value, json};

/// A person or machine that signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Name for signing in, lower case, unique.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// Mail address.
    pub email: Option<String>,
    /// Installation a machine account speaks for.
    pub installation: Option<InstallationId>,
    /// May not sign in any more.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Name for signing in; kept in lower case.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// Mail address, with which people may sign in too.
    pub email: Option<String>,
    /// Password; without one only tokens work.
    pub password: Option<PasswordHash>,
    /// Installation a machine account speaks for.
    pub installation: Option<InstallationId>,
}

fn read(row: &Row) -> Result<Account> {
    Ok(Account {
        id: row.parse("id")?,
        login: row.text("login")?,
        name: row.text("name")?,
        email: row.opt_text("email")?,
        installation: row.opt_parse("installation")?,
        disabled: row.bool("disabled")?,
        created_at: row.time("created_at")?,
    })
}

pub(super) fn tenant_of(reach: Reach) -> Option<TenantId> {
    match reach {
        Reach::Tenant(id) => Some(id),
        _ => None,
    }
}

pub(super) async fn record(
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    subject: String,
    tenant: Option<TenantId>,
    detail: Value,
) -> Result<AuditId> {
    // Whoever is remembered, in whatever process, is looked up again.
    let sql = "UPDATE identity_changes SET number = number + 1 WHERE id = 1";
    tx.exec(sql, vals![]).await?;
    tx.audit(AuditEntry {
        actor: actor.clone(),
        action: action.to_owned(),
        subject,
        tenant,
        detail,
    })
    .await
}

/// Makes an account.
///
/// # Errors
/// [`StoreError::is_conflict`] when the login is taken; else when the engine is away.
pub async fn create_account(tx: &mut Tx, actor: &Actor, new: NewAccount) -> Result<AccountId> {
    let id = AccountId::from_uuid(tx.env().uuid());
    let now = tx.env().now();
    let login = new.login.trim().to_lowercase();
    let email = new.email.map(|e| e.trim().to_lowercase());
    let password = new.password.map(PasswordHash::into_text);
    tx.exec(
        "INSERT INTO accounts (id, login, name, email, password, installation, disabled, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
        vals![id, &login, &new.name, email, password, new.installation, now],
    )
    .await?;
    let detail = json!({ "login": login, "name": new.name, "installation": new.installation });
    record(tx, actor, "account.created", id.to_string(), None, detail).await?;
    Ok(id)
}

/// An account by id.
///
/// # Errors
/// [`StoreError::Missing`] when there is none.
pub async fn get_account(db: &Db, id: AccountId) -> Result<Account> {
    let row = db
        .opt(
            "SELECT id, login, name, email, installation, disabled, created_at
             FROM accounts WHERE id = $1",
            vals![id],
        )
        .await?;
    row.as_ref()
        .map_or(Err(StoreError::Missing("account")), read)
}

/// An account by login or mail address.
///
/// # Errors
/// When the engine is away.
pub async fn find_account(db: &Db, name: &str) -> Result<Option<Account>> {
    let name = name.trim().to_lowercase();
    let row = db
        .opt(
            "SELECT id, login, name, email, installation, disabled, created_at
             FROM accounts WHERE login = $1 OR email = $1 ORDER BY created_at LIMIT 1",
            vals![name],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// All accounts, by login.
///
/// # Errors
/// When the engine is away.
pub async fn accounts(db: &Db) -> Result<Vec<Account>> {
    let rows = db
        .rows(
            "SELECT id, login, name, email, installation, disabled, created_at
             FROM accounts ORDER BY login",
            vec![],
        )
        .await?;
    rows.iter().map(read).collect()
}

pub(crate) async fn password_of(db: &Db, id: AccountId) -> Result<Option<String>> {
    let sql = "SELECT password FROM accounts WHERE id = $1 AND disabled = 0";
    let row = db.opt(sql, vals![id]).await?;
    row.map_or(Ok(None), |row| row.opt_text("password"))
}

/// Sets a password and ends every session but the one named.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such account.
pub async fn set_password(
    tx: &mut Tx,
    actor: &Actor,
    account: AccountId,
    password: PasswordHash,
    keep: Option<px_model::SessionId>,
) -> Result<AuditId> {
    tx.exec_one(
        "account",
        "UPDATE accounts SET password = $2 WHERE id = $1",
        vals![account, password.into_text()],
    )
    .await?;
    super::sessions::drop_sessions(tx, account, keep).await?;
    let subject = account.to_string();
    record(
        tx,
        actor,
        "account.password_changed",
        subject,
        None,
        json!({}),
    )
    .await
}

/// Locks an account out, or lets it in again; its sessions end, its tokens are refused meanwhile.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such account.
pub async fn set_disabled(
    tx: &mut Tx,
    actor: &Actor,
    account: AccountId,
    disabled: bool,
) -> Result<AuditId> {
    tx.exec_one(
        "account",
        "UPDATE accounts SET disabled = $2 WHERE id = $1",
        vals![account, disabled],
    )
    .await?;
    super::sessions::drop_sessions(tx, account, None).await?;
    let action = if disabled {
        "account.disabled"
    } else {
        "account.enabled"
    };
    record(tx, actor, action, account.to_string(), None, json!({})).await
}

/// Gives a role; `None` when it was held already. The account's sessions end, so that what a
/// browser shows and what it may do never differ.
///
/// # Errors
/// When the engine is away.
pub async fn grant(
    tx: &mut Tx,
    actor: &Actor,
    account: AccountId,
    grant: Grant,
) -> Result<Option<AuditId>> {
    let now = tx.env().now();
    let reach = grant.reach.to_string();
    let added = tx
        .exec(
            "INSERT INTO memberships (account, role, reach, granted_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (account, role, reach) DO NOTHING",
            vals![account, grant.role, &reach, now],
        )
        .await?;
    if added == 0 {
        return Ok(None);
    }
    changed(tx, actor, "role.granted", account, grant)
        .await
        .map(Some)
}

/// Takes a role away; `None` when it was not held. The account's sessions end.
///
/// # Errors
/// When the engine is away.
pub async fn revoke(
    tx: &mut Tx,
    actor: &Actor,
    account: AccountId,
    grant: Grant,
) -> Result<Option<AuditId>> {
    let removed = tx
        .exec(
            "DELETE FROM memberships WHERE account = $1 AND role = $2 AND reach = $3",
            vals![account, grant.role, grant.reach.to_string()],
        )
        .await?;
    if removed == 0 {
        return Ok(None);
    }
    changed(tx, actor, "role.revoked", account, grant)
        .await
        .map(Some)
}

async fn changed(
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    account: AccountId,
    grant: Grant,
) -> Result<AuditId> {
    super::sessions::drop_sessions(tx, account, None).await?;
    let detail = json!({ "role": grant.role, "reach": grant.reach.to_string() });
    let tenant = tenant_of(grant.reach);
    record(tx, actor, action, account.to_string(), tenant, detail).await
}

/// Roles of an account.
///
/// # Errors
/// When the engine is away.
pub async fn grants_of(db: &Db, account: AccountId) -> Result<Vec<Grant>> {
    let sql = "SELECT role, reach FROM memberships WHERE account = $1 ORDER BY role, reach";
    let rows = db.rows(sql, vals![account]).await?;
    let read = |row: &Row| -> Result<Grant> {
        Ok(Grant {
            role: row.parse("role")?,
            reach: row.parse("reach")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Accounts that hold a role over something, by name: a tenant's administrators, all reviewers.
///
/// # Errors
/// When the engine is away.
pub async fn members(db: &Db, role: Role, reach: Reach) -> Result<Vec<Account>> {
    let rows = db
        .rows(
            "SELECT a.id AS id, a.login AS login, a.name AS name, a.email AS email,
                    a.installation AS installation, a.disabled AS disabled, a.created_at AS created_at
             FROM memberships m JOIN accounts a ON a.id = m.account
             WHERE m.role = $1 AND m.reach = $2 ORDER BY a.name, a.id",
            vals![role, reach.to_string()],
        )
        .await?;
    rows.iter().map(read).collect()
}
