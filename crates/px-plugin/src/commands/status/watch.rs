//! Following a version live: server-sent events, and asking again where there are none.

use std::time::Duration;

use futures::StreamExt;
use px_api::client::Client;
use px_api::market::VersionView;
use px_model::VersionId;
use reqwest::Method;
use reqwest::header::ACCEPT;

use super::show::line;
use crate::failure::Failure;
use crate::market::{paths, sse};
use crate::printer::{Page, Text, Tone};
use crate::session::Session;

/// What was shown already.
struct Shown<'a> {
    session: &'a Session,
    entries: usize,
    place: Option<u32>,
    last: Option<VersionView>,
}

impl Shown<'_> {
    /// Shows what is new; true when there is nothing more to wait for.
    fn take(&mut self, view: VersionView) -> bool {
        if self.session.printer.is_human() {
            let mut page = Page::new();
            for entry in view.timeline.iter().skip(self.entries) {
                page = page.join(line(entry));
            }
            if view.queue_position != self.place
                && let Some(place) = view.queue_position
            {
                page = page.line(Text::toned(
                    Tone::Dim,
                    format!("  place {place} in the queue"),
                ));
            }
            self.session.printer.page(&page);
        }
        self.entries = view.timeline.len();
        self.place = view.queue_position;
        let decided = super::is_decided(view.state);
        self.last = Some(view);
        decided
    }
}

/// Waits until the version is decided, and shows each step as it happens.
///
/// # Errors
/// When it cannot be asked about.
pub async fn until_decided(
    session: &Session,
    client: &Client,
    version: VersionId,
    pause: Duration,
) -> Result<VersionView, Failure> {
    let mut shown = Shown {
        session,
        entries: 0,
        place: None,
        last: None,
    };
    let mut streams = true;
    loop {
        // Asking once before each stream shows what happened while there was none.
        let decided = shown.take(super::view(session, client, version).await?);
        if decided || (streams && follow(client, version, &mut shown, &mut streams).await) {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    match shown.last {
        Some(view) => Ok(view),
        None => super::view(session, client, version).await,
    }
}

/// Follows the stream until it breaks; true when the version is decided. A server without streams is not
/// asked again.
async fn follow(
    client: &Client,
    version: VersionId,
    shown: &mut Shown<'_>,
    streams: &mut bool,
) -> bool {
    let Ok(request) = client.request(Method::GET, &paths::view_stream(version)) else {
        return false;
    };
    let Ok(answer) = request.header(ACCEPT, "text/event-stream").send().await else {
        return false;
    };
    if !answer.status().is_success() {
        *streams = answer.status().is_server_error();
        return false;
    }
    let mut parser = sse::Parser::default();
    let mut pieces = answer.bytes_stream();
    while let Some(Ok(piece)) = pieces.next().await {
        for event in parser.push(&piece) {
            if let Ok(view) = serde_json::from_str::<VersionView>(&event)
                && shown.take(view)
            {
                return true;
            }
        }
    }
    false
}
