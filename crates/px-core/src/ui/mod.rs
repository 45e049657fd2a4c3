//! PowerX admin: server-rendered pages over the use cases of [`crate::app`]. They work without a
//! script; where a page is live, the part that changes is sent again.

mod alerts;
mod audit;
mod catalog;
mod draft;
mod gate;
mod inbox;
mod installed;
mod listing;
mod live;
mod notes;
mod operation;
mod operation_parts;
mod operations;
mod overview;
mod parts;
mod plugin;
mod rollout;
mod rollout_members;
mod rollouts;
mod step_notes;
mod steps;
mod switch;
mod told;
mod usage;
mod who;
mod why;
mod wizard;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use px_model::Role;
use px_web::i18n::{Lang, T, Words, WordsError};
use px_web::identity::Caller;
use px_web::{NavGroup, NavItem, Site};

use crate::{ConsoleConfig, Core};

/// The site of tenant administrators and platform operators.
#[must_use]
pub fn site(console: &ConsoleConfig) -> Site {
    let console = console.clone();
    let menu = move |t: &T, caller: &Caller| nav(t, caller, &console);
    Site::new("admin", "PowerX", "adm-tagline", menu).inbox("/inbox")
}

/// Adds this crate's words in both languages.
///
/// # Errors
/// Never for the texts shipped here; a test holds that.
pub fn words(words: Words) -> Result<Words, WordsError> {
    words
        .add("px-core", Lang::En, include_str!("../../locales/en.ftl"))?
        .add(
            "px-core",
            Lang::ZhCn,
            include_str!("../../locales/zh-CN.ftl"),
        )
}

/// Every page. Merge with [`px_web::identity::routes`] and [`px_web::assets::routes`], then
/// [`px_web::wrap`] the whole.
pub fn routes(core: Core) -> Router {
    Router::new()
        .route("/", get(overview::page))
        .route("/overview/part", get(overview::part))
        .route("/overview/live", get(overview::live))
        .route("/tenant", post(switch::switch))
        .merge(market_routes().layer(from_fn_with_state(core.clone(), gate::marketplace)))
        .merge(plugin_routes())
        .merge(operation_routes())
        .merge(record_routes())
        .layer(from_fn(gate::to_sign_in))
        .with_state(core)
}

fn market_routes() -> Router<Core> {
    Router::new()
        .route("/plugins/marketplace", get(catalog::page))
        .route("/plugins/marketplace/{plugin}", get(listing::page))
        .route(
            "/plugins/marketplace/{plugin}/subscribe",
            post(listing::subscribe),
        )
}

fn plugin_routes() -> Router<Core> {
    Router::new()
        .route(
            "/plugins/{plugin}/install",
            get(wizard::page).post(wizard::start),
        )
        .route("/plugins/installed", get(installed::page))
        .route("/plugins/installed/{plugin}", get(plugin::page))
        .route("/plugins/installed/{plugin}/policy", post(plugin::policy))
        .route(
            "/plugins/installed/{plugin}/rollback",
            post(plugin::roll_back),
        )
}

fn operation_routes() -> Router<Core> {
    Router::new()
        .route("/operations", get(operations::page))
        .route("/operations/{install}", get(operation::page))
        .route("/operations/{install}/part", get(operation::part))
        .route("/operations/{install}/live", get(operation::live))
        .route("/operations/{install}/log", get(operation::log))
        .route("/operations/{install}/cancel", post(operation::cancel))
        .route("/operations/{install}/rollback", post(operation::roll_back))
        .route("/rollouts", get(rollouts::page))
        .route("/rollouts/{rollout}", get(rollout::page))
        .route("/rollouts/{rollout}/part", get(rollout::part))
        .route("/rollouts/{rollout}/live", get(rollout::live))
        .route("/rollouts/{rollout}/{step}", post(rollout::steer))
}

fn record_routes() -> Router<Core> {
    Router::new()
        .route("/settings/notifications", get(told::page).post(told::save))
        .route("/settings/notifications/secret", post(told::renew))
        .route("/inbox", get(inbox::page))
        .route("/inbox/read", post(inbox::read))
        .route("/alerts", get(alerts::page))
        .route("/alerts/{alert}/acknowledge", post(alerts::acknowledge))
        .route("/audit", get(audit::page))
        .route("/audit/check", post(audit::check))
}

fn nav(t: &T, caller: &Caller, console: &ConsoleConfig) -> Vec<NavGroup> {
    let item = |key, icon, word: &str, href: &str| NavItem::new(key, icon, t.t(word), href);
    let (installed, market) = ("/plugins/installed", "/plugins/marketplace");
    let mut plugins = vec![item(
        "installed",
        "packages",
        "adm-nav-installed",
        installed,
    )];
    if console.shows_marketplace(|role| caller.has_role(role)) {
        plugins.push(item("catalog", "building-store", "adm-nav-catalog", market));
    }
    plugins.push(item(
        "operations",
        "activity",
        "adm-nav-operations",
        "/operations",
    ));
    let mut groups = vec![
        NavGroup::new(
            "",
            vec![item("overview", "dashboard", "adm-nav-overview", "/")],
        ),
        NavGroup::new(t.t("adm-nav-plugins"), plugins),
        NavGroup::new(
            t.t("adm-nav-messages"),
            vec![
                item("inbox", "inbox", "adm-nav-inbox", "/inbox"),
                item("alerts", "alert-triangle", "adm-nav-alerts", "/alerts"),
                item("audit", "history", "adm-nav-audit", "/audit"),
                item("told", "bell", "adm-nav-told", told::PATH),
            ],
        ),
    ];
    if caller.has_role(Role::PlatformOps) {
        let rollouts = item("rollouts", "route", "adm-nav-rollouts", "/rollouts");
        groups.push(NavGroup::new(t.t("adm-nav-operate"), vec![rollouts]));
    }
    groups
}
