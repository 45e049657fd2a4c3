//! What installations tell: subscriptions and outcomes.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use px_api::Problem;
use px_api::market::{OutcomeReport, SubscriptionRequest, SubscriptionView};
use px_model::{Scope, SubscriptionId, VersionId};
use px_web::identity::Installation;
use px_web::{Answer, Json};
use std::collections::BTreeMap;

use super::answers::Named;
use super::auth::{self, Viewer};
use crate::Market;

/// Subscribes a tenant to a plugin, or changes its subscription.
#[utoipa::path(post, path = "/api/marketplace/subscriptions", tag = "feed", request_body = SubscriptionRequest,
    responses((status = 201, body = SubscriptionView), (status = "default", body = Problem)))]
pub(super) async fn subscribe(
    State(market): State<Market>,
    who: Installation,
    Json(request): Json<SubscriptionRequest>,
) -> Answer<Response> {
    let auth = auth::installation(&who, Scope::InstallationReport)?;
    let view = market.subscribe(&auth, &request).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// The installation's subscriptions.
#[utoipa::path(get, path = "/api/marketplace/subscriptions", tag = "feed",
    responses((status = 200, body = Vec<SubscriptionView>), (status = "default", body = Problem)))]
pub(super) async fn subscriptions(
    State(market): State<Market>,
    who: Installation,
) -> Answer<Json<Vec<SubscriptionView>>> {
    let auth = auth::installation(&who, Scope::InstallationReport)?;
    Ok(Json(market.subscriptions(&auth).await?))
}

/// Ends a subscription.
#[utoipa::path(delete, path = "/api/marketplace/subscriptions/{subscriptionId}", tag = "feed",
    params(("subscriptionId" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn unsubscribe(
    State(market): State<Market>,
    who: Installation,
    Named(id): Named<SubscriptionId>,
) -> Answer<StatusCode> {
    let auth = auth::installation(&who, Scope::InstallationReport)?;
    market.unsubscribe(&auth, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a report of what became of a version at a tenant; the same id counts once.
#[utoipa::path(post, path = "/api/marketplace/outcomes", tag = "feed", request_body = OutcomeReport,
    responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn report(
    State(market): State<Market>,
    who: Installation,
    Json(report): Json<OutcomeReport>,
) -> Answer<StatusCode> {
    let auth = auth::installation(&who, Scope::InstallationReport)?;
    market.report_outcome(&auth, &report).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many reports of each kind there are about a version.
#[utoipa::path(get, path = "/api/marketplace/plugins/{versionId}/outcomes", tag = "publisher",
    params(("versionId" = String, Path)),
    responses((status = 200, body = BTreeMap<String, u64>), (status = "default", body = Problem)))]
pub(super) async fn counts(
    State(market): State<Market>,
    Viewer(viewer): Viewer,
    Named(version): Named<VersionId>,
) -> Answer<Json<BTreeMap<String, u64>>> {
    Ok(Json(
        market
            .outcome_counts(&viewer, version)
            .await?
            .into_iter()
            .collect(),
    ))
}
