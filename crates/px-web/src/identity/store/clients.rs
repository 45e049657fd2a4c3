//! OAuth2 clients: machines that exchange an id and a secret for short-lived tokens.

use super::accounts::record;
use super::tokens::{scope_text, scopes_from};
use crate::hashing::{same, sha256_hex};
use jiff::Timestamp;
use px_model::{AccountId, AuditId, Scope};
use px_store::{Actor, Db, Result, Row, Tx, vals};
use serde_json::json;
use std::collections::BTreeSet;

/// A client as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// In whose name its tokens act.
    pub account: AccountId,
    /// Name for people.
    pub name: String,
    /// Widest scopes its tokens may have.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A client just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedClient {
    /// `client_id`.
    pub id: String,
    /// `client_secret`; it cannot be read again.
    pub secret: String,
    /// Where it was recorded.
    pub audit: AuditId,
}

/// Makes a client. A chosen id and secret (of at least 16 characters) are for set-ups that must be
/// repeatable.
///
/// # Errors
/// When the engine is away, or the chosen id exists already.
pub async fn create_client(
    tx: &mut Tx,
    actor: &Actor,
    account: AccountId,
    name: &str,
    scopes: &BTreeSet<Scope>,
    chosen: Option<(&str, &str)>,
) -> Result<IssuedClient> {
    let (id, secret) = match chosen.filter(|(_, secret)| secret.len() >= 16) {
        Some((id, secret)) => (id.to_owned(), secret.to_owned()),
        None => {
            let env = tx.env();
            (
                format!("pxc_{}", env.secret(10)),
                format!("pxs_{}", env.secret(24)),
            )
        }
    };
    let now = tx.env().now();
    tx.exec(
        "INSERT INTO oauth_clients (id, secret_hash, account, name, scopes, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        vals![
            &id,
            sha256_hex(secret.as_bytes()),
            account,
            name,
            scope_text(scopes),
            now
        ],
    )
    .await?;
    let detail = json!({ "account": account, "name": name, "scopes": scope_text(scopes) });
    let audit = record(tx, actor, "client.created", id.clone(), None, detail).await?;
    Ok(IssuedClient { id, secret, audit })
}

/// Revokes a client of an account and with it every token it obtained; `None` when it was not there.
///
/// # Errors
/// When the engine is away.
pub async fn revoke_client(
    tx: &mut Tx,
    actor: &Actor,
    account: AccountId,
    client: &str,
) -> Result<Option<AuditId>> {
    let now = tx.env().now();
    let touched = tx
        .exec(
            "UPDATE oauth_clients SET revoked_at = $3
             WHERE id = $1 AND account = $2 AND revoked_at IS NULL",
            vals![client, account, now],
        )
        .await?;
    if touched == 0 {
        return Ok(None);
    }
    let detail = json!({ "account": account });
    record(tx, actor, "client.revoked", client.to_owned(), None, detail)
        .await
        .map(Some)
}

fn read(row: &Row) -> Result<Client> {
    Ok(Client {
        id: row.text("id")?,
        account: row.parse("account")?,
        name: row.text("name")?,
        scopes: scopes_from(&row.text("scopes")?),
        created_at: row.time("created_at")?,
    })
}

/// Clients of an account, newest first.
///
/// # Errors
/// When the engine is away.
pub async fn clients_of(db: &Db, account: AccountId) -> Result<Vec<Client>> {
    let rows = db
        .rows(
            "SELECT id, account, name, scopes, created_at FROM oauth_clients
             WHERE account = $1 AND revoked_at IS NULL ORDER BY created_at DESC",
            vals![account],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// The client, when id and secret are right and its account is not disabled.
pub(crate) async fn authenticate_client(db: &Db, id: &str, secret: &str) -> Result<Option<Client>> {
    let row = db
        .opt(
            "SELECT c.id AS id, c.account AS account, c.name AS name, c.scopes AS scopes,
                    c.created_at AS created_at, c.secret_hash AS secret_hash
             FROM oauth_clients c JOIN accounts a ON a.id = c.account
             WHERE c.id = $1 AND c.revoked_at IS NULL AND a.disabled = 0",
            vals![id],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let given = sha256_hex(secret.as_bytes());
    if same(given.as_bytes(), row.text("secret_hash")?.as_bytes()) {
        read(&row).map(Some)
    } else {
        Ok(None)
    }
}
