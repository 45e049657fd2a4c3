//! Jobs that one loop holds, and the renewal of their leases: of all of them in one transaction.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use px_model::JobId;
use px_store::Db;
use tokio::sync::watch;
use tracing::warn;

use crate::Job;
use crate::job::renew;

/// A holding: the same job taken a second time is another one.
type Key = (JobId, i64);

/// What one loop holds.
#[derive(Default)]
pub(crate) struct Held(Mutex<HashMap<Key, watch::Sender<bool>>>);

/// One job in it; out of it when dropped.
pub(crate) struct Hold {
    held: Arc<Held>,
    key: Key,
    lost: watch::Receiver<bool>,
}

impl Held {
    pub(crate) fn take(self: &Arc<Self>, job: &Job) -> Hold {
        let (sender, lost) = watch::channel(false);
        self.all().insert(job.key(), sender);
        Hold {
            held: Arc::clone(self),
            key: job.key(),
            lost,
        }
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<Key, watch::Sender<bool>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renews for ever.
    pub(crate) async fn renew(self: Arc<Self>, db: Db, lease: Duration) {
        loop {
            tokio::time::sleep(lease / 3).await;
            let keys: Vec<Key> = self.all().keys().copied().collect();
            if keys.is_empty() {
                continue;
            }
            match renew(&db, &keys, lease).await {
                Ok(kept) => self.lost(&keys, &kept),
                Err(e) => warn!(error = %e, "leases could not be renewed"),
            }
        }
    }

    fn lost(&self, keys: &[Key], kept: &HashSet<JobId>) {
        let all = self.all();
        for key in keys.iter().filter(|(id, _)| !kept.contains(id)) {
            if let Some(sender) = all.get(key) {
                sender.send_replace(true);
            }
        }
    }
}

impl Hold {
    /// Ends when the lease was lost. Done inside the handler's own transaction looks the same: the run
    /// has another lease's time to end.
    pub(crate) async fn lost(&mut self, lease: Duration) {
        if self.lost.wait_for(|lost| *lost).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(lease).await;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.held.all().remove(&self.key);
    }
}
