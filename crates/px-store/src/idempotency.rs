//! Idempotency keys: the same request twice has one effect and one answer.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::{Result, StoreError, Tx, vals};

/// What is known of a key.
#[derive(Debug)]
pub enum Replay<T> {
    /// Never seen; do the work, then [`remember`] the answer in the same transaction.
    New,
    /// Seen with the same body: answer this.
    Same(T),
}

/// Looks a key up within `scope` (caller and operation).
///
/// # Errors
/// [`StoreError::KeyReused`] when the key came before with another body.
pub async fn recall<T: DeserializeOwned>(
    tx: &mut Tx,
    scope: &str,
    key: &str,
    body: &[u8],
) -> Result<Replay<T>> {
    let row = tx
        .opt(
            "SELECT body_hash, answer FROM idempotency WHERE scope = $1 AND key = $2",
            vals![scope, key],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Replay::New);
    };
    if row.text("body_hash")? != hash(body) {
        return Err(StoreError::KeyReused(key.to_owned()));
    }
    Ok(Replay::Same(row.json("answer")?))
}

/// Keeps the answer given for a key with the commit, which fails when another request with the key
/// committed first (see [`StoreError::is_conflict`]).
///
/// # Errors
/// When the answer cannot be written as JSON.
pub fn remember<T: Serialize>(
    tx: &mut Tx,
    scope: &str,
    key: &str,
    body: &[u8],
    answer: &T,
) -> Result<()> {
    let now = tx.env().now();
    tx.later(
        "INSERT INTO idempotency (scope, key, body_hash, answer, at) VALUES ($1, $2, $3, $4, $5)",
        vals![scope, key, hash(body), serde_json::to_string(answer)?, now],
    );
    Ok(())
}

fn hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}
