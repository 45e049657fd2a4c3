//! The event feed: pages, long poll, or a stream.

use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::{HeaderMap, header};
use px_api::Problem;
use px_api::market::FeedPage;
use px_model::{Event, Scope};
use px_web::http::{LiveEvent, last_event_id, live};
use px_web::identity::Installation;
use px_web::{Answer, Json};
use serde::Deserialize;
use std::collections::VecDeque;
use utoipa::IntoParams;

use super::auth;
use crate::Market;
use crate::app::authority::InstallationAuth;

/// Which piece of the feed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedQuery {
    /// Position of the last event that is known; 0 begins at the first.
    after: Option<i64>,
    /// At most this many events, up to 500.
    limit: Option<u32>,
    /// Seconds to wait when there is nothing new, up to 30.
    wait: Option<u64>,
}

/// Events after a position, in order and without gaps; with `Accept: text/event-stream` for as
/// long as the connection holds, resumed by `Last-Event-ID`.
#[utoipa::path(get, path = "/api/marketplace/events", tag = "feed", params(FeedQuery),
    responses((status = 200, body = FeedPage), (status = "default", body = Problem)))]
pub(super) async fn events(
    State(market): State<Market>,
    who: Installation,
    Query(query): Query<FeedQuery>,
    headers: HeaderMap,
) -> Answer<Response> {
    let auth = auth::installation(&who, Scope::FeedRead)?;
    let after = query.after.unwrap_or(0);
    let limit = query.limit.unwrap_or(100);
    if wants_stream(&headers) {
        let after = last_event_id(&headers)
            .and_then(|id| id.parse().ok())
            .unwrap_or(after);
        return Ok(streamed(market, auth, after));
    }
    let wait = Duration::from_secs(query.wait.unwrap_or(0));
    Ok(Json(market.feed(&auth, after, limit, wait).await?).into_response())
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    accept.is_some_and(|a| a.contains("text/event-stream"))
}

struct Follower {
    market: Market,
    auth: InstallationAuth,
    after: i64,
    ready: VecDeque<Event>,
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        while self.ready.is_empty() {
            let wait = self.market.config().max_feed_wait;
            let page = self
                .market
                .feed(&self.auth, self.after, 100, wait)
                .await
                .ok()?;
            self.after = page.next;
            self.ready.extend(page.events);
        }
        self.ready.pop_front()
    }
}

fn streamed(market: Market, auth: InstallationAuth, after: i64) -> Response {
    let follower = Follower {
        market,
        auth,
        after,
        ready: VecDeque::new(),
    };
    live(stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        let data = serde_json::to_string(&event).ok()?;
        let id = event.sequence.unwrap_or_default();
        Some((LiveEvent::new(data).id(id), follower))
    }))
}
