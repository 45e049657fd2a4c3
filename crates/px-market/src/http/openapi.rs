//! The OpenAPI 3.1 document of the Marketplace.

use px_web::Json;
use utoipa::OpenApi;

use super::{
    bundles, catalog, feed, keys, operate, outcomes, publish, publisher, review, upload, whoami,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "PowerX Marketplace", license(name = "Apache-2.0", identifier = "Apache-2.0"),
        description = "Publish, review, listing and subscriptions of plugins. Errors are problem documents (RFC 9457) with stable codes."),
    servers((url = "/")),
    tags(
        (name = "publish", description = "Registering and submitting versions"),
        (name = "upload", description = "tus 1.0 uploads of bundles"),
        (name = "review", description = "The queue and decisions"),
        (name = "catalog", description = "What is offered to everybody"),
        (name = "feed", description = "For PowerX installations"),
        (name = "keys", description = "Signing keys and trust"),
        (name = "publisher", description = "A publisher's versions, inbox and endpoints"),
        (name = "operate", description = "Running the Marketplace"),
        (name = "identity", description = "Who asks, and limits")
    ),
    paths(
        publish::publish, publish::submit, publish::status,
        upload::offer, upload::create, upload::progress, upload::append, upload::replace, upload::terminate,
        review::queue, review::claim, review::release, review::decide, review::view, review::report, review::stream,
        outcomes::counts,
        catalog::search, catalog::categories, catalog::detail, catalog::versions, catalog::version, bundles::get,
        keys::trust, keys::register, keys::list, keys::revoke,
        feed::events, outcomes::subscribe, outcomes::subscriptions, outcomes::unsubscribe, outcomes::report,
        publisher::versions, publisher::inbox, publisher::read, publisher::alerts,
        publisher::endpoints, publisher::add_endpoint, publisher::remove_endpoint,
        operate::publishers, operate::put_publisher, operate::verify_publisher, operate::revoke_key, operate::rescan,
        operate::notices, operate::dead_letters, operate::resend, operate::alerts, operate::acknowledge,
        operate::audit, operate::verify_audit, operate::figures,
        whoami::whoami, whoami::limits,
    )
)]
struct Document;

/// The document, complete.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    px_api::openapi::complete(&mut document, px_model::Scope::ALL);
    document
}

/// The document as JSON.
pub(super) async fn serve() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}
