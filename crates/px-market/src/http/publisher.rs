//! A publisher's versions, inbox, alerts and endpoints.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use px_api::market::{InboxMessage, VersionView};
use px_api::{Code, Problem};
use px_model::{EndpointId, InboxId, PluginId};
use px_notify::EndpointKind;
use px_web::identity::{Publisher, PublisherReader};
use px_web::{Answer, Failure, Json};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::answers::Named;
use super::auth;
use crate::Market;
use crate::app::error::AppError;

/// Which versions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MyVersions {
    /// For those who publish for several: which publisher. Read by the extractor.
    #[param(rename = "publisher")]
    #[serde(rename = "publisher")]
    _publisher: Option<String>,
    /// Only this plugin's.
    #[param(value_type = Option<String>)]
    plugin_id: Option<PluginId>,
    /// At most this many, up to 200.
    limit: Option<u32>,
}

/// The publisher's versions, newest first, in whatever state.
#[utoipa::path(get, path = "/api/marketplace/publisher/versions", tag = "publisher", params(MyVersions),
    responses((status = 200, body = Vec<VersionView>), (status = "default", body = Problem)))]
pub(super) async fn versions(
    State(market): State<Market>,
    who: PublisherReader,
    Query(query): Query<MyVersions>,
) -> Answer<Json<Vec<VersionView>>> {
    let limit = query.limit.unwrap_or(50);
    let auth = auth::reader(&who);
    Ok(Json(
        market
            .my_versions(&auth, query.plugin_id.as_ref(), limit)
            .await?,
    ))
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inbox {
    /// For those who publish for several: which publisher. Read by the extractor.
    #[param(rename = "publisher")]
    #[serde(rename = "publisher")]
    _publisher: Option<String>,
    /// Only those nobody has read.
    unread: Option<bool>,
    /// `en` or `zh-CN`.
    language: Option<String>,
    /// At most this many, up to 1000.
    limit: Option<u32>,
}

/// The publisher's inbox, newest first.
#[utoipa::path(get, path = "/api/marketplace/publisher/inbox", tag = "publisher", params(Inbox),
    responses((status = 200, body = Vec<InboxMessage>), (status = "default", body = Problem)))]
pub(super) async fn inbox(
    State(market): State<Market>,
    who: PublisherReader,
    Query(query): Query<Inbox>,
) -> Answer<Json<Vec<InboxMessage>>> {
    let unread = query.unread.unwrap_or(false);
    let language = query.language.as_deref().unwrap_or("en");
    let limit = query.limit.unwrap_or(100);
    let auth = auth::reader(&who);
    Ok(Json(
        market
            .publisher_inbox(&auth, unread, limit, language)
            .await?,
    ))
}

/// Marks a message as read.
#[utoipa::path(post, path = "/api/marketplace/publisher/inbox/{messageId}/read", tag = "publisher",
    params(("messageId" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn read(
    State(market): State<Market>,
    who: PublisherReader,
    Named(id): Named<InboxId>,
) -> Answer<StatusCode> {
    market
        .read_publisher_message(&auth::reader(&who), id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The publisher's open alerts, latest first.
#[utoipa::path(get, path = "/api/marketplace/publisher/alerts", tag = "publisher",
    responses((status = 200, body = Vec<Object>), (status = "default", body = Problem)))]
pub(super) async fn alerts(
    State(market): State<Market>,
    who: PublisherReader,
) -> Answer<Json<Vec<Value>>> {
    let alerts = market.publisher_alerts(&auth::reader(&who), true).await?;
    values(&alerts)
}

/// A webhook or a mail address for news about the publisher's plugins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EndpointRequest {
    /// Webhook address, https.
    #[serde(default)]
    webhook_url: Option<String>,
    /// Mail address.
    #[serde(default)]
    email: Option<String>,
    /// `en` or `zh-CN`, for mail.
    #[serde(default)]
    language: Option<String>,
}

impl EndpointRequest {
    fn kind(self) -> Result<EndpointKind, Failure> {
        let refuse = |detail: &str| {
            Failure::from(Problem::new(Code::EndpointInvalid, detail).field(
                "/webhookUrl",
                detail,
                "Give an https URL or a mail address",
            ))
        };
        match (self.webhook_url, self.email) {
            (Some(url), None) => match url.parse() {
                Ok(url) => Ok(EndpointKind::Webhook { url }),
                Err(_) => Err(refuse("the address is not a URL")),
            },
            (None, Some(address)) => {
                let language = crate::app::subscribe::language(self.language.as_deref())?;
                let language = language.parse().unwrap_or(px_notify::Language::English);
                Ok(EndpointKind::Mail { address, language })
            }
            _ => Err(refuse("name either `webhookUrl` or `email`")),
        }
    }
}

/// Adds an endpoint; a webhook's signing secret is in this answer only.
#[utoipa::path(post, path = "/api/marketplace/publisher/endpoints", tag = "publisher", request_body = EndpointRequest,
    responses((status = 201, body = Object), (status = "default", body = Problem)))]
pub(super) async fn add_endpoint(
    State(market): State<Market>,
    who: Publisher,
    Json(request): Json<EndpointRequest>,
) -> Answer<Response> {
    let kind = request.kind()?;
    let endpoint = market
        .add_publisher_endpoint(&auth::publisher(&who), kind)
        .await?;
    Ok((StatusCode::CREATED, Json(endpoint)).into_response())
}

/// The publisher's endpoints, oldest first.
#[utoipa::path(get, path = "/api/marketplace/publisher/endpoints", tag = "publisher",
    responses((status = 200, body = Vec<Object>), (status = "default", body = Problem)))]
pub(super) async fn endpoints(
    State(market): State<Market>,
    who: PublisherReader,
) -> Answer<Json<Vec<Value>>> {
    let endpoints = market.publisher_endpoints(&auth::reader(&who)).await?;
    values(&endpoints)
}

/// Takes an endpoint away.
#[utoipa::path(delete, path = "/api/marketplace/publisher/endpoints/{endpointId}", tag = "publisher",
    params(("endpointId" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn remove_endpoint(
    State(market): State<Market>,
    who: Publisher,
    Named(id): Named<EndpointId>,
) -> Answer<StatusCode> {
    market
        .remove_publisher_endpoint(&auth::publisher(&who), id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rows of another crate as JSON.
pub(super) fn values<T: serde::Serialize>(rows: &[T]) -> Answer<Json<Vec<Value>>> {
    let values: Result<_, _> = rows.iter().map(serde_json::to_value).collect();
    Ok(Json(values.map_err(AppError::from)?))
}
