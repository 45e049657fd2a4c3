//! The description of this API, OpenAPI 3.1.

use px_web::Json;
use utoipa::OpenApi;

use super::{alerts, catalog, events, installs, notifications, records, rollouts, tenants};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "PowerX core",
        description = "Tenants install, upgrade and roll back plugins from the Marketplace.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        installs::install,
        installs::status,
        installs::logs,
        events::events,
        installs::cancel,
        installs::list,
        installs::roll_back,
        catalog::versions,
        catalog::installed,
        catalog::state,
        catalog::accept_trust,
        catalog::figures,
        catalog::set_policy,
        catalog::explain,
        catalog::subscribe,
        catalog::unsubscribe,
        rollouts::list,
        rollouts::batches,
        rollouts::schedule,
        rollouts::pause,
        rollouts::resume,
        rollouts::end,
        tenants::list,
        tenants::create,
        tenants::limits,
        alerts::list,
        alerts::acknowledge,
        notifications::show,
        notifications::set,
        notifications::renew,
        records::inbox,
        records::read,
        records::audit,
        records::verify,
    )
)]
struct Description;

/// The whole description.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// `GET /openapi.json`.
pub async fn serve() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
