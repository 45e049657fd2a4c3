//! Keys at the Marketplace.

use px_api::Code;
use px_api::market::{KeyRequest, KeyView};
use serde_json::json;

use super::local::key_json;
use crate::config::Settings;
use crate::failure::Failure;
use crate::keystore::{KeyStore, day, public_pem};
use crate::market::{self, paths, retry};
use crate::outcome::Outcome;
use crate::printer::{Mark, Page};
use crate::session::Session;

/// Registers a key and keeps its certificate.
pub fn register(
    settings: &Settings,
    session: &Session,
    name: Option<String>,
) -> Result<Outcome, Failure> {
    let store = KeyStore::open(session)?;
    let mut key = store.load(&settings.profile.value)?;
    let client = market::signed_in(settings, session)?;
    market::warn_about_clear_text(session, &settings.api_url.value);
    let request = KeyRequest {
        public_key: public_pem(&key.key.public())?,
        name: name.unwrap_or_else(|| key.profile.clone()),
    };
    let view: KeyView = session.block_on(async {
        retry::call(session, &mut retry::said(session), || {
            client.post(paths::KEYS, &request)
        })
        .await
    })?;
    if view.fingerprint != key.note.fingerprint {
        return Err(Failure::new(
            Code::Unavailable,
            format!(
                "the Marketplace certified another key ({})",
                view.fingerprint
            ),
        )
        .remedy("Nothing was kept. Tell the operator of the Marketplace."));
    }
    store.register(&mut key, settings.api_url.value.as_str(), &view)?;
    let page = Page::new()
        .item(
            Mark::Good,
            format!(
                "Registered the key of profile `{}` as `{}`",
                key.profile, view.name
            ),
        )
        .pairs([
            ("Key", view.key_id.to_string()),
            ("Publisher", view.publisher_id.to_string()),
            ("May sign until", day(view.not_after)),
            (
                "Certificate",
                session.shown(&store.file(&key.profile, "chain.pem")),
            ),
        ]);
    Ok(Outcome::new(&key_json(&key, session), page).essence(view.key_id.to_string()))
}

/// Revokes a key's certificate.
pub fn revoke(settings: &Settings, session: &Session, reason: &str) -> Result<Outcome, Failure> {
    let store = KeyStore::open(session)?;
    let mut key = store.load(&settings.profile.value)?;
    let Some(registration) = key.note.registration.as_mut() else {
        return Err(Failure::usage(
            format!(
                "the key of profile `{}` was not registered from here",
                key.profile
            ),
            "Revoke it on the Marketplace's key page, or delete its files when it was never registered.",
        ));
    };
    let client = market::signed_in(settings, session)?;
    let path = paths::revoke(&registration.key_id);
    let body = json!({ "reason": reason });
    let _: serde_json::Value = session.block_on(async {
        retry::call(session, &mut retry::said(session), || {
            client.post(&path, &body)
        })
        .await
    })?;
    registration.revoked_at = Some(session.now());
    store.store_note(&key.profile, &key.note)?;
    let page = Page::new()
        .item(Mark::Good, format!("Revoked the key of profile `{}`", key.profile))
        .line("What it signed before and is listed stays valid; nothing new it signs will be accepted.");
    Ok(Outcome::new(&key_json(&key, session), page).essence(key.note.fingerprint.clone()))
}
