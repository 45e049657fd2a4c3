//! Progress of an install as it happens: the same document as its status.

use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::Response;
use futures::StreamExt;
use px_model::InstallId;
use px_web::Answer;
use px_web::http::{LiveEvent, live};

use super::query::JobQuery;
use super::who::Who;
use crate::Core;
use crate::app::authority::Caller;

/// Looks for changes made by other processes.
const LOOK: Duration = Duration::from_secs(1);

struct Follow {
    core: Core,
    caller: Caller,
    id: InstallId,
    last: String,
    count: u64,
    ended: bool,
}

/// Server-sent events with an install's status, one whenever it changes; ends with the install.
#[utoipa::path(get, path = "/api/v1/admin/plugins/install/events", tag = "install", params(JobQuery),
    responses((status = 200, content_type = "text/event-stream", body = px_api::openapi::StreamEvent), (status = 404, body = px_api::Problem)))]
pub async fn events(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<JobQuery>,
) -> Answer<Response> {
    let caller = who.reader(None).await?;
    // A stream that cannot begin is a problem document, not an empty stream.
    core.install_view(&caller, query.job_id).await?;
    let start = Follow {
        core,
        caller,
        id: query.job_id,
        last: String::new(),
        count: 0,
        ended: false,
    };
    Ok(live(futures::stream::unfold(start, next).boxed()))
}

async fn next(mut at: Follow) -> Option<(LiveEvent, Follow)> {
    if at.ended {
        return None;
    }
    let mut commits = at.core.db().commits();
    loop {
        commits.mark_unchanged();
        if let Ok(view) = at.core.install_view(&at.caller, at.id).await {
            let text = serde_json::to_string(&view).unwrap_or_default();
            if text != at.last {
                at.ended = view.status.is_final();
                at.last.clone_from(&text);
                at.count += 1;
                let event = LiveEvent::new(text).id(at.count).name("install");
                return Some((event, at));
            }
        }
        let _ = tokio::time::timeout(LOOK, commits.changed()).await;
    }
}
