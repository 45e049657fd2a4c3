//! Talking to the Marketplace.

pub mod catalog;
pub mod paths;
pub mod retry;
pub mod sse;
pub mod upload;

use std::time::Duration;

use px_api::Code;
use px_api::client::Client;
use url::Url;

use crate::config::{Secret, Settings};
use crate::failure::Failure;
use crate::session::Session;

/// A connection pool with bounded waits: 10 s to connect, 60 s of silence.
///
/// # Errors
/// When the system's certificates cannot be read.
pub fn http() -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder()
        .user_agent(concat!("px-plugin/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(60))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Failure::new(Code::NetworkFailed, crate::failure::causes(&error)))
}

/// A client for the Marketplace of the settings, with the token if there is one.
///
/// # Errors
/// When no connection pool can be made.
pub fn client(settings: &Settings) -> Result<Client, Failure> {
    client_with(settings, settings.token.as_ref().map(|token| &token.value))
}

/// A client with another token.
///
/// # Errors
/// When no connection pool can be made.
pub fn client_with(settings: &Settings, token: Option<&Secret>) -> Result<Client, Failure> {
    let token = token.map(|secret| secret.reveal().to_owned());
    Ok(Client::new(http()?, settings.api_url.value.clone(), token))
}

/// A client that is signed in.
///
/// # Errors
/// When there is no token, or the stored one has expired.
pub fn signed_in(settings: &Settings, session: &Session) -> Result<Client, Failure> {
    let address = &settings.api_url.value;
    if settings.token.is_none() {
        return Err(Failure::new(
            Code::Unauthenticated,
            format!("there is no token for {address}"),
        )
        .remedy("Run `px-plugin login`, or set PX_MARKETPLACE_TOKEN."));
    }
    if settings
        .token_expires
        .is_some_and(|end| end <= session.now())
    {
        return Err(Failure::new(
            Code::TokenExpired,
            format!("the stored token for {address} has expired"),
        )
        .remedy("Run `px-plugin login` again."));
    }
    client(settings)
}

/// Warns when a token would travel in the clear.
pub fn warn_about_clear_text(session: &Session, url: &Url) {
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && !local {
        let text = format!("{url} is not encrypted: everybody on the way can read the token");
        session.printer.step(crate::printer::Mark::Warn, text);
    }
}
