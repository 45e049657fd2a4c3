//! Accounts, roles, sessions, tokens and clients in the database. Every change that concerns who
//! may do what is audited in the same transaction.

mod accounts;
mod clients;
mod sessions;
mod tokens;
mod tries;

pub use accounts::{
    Account, NewAccount, accounts, create_account, find_account, get_account, grant, grants_of,
    members, revoke, set_disabled, set_password,
};
pub use clients::{Client, IssuedClient, clients_of, create_client, revoke_client};
pub use sessions::{Session, end_session, end_sessions, sessions_of};
pub use tokens::{IssuedToken, NewToken, Token, issue_token, revoke_token, tokens_of};

pub(crate) use accounts::password_of;
pub(crate) use clients::authenticate_client;
pub(crate) use sessions::{NewSession, find_session, open_session, touch_session};
pub(crate) use tokens::{find_token, insert_token, touch_token};
pub(crate) use tries::{forget_tries, note_failure, wait_seconds};

use jiff::SignedDuration;
use px_store::{Db, Migration, MigrationSet, Result, vals};

/// Tables of identity; a server lists it after [`px_store::MIGRATIONS`].
pub const MIGRATIONS: MigrationSet = MigrationSet {
    name: "web",
    migrations: &[
        Migration {
            name: "0001_identity",
            sql: include_str!("../../../migrations/0001_identity.sql"),
        },
        Migration {
            name: "0002_changes",
            sql: include_str!("../../../migrations/0002_changes.sql"),
        },
    ],
};

/// The number of changes so far, by whatever process: what was remembered at another one must be read
/// again.
///
/// # Errors
/// When the engine is away.
pub(crate) async fn changes(db: &Db) -> Result<i64> {
    let sql = "SELECT number FROM identity_changes WHERE id = 1";
    db.glance("identity changes", sql).await
}

/// Removes sessions, tokens and tries that ended more than a day ago; to be called now and then.
///
/// # Errors
/// When the engine is away.
pub async fn sweep(db: &Db) -> Result<u64> {
    let mut tx = db.begin().await?;
    let before = tx.env().now() - SignedDuration::from_hours(24);
    let mut gone = tx
        .exec("DELETE FROM sessions WHERE expires_at < $1", vals![before])
        .await?;
    gone += tx
        .exec(
            "DELETE FROM api_tokens WHERE expires_at < $1",
            vals![before],
        )
        .await?;
    gone += tx
        .exec("DELETE FROM sign_in_tries WHERE at < $1", vals![before])
        .await?;
    tx.commit().await?;
    Ok(gone)
}
