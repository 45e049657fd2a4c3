//! Wrong passwords, counted per name and per address.

use jiff::SignedDuration;
use px_store::{Db, Result, vals};

/// Waiting time after too many failures.
const WAIT: SignedDuration = SignedDuration::from_secs(60);
/// Failures after which a name has to wait.
const PER_NAME: i64 = 5;
/// Failures after which an address has to wait, whatever the names.
const PER_ADDRESS: i64 = 30;

fn allowed(key: &str) -> i64 {
    if key.starts_with("address:") {
        PER_ADDRESS
    } else {
        PER_NAME
    }
}

/// Seconds to wait before any of the keys may try again; 0 when none has to.
pub(crate) async fn wait_seconds(db: &Db, keys: &[String]) -> Result<i64> {
    let mut longest = 0;
    for key in keys {
        let sql = "SELECT fails, at FROM sign_in_tries WHERE key = $1";
        if let Some(row) = db.opt(sql, vals![key]).await? {
            let left = (row.time("at")? + WAIT)
                .duration_since(db.env().now())
                .as_secs();
            if row.int("fails")? >= allowed(key) {
                longest = longest.max(left);
            }
        }
    }
    Ok(longest)
}

/// Counts a failure; what is older than the waiting time is forgotten.
pub(crate) async fn note_failure(db: &Db, keys: &[String]) -> Result<()> {
    let mut tx = db.begin().await?;
    let now = tx.env().now();
    for key in keys {
        tx.exec(
            "INSERT INTO sign_in_tries (key, fails, at) VALUES ($1, 1, $2)
             ON CONFLICT (key) DO UPDATE SET
                 fails = CASE WHEN sign_in_tries.at < $3 THEN 1 ELSE sign_in_tries.fails + 1 END,
                 at = $2",
            vals![key, now, now - WAIT],
        )
        .await?;
    }
    tx.commit().await
}

/// A success clears the name's failures.
pub(crate) async fn forget_tries(tx: &mut px_store::Tx, key: &str) -> Result<u64> {
    tx.exec("DELETE FROM sign_in_tries WHERE key = $1", vals![key])
        .await
}
