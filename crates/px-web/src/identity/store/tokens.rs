//! API tokens: shown once, kept as a hash, scoped, expiring.

use super::accounts::record;
use crate::hashing::sha256_hex;
use jiff::{SignedDuration, Timestamp};
use px_model::{AccountId, AuditId, Scope, TokenId};
use px_store::{Actor, Db, Env, Result, Row, Tx, vals};
use serde_json::json;
use std::collections::BTreeSet;

/// What tokens begin with, so that scanners of repositories find them.
pub(crate) const PREFIX: &str = "pxt_";

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// In whose name it acts; it never may more than the account's roles allow.
    pub account: AccountId,
    /// Name for people: `build server`.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// For how long.
    pub lifetime: SignedDuration,
    /// A chosen secret (`pxt_` and at least 32 further characters) instead of a random one, for
    /// set-ups that must be repeatable; leave it out everywhere else.
    pub secret: Option<String>,
}

/// A token just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// Its id, which is not its secret.
    pub id: TokenId,
    /// What goes into `Authorization: Bearer`; it cannot be read again.
    pub secret: String,
    /// Until when it holds.
    pub expires_at: Timestamp,
    /// Where it was recorded.
    pub audit: AuditId,
}

/// A token as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Name for people.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it holds.
    pub expires_at: Timestamp,
    /// When it was last used, to about ten minutes.
    pub used_at: Option<Timestamp>,
}

pub(super) fn scope_text(scopes: &BTreeSet<Scope>) -> String {
    let words: Vec<&str> = scopes.iter().map(|s| s.as_str()).collect();
    words.join(" ")
}

/// Scopes out of a space-separated list; words nobody knows any more are left out.
pub(super) fn scopes_from(text: &str) -> BTreeSet<Scope> {
    text.split(' ').filter_map(|w| w.parse().ok()).collect()
}

fn fresh_secret(env: &Env, chosen: Option<String>) -> String {
    chosen
        .filter(|s| s.starts_with(PREFIX) && s.len() >= PREFIX.len() + 32)
        .unwrap_or_else(|| format!("{PREFIX}{}", env.secret(24)))
}

pub(crate) struct Inserted {
    pub(crate) id: TokenId,
    pub(crate) secret: String,
    pub(crate) expires_at: Timestamp,
}

pub(crate) async fn insert_token(
    tx: &mut Tx,
    new: NewToken,
    client: Option<&str>,
) -> Result<Inserted> {
    let id = TokenId::from_uuid(tx.env().uuid());
    let now = tx.env().now();
    let secret = fresh_secret(tx.env(), new.secret);
    let expires_at = now + new.lifetime;
    let hash = sha256_hex(secret.as_bytes());
    tx.exec(
        "INSERT INTO api_tokens (id, hash, account, client, name, scopes, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        vals![
            id,
            hash,
            new.account,
            client,
            &new.name,
            scope_text(&new.scopes),
            now,
            expires_at
        ],
    )
    .await?;
    Ok(Inserted {
        id,
        secret,
        expires_at,
    })
}

/// Makes a token.
///
/// # Errors
/// When the engine is away, or a chosen secret exists already.
pub async fn issue_token(tx: &mut Tx, actor: &Actor, new: NewToken) -> Result<IssuedToken> {
    let (account, name) = (new.account, new.name.clone());
    let scopes = scope_text(&new.scopes);
    let made = insert_token(tx, new, None).await?;
    let detail = json!({ "account": account, "name": name, "scopes": scopes,
        "expiresAt": made.expires_at });
    let audit = record(tx, actor, "token.issued", made.id.to_string(), None, detail).await?;
    Ok(IssuedToken {
        id: made.id,
        secret: made.secret,
        expires_at: made.expires_at,
        audit,
    })
}

/// Revokes an account's token; `None` when it was revoked already or is not the account's.
///
/// # Errors
/// When the engine is away.
pub async fn revoke_token(
    tx: &mut Tx,
    actor: &Actor,
    account: AccountId,
    token: TokenId,
) -> Result<Option<AuditId>> {
    let now = tx.env().now();
    let touched = tx
        .exec(
            "UPDATE api_tokens SET revoked_at = $3
             WHERE id = $1 AND account = $2 AND revoked_at IS NULL",
            vals![token, account, now],
        )
        .await?;
    if touched == 0 {
        return Ok(None);
    }
    let detail = json!({ "account": account });
    record(tx, actor, "token.revoked", token.to_string(), None, detail)
        .await
        .map(Some)
}

/// An account's tokens that hold, newest first; those of OAuth2 clients are not among them.
///
/// # Errors
/// When the engine is away.
pub async fn tokens_of(db: &Db, account: AccountId) -> Result<Vec<Token>> {
    let rows = db
        .rows(
            "SELECT id, name, scopes, created_at, expires_at, used_at FROM api_tokens
             WHERE account = $1 AND client IS NULL AND revoked_at IS NULL AND expires_at > $2
             ORDER BY created_at DESC",
            vals![account, db.env().now()],
        )
        .await?;
    let read = |row: &Row| -> Result<Token> {
        Ok(Token {
            id: row.parse("id")?,
            name: row.text("name")?,
            scopes: scopes_from(&row.text("scopes")?),
            created_at: row.time("created_at")?,
            expires_at: row.time("expires_at")?,
            used_at: row.opt_time("used_at")?,
        })
    };
    rows.iter().map(read).collect()
}

/// What a bearer token leads to.
pub(crate) struct Found {
    pub(crate) id: TokenId,
    pub(crate) account: AccountId,
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
    /// Whether it still holds.
    pub(crate) valid: bool,
}

pub(crate) async fn find_token(db: &Db, secret: &str) -> Result<Option<Found>> {
    let hash = sha256_hex(secret.as_bytes());
    let row = db
        .opt(
            "SELECT t.id AS id, t.account AS account, t.scopes AS scopes,
                    t.expires_at AS expires_at, t.used_at AS used_at, t.revoked_at AS revoked_at,
                    c.revoked_at AS client_revoked_at
             FROM api_tokens t LEFT JOIN oauth_clients c ON c.id = t.client WHERE t.hash = $1",
            vals![hash],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let expires_at = row.time("expires_at")?;
    let revoked =
        row.opt_time("revoked_at")?.is_some() || row.opt_time("client_revoked_at")?.is_some();
    Ok(Some(Found {
        id: row.parse("id")?,
        account: row.parse("account")?,
        scopes: scopes_from(&row.text("scopes")?),
        expires_at,
        used_at: row.opt_time("used_at")?,
        valid: !revoked && expires_at > db.env().now(),
    }))
}

pub(crate) async fn touch_token(db: &Db, id: TokenId) -> Result<()> {
    let mut tx = db.begin().await?;
    let now = tx.env().now();
    tx.exec(
        "UPDATE api_tokens SET used_at = $2 WHERE id = $1",
        vals![id, now],
    )
    .await?;
    tx.commit().await
}
