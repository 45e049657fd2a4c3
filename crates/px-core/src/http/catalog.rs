//! What there is, what is installed, and what a tenant wants done with news.

use axum::extract::{Path, Query, State};
use px_api::core::{
    CatalogState, CatalogVersion, ExplainView, InstallFigures, InstalledPlugin, PolicyRequest,
    Recorded, SubscribeRequest,
};
use px_model::{Channel, PluginId};
use px_web::{Answer, Json};

use super::query::AboutQuery;
use super::who::Who;
use crate::Core;

/// Listed versions, seen from a tenant: compatible, allowed, installed, or why not.
#[utoipa::path(get, path = "/api/v1/admin/plugins/versions", tag = "catalog", params(AboutQuery),
    responses((status = 200, body = Vec<CatalogVersion>)))]
pub async fn versions(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<AboutQuery>,
) -> Answer<Json<Vec<CatalogVersion>>> {
    let tenant = who.tenant(query.tenant_id).await?;
    let plugin = query.plugin_id.as_ref();
    Ok(Json(core.versions(tenant, plugin, query.channel).await?))
}

/// Installed plugins.
#[utoipa::path(get, path = "/api/v1/admin/plugins/installed", tag = "catalog", params(AboutQuery),
    responses((status = 200, body = Vec<InstalledPlugin>)))]
pub async fn installed(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<AboutQuery>,
) -> Answer<Json<Vec<InstalledPlugin>>> {
    let caller = who.reader(query.tenant_id).await?;
    Ok(Json(core.installed(&caller).await?))
}

/// How fresh the catalog is.
#[utoipa::path(get, path = "/api/v1/admin/plugins/catalog", tag = "catalog",
    responses((status = 200, body = CatalogState)))]
pub async fn state(State(core): State<Core>, _who: Who) -> Answer<Json<CatalogState>> {
    Ok(Json(core.catalog_state().await?))
}

/// Believes the keys the Marketplace names now; to be done after asking its people on another way.
#[utoipa::path(post, path = "/api/v1/admin/plugins/catalog/trust", tag = "catalog",
    responses((status = 200, body = Recorded), (status = 403, body = px_api::Problem)))]
pub async fn accept_trust(State(core): State<Core>, who: Who) -> Answer<Json<Recorded>> {
    let accepted = core.syncer().accept_trust(&who.ops()?).await;
    let audit = accepted.map_err(crate::app::error::AppError::from)?;
    Ok(recorded(&audit))
}

/// How the installs of the last 24 hours ended, over all tenants.
#[utoipa::path(get, path = "/api/v1/admin/plugins/figures", tag = "catalog",
    responses((status = 200, body = InstallFigures), (status = 403, body = px_api::Problem)))]
pub async fn figures(State(core): State<Core>, who: Who) -> Answer<Json<InstallFigures>> {
    who.ops()?;
    Ok(Json(core.figures().await?))
}

/// What happens when a new version is listed.
#[utoipa::path(put, path = "/api/v1/admin/plugins/{pluginId}/policy", tag = "catalog", request_body = PolicyRequest,
    params(("pluginId" = String, Path)),
    responses((status = 200, body = Recorded), (status = 404, body = px_api::Problem)))]
pub async fn set_policy(
    State(core): State<Core>,
    who: Who,
    Path(plugin): Path<PluginId>,
    Json(request): Json<PolicyRequest>,
) -> Answer<Json<Recorded>> {
    let admin = who.admin(request.tenant_id).await?;
    let audit = core.set_policy(&admin, &plugin, &request).await?;
    Ok(recorded(&audit))
}

/// Why a tenant is not on the newest version yet.
#[utoipa::path(get, path = "/api/v1/admin/plugins/{pluginId}/explain", tag = "upgrade",
    params(("pluginId" = String, Path), AboutQuery),
    responses((status = 200, body = ExplainView), (status = 404, body = px_api::Problem)))]
pub async fn explain(
    State(core): State<Core>,
    who: Who,
    Path(plugin): Path<PluginId>,
    Query(query): Query<AboutQuery>,
) -> Answer<Json<ExplainView>> {
    let tenant = who.tenant(query.tenant_id).await?;
    Ok(Json(core.explain(tenant, &plugin).await?))
}

/// Asks to be told about a plugin.
#[utoipa::path(put, path = "/api/v1/admin/plugins/{pluginId}/subscription", tag = "catalog", request_body = SubscribeRequest,
    params(("pluginId" = String, Path)), responses((status = 200, body = Recorded)))]
pub async fn subscribe(
    State(core): State<Core>,
    who: Who,
    Path(plugin): Path<PluginId>,
    Json(request): Json<SubscribeRequest>,
) -> Answer<Json<Recorded>> {
    let admin = who.admin(request.tenant_id).await?;
    let channel = request.channel.unwrap_or(Channel::Stable);
    let audit = core.subscribe(&admin, &plugin, channel).await?;
    Ok(recorded(&audit))
}

/// No longer asks to be told about a plugin.
#[utoipa::path(delete, path = "/api/v1/admin/plugins/{pluginId}/subscription", tag = "catalog",
    params(("pluginId" = String, Path), AboutQuery), responses((status = 200, body = Recorded)))]
pub async fn unsubscribe(
    State(core): State<Core>,
    who: Who,
    Path(plugin): Path<PluginId>,
    Query(query): Query<AboutQuery>,
) -> Answer<Json<Recorded>> {
    let admin = who.admin(query.tenant_id).await?;
    let audit = core.unsubscribe(&admin, &plugin).await?;
    Ok(recorded(&audit))
}

pub(super) fn recorded(audit: &px_model::AuditId) -> Json<Recorded> {
    let audit_id = audit.to_string();
    Json(Recorded { audit_id })
}
