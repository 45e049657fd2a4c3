//! Tenants, and the limits of this installation.

use axum::extract::State;
use http::StatusCode;
use px_api::core::{TenantRequest, TenantView};
use px_web::{Answer, Json};
use serde_json::{Value, json};

use super::who::Who;
use crate::Core;

/// Tenants the caller may see.
#[utoipa::path(get, path = "/api/v1/admin/tenants", tag = "tenants",
    responses((status = 200, body = Vec<TenantView>)))]
pub async fn list(State(core): State<Core>, who: Who) -> Answer<Json<Vec<TenantView>>> {
    let caller = who.reader(None).await?;
    Ok(Json(core.tenants(&caller).await?))
}

/// Makes a tenant.
#[utoipa::path(post, path = "/api/v1/admin/tenants", tag = "tenants", request_body = TenantRequest,
    responses((status = 201, body = TenantView), (status = 403, body = px_api::Problem), (status = 422, body = px_api::Problem)))]
pub async fn create(
    State(core): State<Core>,
    who: Who,
    Json(request): Json<TenantRequest>,
) -> Answer<(StatusCode, Json<TenantView>)> {
    let view = core.create_tenant(&who.ops()?, &request).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Limits that requests and bundles meet.
#[utoipa::path(get, path = "/api/v1/limits", tag = "about",
    responses((status = 200, body = Object)))]
pub async fn limits(State(core): State<Core>) -> Json<Value> {
    let config = core.config();
    Json(json!({
        "bundleBytes": config.fetch.bundle_bytes,
        "requestBodyBytes": 2 * 1024 * 1024,
        "pluginRequestBodyBytes": px_runtime::Limits::default().request_body_bytes,
        "probationSeconds": config.probation.duration.as_secs(),
        "previousVersionKeptSeconds": config.pin.as_secs(),
        "parallelInstalls": config.parallel_installs,
        "allowedHosts": config.allowed_hosts,
    }))
}
