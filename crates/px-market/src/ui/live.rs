//! Tells open pages that what they show has changed.

use std::pin::Pin;
use std::time::Duration;

use axum::response::Response;
use futures::stream;
use px_web::http::LiveEvent;
use tokio::time::{Sleep, sleep};

use crate::Market;
use crate::app::error::AppResult;

/// A stream ends after this long; the browser connects again and its rights are looked at anew.
const LIFE: Duration = Duration::from_secs(300);
/// Commits of other processes are seen at the latest after this long.
const POLL: Duration = Duration::from_secs(3);
/// Changes that follow each other closely are told once.
const GATHER: Duration = Duration::from_millis(150);

struct Watch<F> {
    commits: tokio::sync::watch::Receiver<u64>,
    end: Pin<Box<Sleep>>,
    seen: i64,
    stamp: F,
}

/// A stream of `changed` events: one whenever `stamp` answers something else than before, and at
/// once when it is not what the page was made from (`seen`).
pub(super) fn follow<F, A>(market: &Market, seen: i64, stamp: F) -> Response
where
    F: Fn() -> A + Send + 'static,
    A: Future<Output = AppResult<i64>> + Send + 'static,
{
    let watch = Watch {
        commits: market.db().commits(),
        end: Box::pin(sleep(LIFE)),
        seen,
        stamp,
    };
    px_web::http::live(stream::unfold(watch, next))
}

async fn next<F, A>(mut watch: Watch<F>) -> Option<(LiveEvent, Watch<F>)>
where
    F: Fn() -> A,
    A: Future<Output = AppResult<i64>>,
{
    loop {
        watch.commits.mark_unchanged();
        let stamp = (watch.stamp)().await.ok()?;
        if stamp != watch.seen {
            watch.seen = stamp;
            return Some((LiveEvent::new("changed").name("changed").id(stamp), watch));
        }
        tokio::select! {
            () = &mut watch.end => return None,
            changed = watch.commits.changed() => {
                changed.ok()?;
                sleep(GATHER).await;
            }
            () = sleep(POLL) => {}
        }
    }
}
