//! Who asks, and what they may do: accounts, roles, sessions, API tokens, OAuth2 clients.

mod account_page;
mod agent;
mod authority;
mod caller;
mod csrf;
mod oauth;
mod pages;
mod password;
mod remembered;
pub(crate) mod resolve;
pub mod store;

pub use authority::{
    Installation, MarketOperator, PlatformOps, Publisher, PublisherReader, Reviewer, SignedIn,
    TenantAdmin, TenantMember, TenantOperator,
};
pub use caller::{Caller, Grant, Reach};
pub use password::{PasswordHash, hash_password};
pub(crate) use remembered::Remembered;
pub use store::MIGRATIONS;

use axum::Router;
use axum::routing::{get, post};

/// Serves `/sign-in`, `/sign-out`, `/account…`, `/prefs` and `/oauth/token`.
pub fn routes() -> Router {
    Router::new()
        .route("/sign-in", get(pages::sign_in_page).post(pages::sign_in))
        .route("/sign-out", post(pages::sign_out))
        .route("/prefs", post(pages::prefs))
        .route("/account", get(account_page::show))
        .route("/account/tokens", post(account_page::create_token))
        .route("/account/tokens/revoke", post(account_page::revoke_token))
        .route("/account/sessions/end", post(account_page::end_session))
        .route("/account/password", post(account_page::change_password))
        .route("/oauth/token", post(oauth::token))
}
