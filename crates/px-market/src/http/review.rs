//! The queue, claims, decisions, and what an author follows live.

use axum::extract::{Query, State};
use axum::response::Response;
use futures::stream;
use http::StatusCode;
use px_api::Problem;
use px_api::market::{Claim, DecisionRequest, ReviewTask, VersionView};
use px_model::VersionId;
use px_web::http::{LiveEvent, live};
use px_web::identity::Reviewer;
use px_web::{Answer, Json};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::Named;
use super::auth::{self, Viewer};
use crate::Market;

/// How many rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Limit {
    /// At most this many.
    pub limit: Option<u32>,
}

/// What waits for a reviewer, in the order it should be taken.
#[utoipa::path(get, path = "/api/marketplace/reviews", tag = "review", params(Limit),
    responses((status = 200, body = Vec<ReviewTask>), (status = "default", body = Problem)))]
pub(super) async fn queue(
    State(market): State<Market>,
    who: Reviewer,
    Query(query): Query<Limit>,
) -> Answer<Json<Vec<ReviewTask>>> {
    let limit = query.limit.unwrap_or(100);
    Ok(Json(
        market.review_queue(&auth::reviewer(&who), limit).await?,
    ))
}

/// Takes a review, or renews the claim on it.
#[utoipa::path(post, path = "/api/marketplace/plugins/{versionId}/review/claim", tag = "review",
    params(("versionId" = String, Path)),
    responses((status = 200, body = Claim), (status = "default", body = Problem)))]
pub(super) async fn claim(
    State(market): State<Market>,
    who: Reviewer,
    Named(version): Named<VersionId>,
) -> Answer<Json<Claim>> {
    Ok(Json(
        market.claim_review(&auth::reviewer(&who), version).await?,
    ))
}

/// Gives a review back to the queue.
#[utoipa::path(delete, path = "/api/marketplace/plugins/{versionId}/review/claim", tag = "review",
    params(("versionId" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn release(
    State(market): State<Market>,
    who: Reviewer,
    Named(version): Named<VersionId>,
) -> Answer<StatusCode> {
    market
        .release_review(&auth::reviewer(&who), version)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Decides: the approval that completes the number needed lists the version.
#[utoipa::path(patch, path = "/api/marketplace/plugins/{versionId}/review", tag = "review",
    params(("versionId" = String, Path)), request_body = DecisionRequest,
    responses((status = 200, body = VersionView), (status = "default", body = Problem)))]
pub(super) async fn decide(
    State(market): State<Market>,
    who: Reviewer,
    Named(version): Named<VersionId>,
    Json(request): Json<DecisionRequest>,
) -> Answer<Json<VersionView>> {
    Ok(Json(
        market
            .decide(&auth::reviewer(&who), version, &request)
            .await?,
    ))
}

/// A version with its timeline, place in the queue and next step.
#[utoipa::path(get, path = "/api/marketplace/plugins/{versionId}/review", tag = "review",
    params(("versionId" = String, Path)),
    responses((status = 200, body = VersionView), (status = "default", body = Problem)))]
pub(super) async fn view(
    State(market): State<Market>,
    Viewer(viewer): Viewer,
    Named(version): Named<VersionId>,
) -> Answer<Json<VersionView>> {
    Ok(Json(market.version_view(&viewer, version).await?))
}

/// The report of the automated checks.
#[utoipa::path(get, path = "/api/marketplace/plugins/{versionId}/report", tag = "review",
    params(("versionId" = String, Path)),
    responses((status = 200, body = Object), (status = "default", body = Problem)))]
pub(super) async fn report(
    State(market): State<Market>,
    Viewer(viewer): Viewer,
    Named(version): Named<VersionId>,
) -> Answer<Json<serde_json::Value>> {
    Ok(Json(market.report(&viewer, version).await?.body))
}

/// The same document as `GET …/review`, sent each time it changes (server-sent events); the
/// stream ends when the version has reached a state that lasts.
#[utoipa::path(get, path = "/api/marketplace/plugins/{versionId}/review/stream", tag = "review",
    params(("versionId" = String, Path)),
    responses((status = 200, content_type = "text/event-stream", body = px_api::openapi::StreamEvent), (status = "default", body = Problem)))]
pub(super) async fn stream(
    State(market): State<Market>,
    Viewer(viewer): Viewer,
    Named(version): Named<VersionId>,
) -> Answer<Response> {
    let watch = market.watch_version(viewer, version).await?;
    Ok(live(stream::unfold(watch, |mut watch| async move {
        let view = watch.next().await?;
        let data = serde_json::to_string(&view).ok()?;
        let event = LiveEvent::new(data).id(view.timeline.len());
        Some((event, watch))
    })))
}
