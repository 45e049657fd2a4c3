//! Installing, cancelling, going back.

use axum::extract::{Query, State};
use http::{HeaderMap, StatusCode};
use px_api::core::{
    InstallAccepted, InstallRequest, InstallView, LogLine, Recorded, RollbackRequest,
};
use px_web::{Answer, Json};

use super::query::{AboutQuery, JobQuery};
use super::who::{Who, idempotency_key};
use crate::Core;
use crate::store::installs::Filter;

/// Installs a listed version, or a bundle at an allowed URL.
#[utoipa::path(post, path = "/api/v1/admin/plugins/install/url", tag = "install", request_body = InstallRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same body answers the same install.")),
    responses((status = 202, body = InstallAccepted), (status = 409, body = px_api::Problem), (status = 422, body = px_api::Problem)))]
pub async fn install(
    State(core): State<Core>,
    who: Who,
    headers: HeaderMap,
    Json(request): Json<InstallRequest>,
) -> Answer<(StatusCode, Json<InstallAccepted>)> {
    let admin = who.admin(request.tenant_id).await?;
    let key = idempotency_key(&headers)?;
    let answer = core.install(&admin, &request, key.as_deref()).await?;
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// Where an install stands.
#[utoipa::path(get, path = "/api/v1/admin/plugins/install/status", tag = "install", params(JobQuery),
    responses((status = 200, body = InstallView), (status = 404, body = px_api::Problem)))]
pub async fn status(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<JobQuery>,
) -> Answer<Json<InstallView>> {
    let caller = who.reader(None).await?;
    Ok(Json(core.install_view(&caller, query.job_id).await?))
}

/// The log of an install.
#[utoipa::path(get, path = "/api/v1/admin/plugins/install/logs", tag = "install", params(JobQuery),
    responses((status = 200, body = Vec<LogLine>), (status = 404, body = px_api::Problem)))]
pub async fn logs(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<JobQuery>,
) -> Answer<Json<Vec<LogLine>>> {
    let caller = who.reader(None).await?;
    Ok(Json(core.install_log(&caller, query.job_id).await?))
}

/// Stops an install before anything is put in place.
#[utoipa::path(post, path = "/api/v1/admin/plugins/install/cancel", tag = "install", params(JobQuery),
    responses((status = 202, body = Recorded), (status = 409, body = px_api::Problem)))]
pub async fn cancel(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<JobQuery>,
) -> Answer<(StatusCode, Json<Recorded>)> {
    let caller = who.reader(None).await?;
    let install = core.install_view(&caller, query.job_id).await?;
    let admin = who.admin(Some(install.tenant_id)).await?;
    let audit = core.cancel(&admin, query.job_id).await?;
    let audit_id = audit.to_string();
    Ok((StatusCode::ACCEPTED, Json(Recorded { audit_id })))
}

/// Installs, newest first.
#[utoipa::path(get, path = "/api/v1/admin/plugins/installs", tag = "install", params(AboutQuery),
    responses((status = 200, body = Vec<InstallView>)))]
pub async fn list(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<AboutQuery>,
) -> Answer<Json<Vec<InstallView>>> {
    let caller = who.reader(query.tenant_id).await?;
    let filter = Filter {
        plugin: query.plugin_id,
        active: query.active,
        rollout: query.rollout_id,
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    Ok(Json(core.installs(&caller, &filter).await?))
}

/// Takes a plugin back to its previous version.
#[utoipa::path(post, path = "/api/v1/admin/plugins/upgrade/rollback", tag = "upgrade", request_body = RollbackRequest,
    responses((status = 202, body = InstallAccepted), (status = 404, body = px_api::Problem), (status = 409, body = px_api::Problem)))]
pub async fn roll_back(
    State(core): State<Core>,
    who: Who,
    Json(request): Json<RollbackRequest>,
) -> Answer<(StatusCode, Json<InstallAccepted>)> {
    let admin = who.admin(request.tenant_id).await?;
    let answer = core.roll_back(&admin, &request).await?;
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
