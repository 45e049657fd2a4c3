//! HTTP: handlers that parse, authorise by their argument types, make one call and convert.

mod answers;
mod auth;
mod bundles;
mod catalog;
mod feed;
mod keys;
mod openapi;
mod operate;
mod outcomes;
mod publish;
mod publisher;
mod range;
mod review;
mod tus;
mod upload;
mod whoami;

use axum::Router;
use axum::routing::{get, patch, post};

pub use openapi::document;

use crate::Market;

impl Market {
    /// Every address of the Marketplace's API. The caller adds pages and identity and puts
    /// [`px_web::wrap`] around all of it.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(publishing())
            .merge(reviewing())
            .merge(offering())
            .merge(telling())
            .merge(operating())
            .merge(upload::routes())
            .with_state(self.clone())
    }
}

fn publishing() -> Router<Market> {
    Router::new()
        .route("/api/marketplace/plugins/publish", post(publish::publish))
        .route(
            "/api/marketplace/plugins/{versionId}/submit-review",
            post(publish::submit),
        )
        .route(
            "/api/marketplace/plugins/{versionId}/status",
            patch(publish::status),
        )
        .route(
            "/api/marketplace/publisher/versions",
            get(publisher::versions),
        )
        .route(
            "/api/marketplace/publisher/keys",
            get(keys::list).post(keys::register),
        )
        .route(
            "/api/marketplace/publisher/keys/{keyId}/revoke",
            post(keys::revoke),
        )
        .route(
            "/api/marketplace/publisher/endpoints",
            get(publisher::endpoints).post(publisher::add_endpoint),
        )
        .route(
            "/api/marketplace/publisher/endpoints/{endpointId}",
            axum::routing::delete(publisher::remove_endpoint),
        )
        .route("/api/marketplace/publisher/inbox", get(publisher::inbox))
        .route(
            "/api/marketplace/publisher/inbox/{messageId}/read",
            post(publisher::read),
        )
        .route("/api/marketplace/publisher/alerts", get(publisher::alerts))
        .route("/api/v1/me", get(whoami::whoami))
        .route("/api/v1/limits", get(whoami::limits))
}

fn reviewing() -> Router<Market> {
    Router::new()
        .route("/api/marketplace/reviews", get(review::queue))
        .route(
            "/api/marketplace/plugins/{versionId}/review",
            get(review::view).patch(review::decide),
        )
        .route(
            "/api/marketplace/plugins/{versionId}/review/claim",
            post(review::claim).delete(review::release),
        )
        .route(
            "/api/marketplace/plugins/{versionId}/review/stream",
            get(review::stream),
        )
        .route(
            "/api/marketplace/plugins/{versionId}/events",
            get(review::stream),
        )
        .route(
            "/api/marketplace/plugins/{versionId}/report",
            get(review::report),
        )
        .route(
            "/api/marketplace/plugins/{versionId}/outcomes",
            get(outcomes::counts),
        )
}

fn offering() -> Router<Market> {
    Router::new()
        .route("/api/marketplace/plugins", get(catalog::search))
        .route("/api/marketplace/categories", get(catalog::categories))
        .route("/api/marketplace/plugins/{pluginId}", get(catalog::detail))
        .route(
            "/api/marketplace/plugins/{pluginId}/versions",
            get(catalog::versions),
        )
        .route(
            "/api/marketplace/versions/{versionId}",
            get(catalog::version),
        )
        .route("/api/marketplace/bundles/{name}", get(bundles::get))
        .route("/api/marketplace/trust", get(keys::trust))
}

fn telling() -> Router<Market> {
    Router::new()
        .route("/api/marketplace/events", get(feed::events))
        .route(
            "/api/marketplace/subscriptions",
            get(outcomes::subscriptions).post(outcomes::subscribe),
        )
        .route(
            "/api/marketplace/subscriptions/{subscriptionId}",
            axum::routing::delete(outcomes::unsubscribe),
        )
        .route("/api/marketplace/outcomes", post(outcomes::report))
}

fn operating() -> Router<Market> {
    Router::new()
        .route(
            "/api/marketplace/publishers",
            get(operate::publishers).post(operate::put_publisher),
        )
        .route(
            "/api/marketplace/publishers/{publisherId}/verification",
            post(operate::verify_publisher),
        )
        .route(
            "/api/marketplace/publishers/{publisherId}/keys/{keyId}/revoke",
            post(operate::revoke_key),
        )
        .route(
            "/api/marketplace/plugins/{versionId}/rescan",
            post(operate::rescan),
        )
        .route(
            "/api/marketplace/versions/{versionId}/notices",
            get(operate::notices),
        )
        .route("/api/marketplace/notices/dead", get(operate::dead_letters))
        .route(
            "/api/marketplace/notices/{noticeId}/resend",
            post(operate::resend),
        )
        .route("/api/marketplace/alerts", get(operate::alerts))
        .route(
            "/api/marketplace/alerts/{alertId}/acknowledge",
            post(operate::acknowledge),
        )
        .route("/api/marketplace/audit", get(operate::audit))
        .route("/api/marketplace/audit/verify", get(operate::verify_audit))
        .route("/api/marketplace/figures", get(operate::figures))
        .route("/openapi.json", get(openapi::serve))
}
