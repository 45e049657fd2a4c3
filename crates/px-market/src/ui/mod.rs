//! The Marketplace's site: server-rendered pages over the use cases of [`crate::app`]. They work
//! without a script; where a page is live, an event says that something changed and the page
//! fetches the part anew.

mod ask;
mod audit;
mod counts;
mod decide;
mod explore;
mod export;
mod gate;
mod inbox;
mod keys;
mod live;
mod markdown;
mod mine;
mod ops;
mod ops_mend;
mod ops_parts;
mod parts;
mod permissions;
mod plugin;
mod plugin_parts;
mod queue;
mod report;
mod report_parts;
mod steps;
mod version;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use px_model::Role;
use px_web::i18n::{Lang, T, Words, WordsError};
use px_web::identity::Caller;
use px_web::{NavGroup, NavItem, Site};

use crate::Market;

/// The Marketplace's site: brand, navigation by role, inbox.
#[must_use]
pub fn site() -> Site {
    Site::new("market", "PowerX Marketplace", "mkt-tagline", nav)
        .inbox("/inbox")
        .counts(counts::read)
}

/// Adds this crate's words in both languages.
///
/// # Errors
/// Never for the texts shipped here; a test holds that.
pub fn words(words: Words) -> Result<Words, WordsError> {
    words
        .add("px-market", Lang::En, include_str!("../../locales/en.ftl"))?
        .add(
            "px-market",
            Lang::ZhCn,
            include_str!("../../locales/zh-CN.ftl"),
        )
}

/// Every page. Merge with [`px_web::identity::routes`] and [`px_web::assets::routes`], then
/// [`px_web::wrap`] the whole.
pub fn routes(market: Market) -> Router {
    Router::new()
        .route("/", get(explore::page))
        .route("/plugins/{plugin}", get(plugin::page))
        .route("/inbox", get(inbox::page))
        .route("/inbox/read", post(inbox::read))
        .merge(publisher_routes())
        .merge(reviewer_routes())
        .merge(operator_routes())
        .layer(from_fn(gate::to_sign_in))
        .with_state(market)
}

fn publisher_routes() -> Router<Market> {
    Router::new()
        .route("/my", get(mine::page))
        .route("/my/keys", get(keys::page))
        .route("/my/keys/revoke", post(keys::revoke))
        .route("/my/reviews/{review}", get(version::by_review))
        .route("/my/versions/{id}", get(version::page))
        .route("/my/versions/{id}/part", get(version::part))
        .route("/my/versions/{id}/live", get(version::live))
        .route("/my/versions/{id}/withdraw", post(version::withdraw))
}

fn reviewer_routes() -> Router<Market> {
    Router::new()
        .route("/review", get(queue::page))
        .route("/review/part", get(queue::part))
        .route("/review/live", get(queue::live))
        .route("/review/{review}", get(report::page))
        .route("/review/{review}/claim", post(decide::claim))
        .route("/review/{review}/release", post(decide::release))
        .route("/review/{review}/decide", post(decide::decide))
}

fn operator_routes() -> Router<Market> {
    Router::new()
        .route("/ops", get(ops::page))
        .route("/ops/alerts/acknowledge", post(ops::acknowledge))
        .route("/ops/notices/resend", post(ops_mend::resend))
        .route("/ops/versions/{id}/rescan", post(ops_mend::rescan))
        .route("/ops/audit", get(audit::page))
        .route("/ops/audit/check", post(audit::check))
}

fn nav(t: &T, caller: &Caller) -> Vec<NavGroup> {
    let item = |key, icon, word: &str, href: &str| NavItem::new(key, icon, t.t(word), href);
    let mut groups = vec![NavGroup::new(
        "",
        vec![item("explore", "layout-grid", "mkt-nav-explore", "/")],
    )];
    if caller.has_role(Role::Publisher) {
        groups.push(NavGroup::new(
            t.t("mkt-nav-publish"),
            vec![
                item("mine", "packages", "mkt-nav-mine", "/my"),
                item("keys", "key", "mkt-nav-keys", "/my/keys"),
            ],
        ));
    }
    if caller.has_role(Role::Reviewer) {
        groups.push(NavGroup::new(
            t.t("mkt-nav-review"),
            vec![item("queue", "clipboard-check", "mkt-nav-queue", "/review")],
        ));
    }
    if caller.has_role(Role::MarketOperator) {
        groups.push(NavGroup::new(
            t.t("mkt-nav-operate"),
            vec![
                item("ops", "dashboard", "mkt-nav-ops", "/ops"),
                item("audit", "history", "mkt-nav-audit", "/ops/audit"),
            ],
        ));
    }
    groups
}
