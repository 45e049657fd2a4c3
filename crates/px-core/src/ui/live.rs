//! Parts of pages that follow what happens.

use std::pin::Pin;
use std::time::Duration;

use axum::response::Response;
use futures::stream;
use px_web::http::LiveEvent;
use px_web::{Answer, Html};
use tokio::time::{Sleep, sleep};

use crate::Core;

/// A stream ends after this long; the browser connects again and its rights are looked at anew.
const LIFE: Duration = Duration::from_secs(300);
/// Bounds of the time after which commits of other processes are seen at the latest.
const POLL: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));
/// Changes that follow each other closely are shown once.
const GATHER: Duration = Duration::from_millis(200);

struct Watch<F> {
    commits: tokio::sync::watch::Receiver<u64>,
    end: Pin<Box<Sleep>>,
    every: Duration,
    sent: Html,
    render: F,
}

/// How often an open page looks for what is new, within bounds.
pub(super) fn every(core: &Core) -> Duration {
    core.config().console.refresh.clamp(POLL.0, POLL.1)
}

/// A stream of a part's markup: at once, and again whenever it has changed.
pub(super) fn follow<F, A>(core: &Core, render: F) -> Response
where
    F: Fn() -> A + Send + 'static,
    A: Future<Output = Answer<Html>> + Send + 'static,
{
    let watch = Watch {
        commits: core.db().commits(),
        every: every(core),
        end: Box::pin(sleep(LIFE)),
        sent: Html::empty(),
        render,
    };
    px_web::http::live(stream::unfold(watch, next))
}

async fn next<F, A>(mut watch: Watch<F>) -> Option<(LiveEvent, Watch<F>)>
where
    F: Fn() -> A,
    A: Future<Output = Answer<Html>>,
{
    loop {
        watch.commits.mark_unchanged();
        let part = (watch.render)().await.ok()?;
        if part != watch.sent {
            let event = LiveEvent::new(part.as_str());
            watch.sent = part;
            return Some((event, watch));
        }
        tokio::select! {
            () = &mut watch.end => return None,
            changed = watch.commits.changed() => {
                changed.ok()?;
                sleep(GATHER).await;
            }
            () = sleep(watch.every) => {}
        }
    }
}
