//! Turns of one process at the rows that all its transactions write.
//!
//! PostgreSQL hands a contended row on slowly: each waiter is a backend of its own that has to be
//! woken, looks at the row again, and queues again. Transactions of one process therefore queue here
//! first, where waiting costs nothing, and ask for the row one at a time. The row's lock is what
//! keeps them apart, also from those of other processes; a turn is only a courtesy.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};

/// Longest wait for a turn. Whoever waits here is idle in the eyes of the server, which ends idle
/// transactions; whoever waits for the row is not.
const PATIENCE: Duration = Duration::from_millis(100);

/// Hands out turns, in the order they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Turns(Arc<Mutex<()>>);

/// A turn; it ends when it is dropped.
pub(crate) type Turn = OwnedMutexGuard<()>;

impl Turns {
    /// The next turn; nothing when it did not come in time.
    pub(crate) async fn take(&self) -> Option<Turn> {
        let turn = Arc::clone(&self.0).lock_owned();
        tokio::time::timeout(PATIENCE, turn).await.ok()
    }
}
