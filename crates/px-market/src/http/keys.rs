//! Publishers' keys, and what cores must trust.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use px_api::Problem;
use px_api::market::{KeyRequest, KeyRevocation, KeyView, TrustDocument};
use px_model::KeyId;
use px_web::identity::{Publisher, PublisherReader};
use px_web::{Answer, Json};

use super::answers::Named;
use super::auth;
use crate::Market;

/// Registers a signing key; the answer carries its certificate.
#[utoipa::path(post, path = "/api/marketplace/publisher/keys", tag = "keys", request_body = KeyRequest,
    responses((status = 201, body = KeyView), (status = "default", body = Problem)))]
pub(super) async fn register(
    State(market): State<Market>,
    who: Publisher,
    Json(request): Json<KeyRequest>,
) -> Answer<Response> {
    let key = market
        .register_key(&auth::publisher(&who), &request)
        .await?;
    Ok((StatusCode::CREATED, Json(key)).into_response())
}

/// The publisher's keys, newest first.
#[utoipa::path(get, path = "/api/marketplace/publisher/keys", tag = "keys",
    responses((status = 200, body = Vec<KeyView>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(market): State<Market>,
    who: PublisherReader,
) -> Answer<Json<Vec<KeyView>>> {
    Ok(Json(market.publisher_keys(&auth::reader(&who)).await?))
}

/// Revokes a key: what it signs from now on does not verify.
#[utoipa::path(post, path = "/api/marketplace/publisher/keys/{keyId}/revoke", tag = "keys",
    params(("keyId" = String, Path)), request_body = KeyRevocation,
    responses((status = 200, body = KeyView), (status = "default", body = Problem)))]
pub(super) async fn revoke(
    State(market): State<Market>,
    who: Publisher,
    Named(key): Named<KeyId>,
    Json(request): Json<KeyRevocation>,
) -> Answer<Json<KeyView>> {
    let auth = auth::publisher(&who);
    Ok(Json(market.revoke_key(&auth, key, &request.reason).await?))
}

/// Publisher roots, listing keys and revocations, to be pinned by cores.
#[utoipa::path(get, path = "/api/marketplace/trust", tag = "keys",
    responses((status = 200, body = TrustDocument), (status = "default", body = Problem)))]
pub(super) async fn trust(State(market): State<Market>) -> Answer<Json<TrustDocument>> {
    Ok(Json(market.trust().await?))
}
