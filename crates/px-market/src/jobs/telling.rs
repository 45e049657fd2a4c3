//! Telling the subscribers of a release, some at a time: a release that many wait for must not keep
//! its reviewer, nor everybody else who writes, waiting until the last of them has a notice.

use async_trait::async_trait;
use px_model::{Event, SubscriptionId, VersionId, VersionState};
use px_store::Tx;
use px_work::{Job, JobError, JobHandler, NewJob};
use serde::{Deserialize, Serialize};

use super::{NOTIFIED, Release, TELL};
use crate::Market;
use crate::app::error::{AppError, AppResult};
use crate::store::row::VersionRow;
use crate::store::{subscriptions, versions};

/// Subscribers told in one transaction; it takes a few milliseconds.
const AT_ONCE: u32 = 256;

/// Payload of [`TELL`]: how far the telling of a release has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Telling {
    version_id: VersionId,
    event: String,
    /// The last subscriber that has its notices.
    after: Option<SubscriptionId>,
}

impl Telling {
    /// Nobody has been told yet.
    pub(crate) fn begin(row: &VersionRow, event: &Event) -> Self {
        Self {
            version_id: row.id,
            event: event.id.clone(),
            after: None,
        }
    }

    pub(crate) async fn enqueue(&self, tx: &mut Tx) -> AppResult<()> {
        let key = match self.after {
            None => self.version_id.to_string(),
            Some(after) => format!("{}:{after}", self.version_id),
        };
        let job = NewJob::new(TELL, serde_json::to_value(self)?).unique(key);
        px_work::enqueue(tx, job).await?;
        Ok(())
    }
}

/// Handles [`TELL`].
pub struct Teller(pub Market);

#[async_trait]
impl JobHandler for Teller {
    fn kind(&self) -> &'static str {
        TELL
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        Ok(self.tell(job, job.read()?).await?)
    }
}

impl Teller {
    async fn tell(&self, job: &Job, telling: Telling) -> Result<(), AppError> {
        let market = &self.0;
        let row = versions::get(market.db(), telling.version_id).await?;
        let stored = px_store::event(market.db(), &telling.event).await?;
        // Positions are the feed's.
        let event = Event {
            sequence: None,
            ..stored
        };
        let mut tx = market.db().begin().await?;
        let whose = (&row.plugin, row.channel);
        // Whoever takes a version back tells those who have it; nobody else need hear of it.
        let some = match row.state {
            VersionState::Listed => {
                subscriptions::to_tell(&mut tx, whose, telling.after, AT_ONCE).await?
            }
            _ => Vec::new(),
        };
        market
            .tell_subscribers(&mut tx, &row, &event, &some)
            .await?;
        job.finish(&mut tx).await?;
        match some.last() {
            Some(last) => {
                let after = Some(last.id);
                Telling { after, ..telling }.enqueue(&mut tx).await?;
            }
            None => {
                let release = serde_json::to_value(Release { version_id: row.id })?;
                let job = NewJob::new(NOTIFIED, release).unique(row.id.to_string());
                px_work::enqueue(&mut tx, job).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}
