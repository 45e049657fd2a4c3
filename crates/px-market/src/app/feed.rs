//! The event feed that installations follow.

use std::time::Duration;

use px_api::market::FeedPage;
use px_model::{Event, event_type};
use serde_json::json;

use super::authority::InstallationAuth;
use super::error::AppResult;
use crate::Market;

/// Events whose content is for everybody who follows the feed. Of the others only the position is
/// shown, so that the numbers have no gaps.
const PUBLIC: [&str; 4] = [
    event_type::APPROVED,
    event_type::NOTIFIED,
    event_type::PLUGIN_APPROVED,
    event_type::PLUGIN_WITHDRAWN,
];
/// Commits of other processes are seen by looking again after this time.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Market {
    /// Events after position `after`, at most `limit`; when there are none, waits up to `wait` for
    /// one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn feed(
        &self,
        _auth: &InstallationAuth,
        after: i64,
        limit: u32,
        wait: Duration,
    ) -> AppResult<FeedPage> {
        let limit = limit.clamp(1, 500);
        let deadline = tokio::time::Instant::now() + wait.min(self.config().max_feed_wait);
        let mut events = self.db().touched(px_store::OUTBOX);
        loop {
            events.mark_unchanged();
            let page = self.feed_page(after, limit).await?;
            let now = tokio::time::Instant::now();
            // Nothing will come after a position that does not exist; the follower must hear of it.
            if !page.events.is_empty() || page.head < after || now >= deadline {
                // Followers move their cursor past these events for good.
                self.db().settle().await?;
                return Ok(page);
            }
            let until = deadline.min(now + LOOK_AGAIN);
            tokio::select! {
                _ = events.changed() => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    async fn feed_page(&self, after: i64, limit: u32) -> AppResult<FeedPage> {
        let events: Vec<Event> = px_store::feed(self.db(), after.max(0), limit)
            .await?
            .into_iter()
            .map(outward)
            .collect();
        let next = events
            .last()
            .and_then(|e| e.sequence)
            .unwrap_or_else(|| after.max(0));
        let head = px_store::feed_head(self.db()).await?;
        Ok(FeedPage { events, next, head })
    }
}

fn outward(event: Event) -> Event {
    if PUBLIC.contains(&event.kind.as_str()) {
        return event;
    }
    Event {
        data: json!({ "withheld": true }),
        ..event
    }
}
