//! Parts of pages that follow what happens.

use std::pin::Pin;
use std::time::Duration;

use axum::response::Response;
use futures::stream;
use px_store::Db;
use px_web::http::LiveEvent;
use px_web::{Answer, Html};
use tokio::time::{Sleep, sleep};

/// A stream ends after this long; the browser connects again and its rights are looked at anew.
const LIFE: Duration = Duration::from_secs(300);
/// Commits of other processes are seen at the latest after this long.
const POLL: Duration = Duration::from_secs(2);
/// Changes that follow each other closely are shown once.
const GATHER: Duration = Duration::from_millis(200);

struct Watch<F> {
    commits: tokio::sync::watch::Receiver<u64>,
    end: Pin<Box<Sleep>>,
    sent: Html,
    render: F,
}

/// A stream of a part's markup: at once, and again whenever it has changed.
pub(super) fn follow<F, A>(db: &Db, render: F) -> Response
where
    F: Fn() -> A + Send + 'static,
    A: Future<Output = Answer<Html>> + Send + 'static,
{
    let watch = Watch {
        commits: db.commits(),
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
            () = sleep(POLL) => {}
        }
    }
}
