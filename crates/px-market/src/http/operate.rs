//! Running the Marketplace: publishers, notices, alerts, the audit log, figures.

use axum::extract::{Query, State};
use http::StatusCode;
use px_api::Problem;
use px_api::market::{KeyRevocation, KeyView, VersionView};
use px_model::{AlertId, KeyId, NoticeId, PublisherId, VersionId};
use px_store::{AuditFilter, AuditRecord, AuditVerdict};
use px_web::identity::MarketOperator;
use px_web::{Answer, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Named, Named2};
use super::auth::{self, Viewer};
use super::publisher::values;
use super::review::Limit;
use crate::Market;
use crate::app::error::AppError;
use crate::app::operate::FiguresView;
use crate::store::publishers::PublisherRow;

/// A publisher to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PublisherRequest {
    /// Its id, when it exists already and is to be renamed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    publisher_id: Option<PublisherId>,
    /// Its name.
    name: String,
}

/// Whether a publisher's identity is verified.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VerificationRequest {
    /// Whether it is.
    verified: bool,
    /// How that was found out.
    reason: String,
}

/// A publisher.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PublisherView {
    /// Its id.
    #[schema(value_type = String)]
    publisher_id: PublisherId,
    /// Its name.
    name: String,
    /// Whether its identity is verified.
    verified: bool,
}

impl From<PublisherRow> for PublisherView {
    fn from(row: PublisherRow) -> Self {
        Self {
            publisher_id: row.id,
            name: row.name,
            verified: row.verified,
        }
    }
}

/// All publishers, by name.
#[utoipa::path(get, path = "/api/marketplace/publishers", tag = "operate",
    responses((status = 200, body = Vec<PublisherView>), (status = "default", body = Problem)))]
pub(super) async fn publishers(
    State(market): State<Market>,
    who: MarketOperator,
) -> Answer<Json<Vec<PublisherView>>> {
    let rows = market.publishers(&auth::operator(&who)).await?;
    Ok(Json(rows.into_iter().map(PublisherView::from).collect()))
}

/// Registers or renames a publisher.
#[utoipa::path(post, path = "/api/marketplace/publishers", tag = "operate", request_body = PublisherRequest,
    responses((status = 200, body = PublisherView), (status = "default", body = Problem)))]
pub(super) async fn put_publisher(
    State(market): State<Market>,
    who: MarketOperator,
    Json(request): Json<PublisherRequest>,
) -> Answer<Json<PublisherView>> {
    let fresh = || PublisherId::from_uuid(market.db().env().uuid());
    let id = request.publisher_id.unwrap_or_else(fresh);
    market
        .put_publisher(&auth::operator(&who), id, &request.name)
        .await?;
    publisher_view(&market, id).await
}

/// Says whether a publisher's identity counts as verified.
#[utoipa::path(post, path = "/api/marketplace/publishers/{publisherId}/verification", tag = "operate",
    params(("publisherId" = String, Path)), request_body = VerificationRequest,
    responses((status = 200, body = PublisherView), (status = "default", body = Problem)))]
pub(super) async fn verify_publisher(
    State(market): State<Market>,
    who: MarketOperator,
    Named(id): Named<PublisherId>,
    Json(request): Json<VerificationRequest>,
) -> Answer<Json<PublisherView>> {
    let auth = auth::operator(&who);
    market
        .verify_publisher(&auth, id, request.verified, &request.reason)
        .await?;
    publisher_view(&market, id).await
}

async fn publisher_view(market: &Market, id: PublisherId) -> Answer<Json<PublisherView>> {
    let row = market.publisher(id).await?;
    row.map(|row| Json(row.into()))
        .ok_or_else(|| px_web::Failure::not_found("publisher"))
}

/// Revokes a publisher's key on behalf of the Marketplace.
#[utoipa::path(post, path = "/api/marketplace/publishers/{publisherId}/keys/{keyId}/revoke", tag = "operate",
    params(("publisherId" = String, Path), ("keyId" = String, Path)), request_body = KeyRevocation,
    responses((status = 200, body = KeyView), (status = "default", body = Problem)))]
pub(super) async fn revoke_key(
    State(market): State<Market>,
    who: MarketOperator,
    Named2(publisher, key): Named2<PublisherId, KeyId>,
    Json(request): Json<KeyRevocation>,
) -> Answer<Json<KeyView>> {
    let auth = auth::operator(&who);
    Ok(Json(
        market
            .revoke_key_of(&auth, publisher, key, &request.reason)
            .await?,
    ))
}

/// Runs the checks of a held version again at once.
#[utoipa::path(post, path = "/api/marketplace/plugins/{versionId}/rescan", tag = "operate",
    params(("versionId" = String, Path)),
    responses((status = 202, body = VersionView), (status = "default", body = Problem)))]
