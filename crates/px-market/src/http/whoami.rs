//! Who asks, and what the limits are.

use axum::Extension;
use axum::extract::State;
use px_api::market::WhoAmI;
use px_api::{Code, Problem};
use px_web::identity::Caller;
use px_web::{Answer, Failure, Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Market;

/// Whose the token is and what it may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "identity",
    responses((status = 200, body = WhoAmI), (status = "default", body = Problem)))]
pub(super) async fn whoami(
    State(market): State<Market>,
    caller: Option<Extension<Caller>>,
) -> Answer<Json<WhoAmI>> {
    let caller = caller.map(|Extension(caller)| caller).unwrap_or_default();
    if !caller.is_signed_in() {
        let detail = "This needs somebody signed in or a token.";
        return Err(Failure::new(Code::Unauthenticated, detail));
    }
    let publisher_id = caller.publishers().first().copied();
    let publisher = match publisher_id {
        Some(id) => market.publisher(id).await?,
        None => None,
    };
    Ok(Json(WhoAmI {
        name: caller.name().to_owned(),
        publisher_id,
        publisher_name: publisher.map(|p| p.name),
        scopes: caller
            .scopes()
            .map(|scopes| scopes.iter().map(|s| s.as_str().to_owned()).collect())
            .unwrap_or_default(),
        expires_at: caller.expires_at(),
    }))
}

/// Limits of this Marketplace.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LimitsView {
    /// Largest bundle, bytes.
    max_bundle_bytes: u64,
    /// Longest release notes, bytes.
    max_notes_bytes: usize,
    /// Versions a publisher may have under way at once.
    max_open_versions: u32,
    /// How long an unfinished upload is kept, seconds.
    upload_kept_seconds: i64,
    /// How long an upload may be silent, seconds.
    upload_idle_seconds: u64,
    /// Longest wait on the feed, seconds.
    feed_wait_seconds: u64,
    /// Time in which a review is promised, seconds.
    review_sla_seconds: i64,
    /// Reviewers who must approve a version of high risk.
    high_risk_approvers: u32,
    /// Core versions that plugins are checked against.
    supported_cores: Vec<String>,
    /// Whether new versions are taken at the moment.
    publish_enabled: bool,
}

/// All limits, as they also appear in 413 and 429 answers.
#[utoipa::path(get, path = "/api/v1/limits", tag = "identity",
    responses((status = 200, body = LimitsView), (status = "default", body = Problem)))]
pub(super) async fn limits(State(market): State<Market>) -> Json<LimitsView> {
    let config = market.config();
    Json(LimitsView {
        max_bundle_bytes: config.max_bundle_bytes,
        max_notes_bytes: config.max_notes_bytes,
        max_open_versions: config.max_open_versions,
        upload_kept_seconds: config.upload_ttl.as_secs(),
        upload_idle_seconds: config.upload_idle.as_secs(),
        feed_wait_seconds: config.max_feed_wait.as_secs(),
        review_sla_seconds: config.review_sla.as_secs(),
        high_risk_approvers: config.high_risk_approvers,
        supported_cores: config
            .supported_cores
            .iter()
            .map(ToString::to_string)
            .collect(),
        publish_enabled: config.publish_enabled,
    })
}
