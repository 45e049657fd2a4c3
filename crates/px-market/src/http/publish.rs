//! Registering, submitting and taking back versions.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use px_api::Problem;
use px_api::market::{PublishAnswer, PublishRequest, StatusPatch, VersionView};
use px_model::VersionId;
use px_web::identity::Publisher;
use px_web::{Answer, Json};

use super::answers::Named;
use super::auth::{self, Keeper};
use crate::Market;

/// Registers a version. The same `publishRequestId` twice is one version.
#[utoipa::path(post, path = "/api/marketplace/plugins/publish", tag = "publish", request_body = PublishRequest,
    responses((status = 201, body = PublishAnswer), (status = "default", body = Problem)))]
pub(super) async fn publish(
    State(market): State<Market>,
    who: Publisher,
    Json(request): Json<PublishRequest>,
) -> Answer {
    let answer = market.publish(&auth::publisher(&who), &request).await?;
    let location = [(http::header::LOCATION, answer.upload_url.clone())];
    Ok((StatusCode::CREATED, location, Json(answer)).into_response())
}

/// Asks for the review of a version whose bytes have all arrived.
#[utoipa::path(post, path = "/api/marketplace/plugins/{versionId}/submit-review", tag = "publish",
    params(("versionId" = String, Path)),
    responses((status = 202, body = VersionView), (status = "default", body = Problem)))]
pub(super) async fn submit(
    State(market): State<Market>,
    who: Publisher,
    Named(version): Named<VersionId>,
) -> Answer {
    let view = market
        .submit_review(&auth::publisher(&who), version)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(view)).into_response())
}

/// Withdraws a version (its publisher), or quarantines, recalls or lists it again (operators).
#[utoipa::path(patch, path = "/api/marketplace/plugins/{versionId}/status", tag = "publish",
    params(("versionId" = String, Path)), request_body = StatusPatch,
    responses((status = 200, body = VersionView), (status = "default", body = Problem)))]
pub(super) async fn status(
    State(market): State<Market>,
    who: Keeper,
    Named(version): Named<VersionId>,
    Json(patch): Json<StatusPatch>,
) -> Answer<Response> {
    let view = match who {
        Keeper::Operator(auth) => market.set_status(&auth, version, &patch).await?,
        Keeper::Publisher(auth) => market.withdraw(&auth, version, &patch).await?,
    };
    Ok(Json(view).into_response())
}
