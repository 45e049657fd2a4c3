//! Keeps the shelves in step with the table: each search asks whether something changed, reads
//! only that, and otherwise nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use px_model::VersionId;
use px_store::{Db, Result};

use super::shelf::{Found, Shelf, Wanted};
use crate::store::offers::{self, ANY};

/// Totals remembered at most.
const TOTALS: usize = 2_000;

#[derive(Default)]
struct All {
    revision: i64,
    by_channel: HashMap<String, Shelf>,
}

/// The key of a remembered total: revision, channel and what was looked for.
type Question = (i64, String, Wanted);

/// Shelves of all channels.
#[derive(Default)]
pub struct Shelves {
    all: RwLock<Arc<All>>,
    refresh: tokio::sync::Mutex<()>,
    totals: Mutex<HashMap<Question, u64>>,
}

impl Shelves {
    /// Looks for offers of a channel, [`ANY`] among them; `after` is where the page before ended.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn find(
        &self,
        db: &Db,
        channel: &str,
        wanted: Wanted,
        after: Option<(i64, String)>,
        limit: usize,
    ) -> Result<(Vec<VersionId>, u64)> {
        let all = self.current(db).await?;
        let question = (all.revision, channel.to_owned(), wanted);
        let known = self.totals().get(&question).copied();
        let channel = channel.to_owned();
        let task = tokio::task::spawn_blocking(move || {
            let position = after.as_ref().map(|(at, plugin)| (*at, plugin.as_str()));
            let shelf = all.by_channel.get(&channel);
            let found = shelf.map(|s| s.find(&question.2, position, limit, known.is_none()));
            (question, found.unwrap_or_default())
        });
        let Ok((question, Found { versions, total })) = task.await else {
            return Ok((Vec::new(), 0));
        };
        let total = known.or(total).unwrap_or(0);
        if known.is_none() {
            let mut totals = self.totals();
            if totals.len() >= TOTALS {
                totals.clear();
            }
            totals.insert(question, total);
        }
        Ok((versions, total))
    }

    fn totals(&self) -> std::sync::MutexGuard<'_, HashMap<Question, u64>> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Arc<All> {
        Arc::clone(&self.all.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn current(&self, db: &Db) -> Result<Arc<All>> {
        let revision = offers::revision(db).await?;
        if self.now().revision >= revision {
            return Ok(self.now());
        }
        let _one = self.refresh.lock().await;
        let known = self.now();
        if known.revision >= revision {
            return Ok(known);
        }
        let fresh = Arc::new(read(db, &known).await?);
        *self.all.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        self.totals().clear();
        Ok(fresh)
    }
}

/// What is offered now, read whole or, when there is something to go on from, what changed.
async fn read(db: &Db, known: &All) -> Result<All> {
    // The number comes first: what changes after it is read is read again next time.
    let revision = offers::revision(db).await?;
    let changed = match known.revision {
        0 => None,
        since => offers::changed_since(db, since).await?,
    };
    let placed = offers::placed(db, changed.as_deref()).await?;
    let mut by_channel = HashMap::new();
    for channel in [ANY, "stable", "beta"] {
        let of = placed.iter().filter(|(on, _)| on == channel);
        let offers = of.map(|(_, offer)| offer.clone()).collect();
        let before = known.by_channel.get(channel);
        let shelf = match (&changed, before) {
            (Some(plugins), Some(shelf)) => shelf.changed(plugins, offers),
            _ => Shelf::new(offers),
        };
        by_channel.insert(channel.to_owned(), shelf);
    }
    Ok(All {
        revision,
        by_channel,
    })
}
