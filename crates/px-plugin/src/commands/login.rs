//! `login`: keeps a token for a Marketplace.

use px_api::Code;
use px_api::client::Client;
use px_api::market::{TokenAnswer, WhoAmI};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::keys::ConnectArgs;
use crate::config::{Credential, Secret, Settings, Wishes, load_newer, store_user};
use crate::failure::Failure;
use crate::keystore::day;
use crate::market::{self, paths, retry};
use crate::outcome::Outcome;
use crate::printer::{Mark, Page};
use crate::session::Session;

/// Options of `login`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  px-plugin login                                       asks for a token
  echo \"$TOKEN\" | px-plugin login --token-stdin
  echo \"$SECRET\" | px-plugin login --client-id ci --client-secret-stdin
  px-plugin login --forget

The token is kept in ~/.powerx-plugin/config.json, readable by you only, and sent only to the Marketplace
it is for. In CI you can set PX_MARKETPLACE_TOKEN instead; it wins over the file.")]
pub struct Args {
    #[command(flatten)]
    connect: ConnectArgs,
    /// Read an API token from standard input.
    #[arg(long, conflicts_with = "client_id")]
    token_stdin: bool,
    /// OAuth2 client (client credentials).
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Read the client's secret from standard input.
    #[arg(long, requires = "client_id")]
    client_secret_stdin: bool,
    /// Forget the token for this Marketplace.
    #[arg(long, conflicts_with_all = ["token_stdin", "client_id"])]
    forget: bool,
}

/// What an OAuth2 server says when it refuses (RFC 6749 section 5.2).
#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Tries the token and keeps it.
///
/// # Errors
/// When the Marketplace does not take it, or cannot be reached; then nothing is kept.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let wishes = Wishes {
        api_url: args.connect.api_url.as_deref(),
        ..Wishes::default()
    };
    let settings = Settings::load(session, &wishes)?;
    if args.forget {
        return forget(&settings, session);
    }
    market::warn_about_clear_text(session, &settings.api_url.value);
    let (token, expires) = match &args.client_id {
        Some(id) => {
            let secret = session.secret(
                args.client_secret_stdin,
                "Client secret: ",
                "--client-secret-stdin",
            )?;
            let answer = session.block_on(exchange(&settings, id, &secret))?;
            let lifetime = jiff::SignedDuration::from_secs(
                i64::try_from(answer.expires_in).unwrap_or(i64::MAX),
            );
            (
                answer.access_token,
                session.now().checked_add(lifetime).ok(),
            )
        }
        None => (
            session.secret(args.token_stdin, "API token: ", "--token-stdin")?,
            None,
        ),
    };
    let client = market::client_with(&settings, Some(&Secret::new(token.clone())))?;
    let who = session.block_on(who_am_i(session, &client))?;
    let credential = Credential {
        token,
        expires_at: who.expires_at.or(expires),
        name: Some(who.name.clone()),
    };
    keep(&settings, session, credential, &who)
}

/// Whose the token is.
///
/// # Errors
/// When it is not taken, or the Marketplace cannot be reached.
pub async fn who_am_i(session: &Session, client: &Client) -> Result<WhoAmI, Failure> {
    retry::call(session, &mut retry::said(session), || {
        client.get(paths::WHO_AM_I)
    })
    .await
}

async fn exchange(settings: &Settings, id: &str, secret: &str) -> Result<TokenAnswer, Failure> {
    let client = market::client_with(settings, None)?;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
    ];
    let request = client.request(Method::POST, paths::TOKEN)?.form(&form);
    let answer = request.send().await.map_err(|error| {
        Failure::new(
            Code::NetworkFailed,
            crate::failure::causes(&error.without_url()),
        )
    })?;
    let status = answer.status();
    let bytes = answer.bytes().await.unwrap_or_default();
    if status.is_success() {
        return serde_json::from_slice(&bytes)
            .map_err(|error| Failure::new(Code::Unavailable, error.to_string()));
    }
    Err(match serde_json::from_slice::<Refusal>(&bytes) {
        Ok(refusal) => {
            let code = if refusal.error == "invalid_client" {
                Code::OAuthInvalidClient
            } else {
                Code::Forbidden
            };
            Failure::new(
                code,
                format!("{}: {}", refusal.error, refusal.error_description),
            )
        }
        Err(_) => {
            px_api::client::problem_from(settings.api_url.value.as_str(), status.as_u16(), &bytes)
                .into()
        }
    })
}

fn keep(
    settings: &Settings,
    session: &Session,
    credential: Credential,
    who: &WhoAmI,
) -> Result<Outcome, Failure> {
    let address = &settings.api_url.value;
    let expires = credential.expires_at;
    let mut file = load_newer(session)?;
    file.credentials
        .insert(address.origin().ascii_serialization(), credential);
    let path = store_user(session, &file)?;
    let publisher = who
        .publisher_name
        .clone()
        .unwrap_or_else(|| "none".to_owned());
    let mut page = Page::new()
        .item(
            Mark::Good,
            format!("Signed in to {address} as {}", who.name),
        )
        .pairs([
            ("Publisher", publisher),
            ("Scopes", who.scopes.join(", ")),
            ("Until", expires.map_or_else(|| "revoked".to_owned(), day)),
            ("Kept in", session.shown(&path)),
        ]);
    if session.variable("PX_MARKETPLACE_TOKEN").is_some() {
        page = page.item(
            Mark::Warn,
            "PX_MARKETPLACE_TOKEN is set and wins over the stored token",
        );
    }
    let document = json!({
        "marketplace": address, "name": who.name, "publisherId": who.publisher_id,
        "publisherName": who.publisher_name, "scopes": who.scopes, "expiresAt": expires, "file": path,
    });
    Ok(Outcome::new(&document, page).essence(who.name.clone()))
}

fn forget(settings: &Settings, session: &Session) -> Result<Outcome, Failure> {
    let address = &settings.api_url.value;
    let mut file = load_newer(session)?;
    let had = file
        .credentials
        .remove(&address.origin().ascii_serialization())
        .is_some();
    if had {
        store_user(session, &file)?;
    }
    let words = if had {
        "Forgot the token for"
    } else {
        "There was no token for"
    };
    let page = Page::new().item(Mark::Good, format!("{words} {address}"));
    Ok(Outcome::new(
        &json!({ "marketplace": address, "forgotten": had }),
        page,
    ))
}
