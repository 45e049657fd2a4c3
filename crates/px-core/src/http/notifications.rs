//! Where a tenant is told besides its inbox.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header;
use px_api::core::{AddressesRequest, AddressesSaved, AddressesView, SecretRequest};
use px_web::{Answer, Json};

use super::query::AboutQuery;
use super::who::Who;
use crate::Core;

/// Where the tenant is told besides its inbox.
#[utoipa::path(get, path = "/api/v1/admin/notifications", tag = "inbox", params(AboutQuery),
    responses((status = 200, body = AddressesView), (status = 403, body = px_api::Problem)))]
pub async fn show(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<AboutQuery>,
) -> Answer<Json<AddressesView>> {
    let tenant = who.tenant(query.tenant_id).await?;
    Ok(Json(core.addresses(tenant).await?))
}

/// Sets where the tenant is told. The secret of a webhook at another address than before is in the
/// answer, this once; the Marketplace is told by a job that does not give up.
#[utoipa::path(put, path = "/api/v1/admin/notifications", tag = "inbox", request_body = AddressesRequest,
    responses((status = 200, body = AddressesSaved), (status = 403, body = px_api::Problem),
        (status = 422, body = px_api::Problem)))]
pub async fn set(
    State(core): State<Core>,
    who: Who,
    Json(request): Json<AddressesRequest>,
) -> Answer<Response> {
    let admin = who.admin(request.tenant_id).await?;
    Ok(once(core.set_addresses(&admin, &request).await?))
}

/// A new signing secret for the tenant's webhook. For a day messages are signed with the one
/// before, too.
#[utoipa::path(post, path = "/api/v1/admin/notifications/secret", tag = "inbox", request_body = SecretRequest,
    responses((status = 200, body = AddressesSaved), (status = 403, body = px_api::Problem),
        (status = 422, body = px_api::Problem)))]
pub async fn renew(
    State(core): State<Core>,
    who: Who,
    Json(request): Json<SecretRequest>,
) -> Answer<Response> {
    let admin = who.admin(request.tenant_id).await?;
    Ok(once(core.renew_webhook_secret(&admin).await?))
}

/// An answer with a secret is kept by nobody on the way.
fn once(saved: AddressesSaved) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(saved)).into_response()
}
