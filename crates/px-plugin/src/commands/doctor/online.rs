//! What only the Marketplace can tell.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use px_api::client::Client;
use px_api::market::TrustDocument;
use px_model::Scope;
use px_package::sha256;
use px_package::signature::TrustRoots;
use reqwest::header::DATE;

use super::Step;
use crate::commands::login::who_am_i;
use crate::config::Settings;
use crate::failure::root;
use crate::keystore::KeyStore;
use crate::market::{self, paths};
use crate::session::Session;

/// The clock may be this many seconds off before anything cares.
const CLOCK_TOLERANCE: i64 = 60;

/// Network, clock, token and trust.
pub async fn steps(session: &Session, settings: &Settings) -> Vec<Step> {
    let client = match market::client(settings) {
        Ok(client) => client,
        Err(failure) => return vec![Step::failed("network", &failure)],
    };
    let url = &settings.api_url.value;
    let asked = session.now();
    let answer = match client
        .http()
        .get(url.join(paths::READY).unwrap_or_else(|_| url.clone()))
        .send()
        .await
    {
        Ok(answer) => answer,
        Err(error) => {
            let seen = format!("{url}: {}", root(&error.without_url()));
            return vec![Step::bad(
                "network",
                seen,
                "Check the address, the network, and any proxy or firewall in between.",
            )];
        }
    };
    let took = session.now().duration_since(asked).as_millis();
    let mut steps = Vec::new();
    let status = answer.status();
    steps.push(if status.is_success() {
        Step::good("network", format!("{url} answers in {took} ms"))
    } else if status.is_server_error() {
        Step::bad(
            "network",
            format!("{url} answers {status}: a part of the Marketplace is away"),
            "Try again later.",
        )
    } else {
        Step::warning(
            "network",
            format!("{url} answers {status} to /readyz"),
            "Check that this is a Marketplace's address.",
        )
    });
    let date = answer
        .headers()
        .get(DATE)
        .and_then(|value| value.to_str().ok().map(str::to_owned));
    steps.push(clock(date.as_deref(), session.now()));
    steps.push(token(session, settings).await);
    steps.extend(trust(session, settings, &client).await);
    steps
}

fn clock(date: Option<&str>, now: Timestamp) -> Step {
    let Some(server) =
        date.and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok())
    else {
        return Step::warning(
            "clock",
            "the server does not say what time it is",
            "Nothing can be compared; check the clock yourself.",
        );
    };
    let off = now.duration_since(server).as_secs();
    if off.abs() <= CLOCK_TOLERANCE {
        return Step::good("clock", "agrees with the Marketplace's");
    }
    let word = if off > 0 { "ahead of" } else { "behind" };
    let seen = format!("{} s {word} the Marketplace's", off.unsigned_abs());
    Step::bad(
        "clock",
        seen,
        "Set the clock: signatures and tokens are judged by time.",
    )
}

async fn token(session: &Session, settings: &Settings) -> Step {
    let client = match market::signed_in(settings, session) {
        Ok(client) => client,
        Err(failure) => return Step::failed("token", &failure),
    };
    let who = match who_am_i(session, &client).await {
        Ok(who) => who,
        Err(failure) => return Step::failed("token", &failure),
    };
    let origin = settings
        .token
        .as_ref()
        .map(|token| session.origin(&token.origin))
        .unwrap_or_default();
    let owner = who.publisher_name.as_deref().unwrap_or("no publisher");
    let seen = format!(
        "{} of {owner} ({origin}), may {}",
        who.name,
        who.scopes.join(", ")
    );
    let publishes = who
        .scopes
        .iter()
        .any(|scope| scope == Scope::PluginPublish.as_str() || scope == "plugin:publish");
    if publishes && who.publisher_id.is_some() {
        Step::good("token", seen)
    } else if publishes {
        Step::bad(
            "token",
            seen,
            "The account belongs to no publisher: ask an owner to invite it.",
        )
    } else {
        Step::bad(
            "token",
            seen,
            "Ask for a token with the scope plugin.publish.",
        )
    }
}

/// Whether the key's certificate ends in this Marketplace's root and was not revoked.
async fn trust(session: &Session, settings: &Settings, client: &Client) -> Option<Step> {
    let key = KeyStore::open(session)
        .ok()?
        .load(&settings.profile.value)
        .ok()?;
    let root = sha256(key.chain.as_ref()?.certificates().last()?);
    let document: TrustDocument = match client.get(paths::TRUST).await {
        Ok(document) => document,
        Err(error) => return Some(Step::failed("trust", &error.into())),
    };
    let roots = TrustRoots::from_pem(&document.publisher_roots.join("\n")).ok()?;
    let serial = key
        .note
        .registration
        .as_ref()
        .map(|registration| registration.serial.as_str());
    Some(
        if serial.is_some_and(|serial| {
            document
                .revoked_serials
                .iter()
                .any(|revoked| revoked == serial)
        }) {
            Step::bad(
                "trust",
                "the Marketplace has revoked the key's certificate",
                "Make another key: `px-plugin keys generate --profile NAME`.",
            )
        } else if roots.contains(&root) {
            Step::good("trust", "the certificate is from this Marketplace")
        } else {
            Step::bad(
                "trust",
                "the certificate is from another Marketplace",
                "Run `px-plugin keys register` here, with a key of its own.",
            )
        },
    )
}
