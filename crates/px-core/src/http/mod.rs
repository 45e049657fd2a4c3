//! The core over HTTP: parse, authorise, one use case, convert.

mod alerts;
mod catalog;
mod events;
mod failure;
mod gateway;
mod installs;
mod notifications;
mod openapi;
mod query;
mod records;
mod rollouts;
mod tenants;
mod who;

use axum::Router;
use axum::routing::{any, get, post, put};

use crate::Core;

pub use openapi::openapi;

/// Spelling used by older scripts → the address it stands for.
pub const ALIASES: [(&str, &str); 7] = [
    (
        "/api/admin/plugins/install/url",
        "/api/v1/admin/plugins/install/url",
    ),
    (
        "/api/admin/plugins/install/status",
        "/api/v1/admin/plugins/install/status",
    ),
    (
        "/api/admin/plugins/install/logs",
        "/api/v1/admin/plugins/install/logs",
    ),
    (
        "/api/admin/plugins/versions",
        "/api/v1/admin/plugins/versions",
    ),
    (
        "/api/admin/plugins/upgrade/batches",
        "/api/v1/admin/plugins/upgrade/batches",
    ),
    (
        "/api/admin/plugins/upgrade/schedule",
        "/api/v1/admin/plugins/upgrade/schedule",
    ),
    (
        "/api/admin/plugins/upgrade/rollback",
        "/api/v1/admin/plugins/upgrade/rollback",
    ),
];

fn plugins() -> Router<Core> {
    Router::new()
        .route("/install/url", post(installs::install))
        .route("/install/status", get(installs::status))
        .route("/install/logs", get(installs::logs))
        .route("/install/events", get(events::events))
        .route("/install/cancel", post(installs::cancel))
        .route("/installs", get(installs::list))
        .route("/installed", get(catalog::installed))
        .route("/versions", get(catalog::versions))
        .route("/catalog", get(catalog::state))
        .route("/catalog/trust", post(catalog::accept_trust))
        .route("/figures", get(catalog::figures))
        .route("/upgrade/rollback", post(installs::roll_back))
        .route("/upgrade/batches", get(rollouts::batches))
        .route("/upgrade/schedule", post(rollouts::schedule))
        .route("/rollouts", get(rollouts::list))
        .route("/rollouts/{rolloutId}/pause", post(rollouts::pause))
        .route("/rollouts/{rolloutId}/resume", post(rollouts::resume))
        .route("/rollouts/{rolloutId}/cancel", post(rollouts::end))
        .route("/{pluginId}/policy", put(catalog::set_policy))
        .route("/{pluginId}/explain", get(catalog::explain))
        .route(
            "/{pluginId}/subscription",
            put(catalog::subscribe).delete(catalog::unsubscribe),
        )
}

impl Core {
    /// The core's API and gateway; [`px_web::wrap`] goes around it.
    pub fn router(&self) -> Router {
        let admin = Router::new()
            .nest("/plugins", plugins())
            .route("/tenants", get(tenants::list).post(tenants::create))
            .route("/alerts", get(alerts::list))
            .route("/alerts/{alertId}/acknowledge", post(alerts::acknowledge))
            .route(
                "/notifications",
                get(notifications::show).put(notifications::set),
            )
            .route("/notifications/secret", post(notifications::renew))
            .route("/inbox", get(records::inbox))
            .route("/inbox/{messageId}/read", post(records::read))
            .route("/audit", get(records::audit))
            .route("/audit/verify", get(records::verify));
        Router::new()
            .nest("/api/v1/admin", admin)
            .nest("/api/admin/plugins", plugins())
            .route("/api/v1/limits", get(tenants::limits))
            .route("/openapi.json", get(openapi::serve))
            .route("/_p/{plugin}/api", any(gateway::api))
            .route("/_p/{plugin}/api/{*rest}", any(gateway::api))
            .route("/_p/{plugin}/admin", any(gateway::admin))
            .route("/_p/{plugin}/admin/", any(gateway::admin))
            .route("/_p/{plugin}/admin/{*rest}", any(gateway::admin))
            .with_state(self.clone())
    }
}