pub(super) async fn rescan(
    State(market): State<Market>,
    who: MarketOperator,
    Named(version): Named<VersionId>,
) -> Answer<(StatusCode, Json<VersionView>)> {
    let view = market.rescan(&auth::operator(&who), version).await?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// Who was told about a release, by which channel, when, and who is late.
#[utoipa::path(get, path = "/api/marketplace/versions/{versionId}/notices", tag = "operate",
    params(("versionId" = String, Path)),
    responses((status = 200, body = Object), (status = "default", body = Problem)))]
pub(super) async fn notices(
    State(market): State<Market>,
    Viewer(viewer): Viewer,
    Named(version): Named<VersionId>,
) -> Answer<Json<Value>> {
    let stats = market.release_notices(&viewer, version).await?;
    Ok(Json(serde_json::to_value(&stats).map_err(AppError::from)?))
}

/// Notices that were given up, newest first.
#[utoipa::path(get, path = "/api/marketplace/notices/dead", tag = "operate", params(Limit),
    responses((status = 200, body = Vec<Object>), (status = "default", body = Problem)))]
pub(super) async fn dead_letters(
    State(market): State<Market>,
    who: MarketOperator,
    Query(query): Query<Limit>,
) -> Answer<Json<Vec<Value>>> {
    let limit = query.limit.unwrap_or(100);
    values(&market.dead_letters(&auth::operator(&who), limit).await?)
}

/// Sends a notice that was given up again.
#[utoipa::path(post, path = "/api/marketplace/notices/{noticeId}/resend", tag = "operate",
    params(("noticeId" = String, Path)),
    responses((status = 202), (status = "default", body = Problem)))]
pub(super) async fn resend(
    State(market): State<Market>,
    who: MarketOperator,
    Named(id): Named<NoticeId>,
) -> Answer<StatusCode> {
    market.resend(&auth::operator(&who), id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Open alerts of everybody, latest first.
#[utoipa::path(get, path = "/api/marketplace/alerts", tag = "operate", params(Limit),
    responses((status = 200, body = Vec<Object>), (status = "default", body = Problem)))]
pub(super) async fn alerts(
    State(market): State<Market>,
    who: MarketOperator,
    Query(query): Query<Limit>,
) -> Answer<Json<Vec<Value>>> {
    let limit = query.limit.unwrap_or(100);
    values(&market.alerts(&auth::operator(&who), true, limit).await?)
}

/// Takes note of an alert; the answer names the audit entry.
#[utoipa::path(post, path = "/api/marketplace/alerts/{alertId}/acknowledge", tag = "operate",
    params(("alertId" = String, Path)),
    responses((status = 200, body = Object), (status = "default", body = Problem)))]
pub(super) async fn acknowledge(
    State(market): State<Market>,
    who: MarketOperator,
    Named(id): Named<AlertId>,
) -> Answer<Json<Value>> {
    let audit = market.acknowledge_alert(&auth::operator(&who), id).await?;
    Ok(Json(json!({ "auditId": audit })))
}

/// Which entries of the audit log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    /// Only about this thing, by id.
    subject: Option<String>,
    /// Only entries before this position.
    before: Option<i64>,
    /// At most this many, up to 1000.
    limit: Option<u32>,
}

/// Entries of the audit log, newest first.
#[utoipa::path(get, path = "/api/marketplace/audit", tag = "operate", params(AuditQuery),
    responses((status = 200, body = Vec<Object>), (status = "default", body = Problem)))]
pub(super) async fn audit(
    State(market): State<Market>,
    who: MarketOperator,
    Query(query): Query<AuditQuery>,
) -> Answer<Json<Vec<AuditRecord>>> {
    let filter = AuditFilter {
        tenant: None,
        subject: query.subject,
        before: query.before,
        limit: query.limit.unwrap_or(100),
    };
    Ok(Json(
        market.audit_log(&auth::operator(&who), &filter).await?,
    ))
}

/// Walks the whole audit log and names the first entry that was changed or removed.
#[utoipa::path(get, path = "/api/marketplace/audit/verify", tag = "operate",
    responses((status = 200, body = Object), (status = "default", body = Problem)))]
pub(super) async fn verify_audit(
    State(market): State<Market>,
    who: MarketOperator,
) -> Answer<Json<AuditVerdict>> {
    Ok(Json(market.verify_audit(&auth::operator(&who)).await?))
}

/// The Marketplace's key figures.
#[utoipa::path(get, path = "/api/marketplace/figures", tag = "operate",
    responses((status = 200, body = FiguresView), (status = "default", body = Problem)))]
pub(super) async fn figures(
    State(market): State<Market>,
    who: MarketOperator,
) -> Answer<Json<FiguresView>> {
    Ok(Json(market.figures(&auth::operator(&who)).await?))
}
