//! Scheduling upgrades and steering rollouts.

use axum::extract::{Path, Query, State};
use http::{HeaderMap, StatusCode};
use px_api::core::{
    BatchView, ReasonRequest, Recorded, RolloutView, ScheduleAnswer, ScheduleRequest,
};
use px_model::RolloutId;
use px_web::{Answer, Json};

use super::catalog::recorded;
use super::query::AboutQuery;
use super::who::{Who, idempotency_key};
use crate::Core;

/// Rollouts, newest first.
#[utoipa::path(get, path = "/api/v1/admin/plugins/rollouts", tag = "upgrade", params(AboutQuery),
    responses((status = 200, body = Vec<RolloutView>)))]
pub async fn list(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<AboutQuery>,
) -> Answer<Json<Vec<RolloutView>>> {
    let caller = who.reader(query.tenant_id).await?;
    let mut all = core.rollouts(&caller, query.plugin_id.as_ref()).await?;
    all.retain(|r| query.rollout_id.is_none_or(|id| id == r.rollout_id));
    Ok(Json(all))
}

/// Batches of all rollouts.
#[utoipa::path(get, path = "/api/v1/admin/plugins/upgrade/batches", tag = "upgrade", params(AboutQuery),
    responses((status = 200, body = Vec<BatchView>)))]
pub async fn batches(
    state: State<Core>,
    who: Who,
    query: Query<AboutQuery>,
) -> Answer<Json<Vec<BatchView>>> {
    let Json(all) = list(state, who, query).await?;
    Ok(Json(all.into_iter().flat_map(|r| r.batches).collect()))
}

/// Schedules one tenant's upgrade, or an operator's rollout over all tenants.
#[utoipa::path(post, path = "/api/v1/admin/plugins/upgrade/schedule", tag = "upgrade", request_body = ScheduleRequest,
    responses((status = 202, body = ScheduleAnswer), (status = 409, body = px_api::Problem), (status = 422, body = px_api::Problem)))]
pub async fn schedule(
    State(core): State<Core>,
    who: Who,
    headers: HeaderMap,
    Json(request): Json<ScheduleRequest>,
) -> Answer<(StatusCode, Json<ScheduleAnswer>)> {
    let answer = if who.is_ops_at_large(request.tenant_id) {
        core.schedule_rollout(&who.ops()?, &request).await?
    } else {
        let admin = who.admin(request.tenant_id).await?;
        let key = idempotency_key(&headers)?;
        core.schedule(&admin, &request, key.as_deref()).await?
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// Stops a rollout for the time being.
#[utoipa::path(post, path = "/api/v1/admin/plugins/rollouts/{rolloutId}/pause", tag = "upgrade", request_body = ReasonRequest,
    params(("rolloutId" = String, Path)),
    responses((status = 200, body = Recorded), (status = 404, body = px_api::Problem), (status = 409, body = px_api::Problem)))]
pub async fn pause(
    State(core): State<Core>,
    who: Who,
    Path(id): Path<RolloutId>,
    Json(request): Json<ReasonRequest>,
) -> Answer<Json<Recorded>> {
    let audit = core.pause(&who.ops()?, id, &request.reason).await?;
    Ok(recorded(&audit))
}

/// Goes on with a rollout.
#[utoipa::path(post, path = "/api/v1/admin/plugins/rollouts/{rolloutId}/resume", tag = "upgrade", request_body = ReasonRequest,
    params(("rolloutId" = String, Path)),
    responses((status = 200, body = Recorded), (status = 404, body = px_api::Problem), (status = 409, body = px_api::Problem)))]
pub async fn resume(
    State(core): State<Core>,
    who: Who,
    Path(id): Path<RolloutId>,
    Json(request): Json<ReasonRequest>,
) -> Answer<Json<Recorded>> {
    let audit = core.resume(&who.ops()?, id, &request.reason).await?;
    Ok(recorded(&audit))
}

/// Ends a rollout; tenants that have the version keep it.
#[utoipa::path(post, path = "/api/v1/admin/plugins/rollouts/{rolloutId}/cancel", tag = "upgrade", request_body = ReasonRequest,
    params(("rolloutId" = String, Path)),
    responses((status = 200, body = Recorded), (status = 404, body = px_api::Problem), (status = 409, body = px_api::Problem)))]
pub async fn end(
    State(core): State<Core>,
    who: Who,
    Path(id): Path<RolloutId>,
    Json(request): Json<ReasonRequest>,
) -> Answer<Json<Recorded>> {
    let audit = core.end_rollout(&who.ops()?, id, &request.reason).await?;
    Ok(recorded(&audit))
}
