//! Server-sent events (WHATWG HTML section 9.2) that resume after a break.

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use http::{HeaderMap, HeaderValue, header};
use std::convert::Infallible;
use std::time::Duration;

/// Silence after which a comment keeps proxies and browsers from giving up.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveEvent {
    /// Position to resume after; the browser sends it back as `Last-Event-ID`.
    pub id: Option<String>,
    /// Event name that `sse-swap` listens to; `message` when absent.
    pub name: Option<String>,
    /// Markup for pages, JSON for machines.
    pub data: String,
}

impl LiveEvent {
    /// An unnamed event without a position.
    #[must_use]
    pub fn new(data: impl Into<String>) -> Self {
        Self {
            id: None,
            name: None,
            data: data.into(),
        }
    }

    /// With the position to resume after.
    #[must_use]
    pub fn id(mut self, id: impl ToString) -> Self {
        self.id = Some(id.to_string());
        self
    }

    /// With a name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    fn into_event(self) -> Event {
        let clean = |text: String| text.replace(['\r', '\n', '\0'], " ");
        let mut event = Event::default().data(self.data.replace('\r', ""));
        if let Some(id) = self.id {
            event = event.id(clean(id));
        }
        if let Some(name) = self.name {
            event = event.event(clean(name));
        }
        event
    }
}

/// Position after which the reader wants to go on: the `Last-Event-ID` header, which browsers send
/// when they reconnect.
#[must_use]
pub fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    headers
        .get("last-event-id")
        .and_then(|v| v.to_str().ok())
        .filter(|id| !id.is_empty())
}

/// Answers with a stream and keeps it alive. The stream ends when it ends or the reader leaves.
///
/// In a page: `<div hx-ext="sse" sse-connect="/x/stream" sse-swap="message"
/// data-poll="/x/fragment">`; when the stream breaks, the script asks `data-poll` every five
/// seconds (`data-poll-seconds`) until it is back.
pub fn live(events: impl Stream<Item = LiveEvent> + Send + 'static) -> Response {
    let events = events.map(|event| Ok::<_, Infallible>(event.into_event()));
    let mut answer = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Asks buffering proxies to pass events on at once.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}
