//! What is kept, and until when.

use px_store::{Result, Tx, vals};

/// Forgets previous versions whose time is over: going back to them is no longer one row.
///
/// # Errors
/// When the engine is away.
pub async fn unpin(tx: &mut Tx) -> Result<u64> {
    let now = tx.env().now();
    tx.exec(
        "UPDATE installed SET previous = NULL, pinned_until = NULL, changed_at = $1
         WHERE pinned_until <= $1",
        vals![now],
    )
    .await
}
