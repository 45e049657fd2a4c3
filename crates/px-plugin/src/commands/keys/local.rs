//! Keys on this machine.

use std::path::Path;

use px_api::Code;
use px_package::signature::SigningKey;
use rand::SeedableRng;
use serde_json::{Value, json};

use crate::config::Settings;
use crate::failure::Failure;
use crate::files::{self, Access};
use crate::keystore::{Key, KeyStore, day, public_pem};
use crate::outcome::Outcome;
use crate::printer::{Mark, Page, Text, Tone};
use crate::session::Session;

/// Makes a key.
pub fn generate(settings: &Settings, session: &Session) -> Result<Outcome, Failure> {
    let profile = &settings.profile.value;
    let mut seed = [0; 32];
    session.fill(&mut seed);
    let mut generator = rand::rngs::StdRng::from_seed(seed);
    let store = KeyStore::open(session)?;
    let key = store.add(session, profile, SigningKey::generate(&mut generator))?;
    Ok(made("Made", &key, &store, session))
}

fn made(verb: &str, key: &Key, store: &KeyStore, session: &Session) -> Outcome {
    let next = if key.chain.is_some() {
        "px-plugin publish"
    } else {
        "px-plugin keys register"
    };
    let file = store.file(&key.profile, "key.pem");
    let page = Page::new()
        .item(
            Mark::Good,
            format!("{verb} the key of profile `{}`", key.profile),
        )
        .pairs([
            ("Fingerprint", key.note.fingerprint.clone()),
            ("File", session.shown(&file)),
        ])
        .blank()
        .line(
            Text::toned(Tone::Dim, "next:")
                .plain(" ")
                .and(Tone::Code, next),
        );
    Outcome::new(&key_json(key, session), page).essence(key.note.fingerprint.clone())
}

/// Lists all keys.
pub fn list(settings: &Settings, session: &Session) -> Result<Outcome, Failure> {
    let store = KeyStore::open(session)?;
    let mut keys = Vec::new();
    for profile in store.profiles()? {
        keys.push(store.load(&profile)?);
    }
    let mut page = Page::new();
    if keys.is_empty() {
        page = page.line("There are no keys yet: `px-plugin keys generate` makes one.");
    }
    for key in &keys {
        let (mark, state) = state_words(key, session);
        let chosen = key.profile == settings.profile.value;
        let name = Text::toned(Tone::Strong, key.profile.as_str())
            .plain(format!("  {state}"))
            .and(Tone::Dim, if chosen { "  (in use)" } else { "" });
        page = page.detailed(
            mark,
            name,
            vec![Text::toned(Tone::Dim, key.note.fingerprint.as_str())],
        );
    }
    let names = keys
        .iter()
        .map(|key| key.profile.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    let document = json!({
        "profile": settings.profile.value,
        "profileFrom": settings.profile.origin.to_string(),
        "keys": keys.iter().map(|key| key_json(key, session)).collect::<Vec<_>>(),
    });
    Ok(Outcome::new(&document, page).essence(names))
}

fn state_words(key: &Key, session: &Session) -> (Mark, String) {
    match (key.fault(session.now()), &key.note.registration) {
        (Some((why, _)), _) => (Mark::Warn, why),
        (None, Some(registration)) => (
            Mark::Good,
            format!(
                "registered as `{}`, may sign until {}",
                registration.name,
                day(registration.not_after)
            ),
        ),
        (None, None) => (Mark::Good, "has a certificate".to_owned()),
    }
}

/// A key as JSON, without its private half.
pub fn key_json(key: &Key, session: &Session) -> Value {
    json!({
        "profile": key.profile,
        "fingerprint": key.note.fingerprint,
        "createdAt": key.note.created_at,
        "publicKey": public_pem(&key.key.public()).unwrap_or_default(),
        "registration": key.note.registration,
        "usable": key.fault(session.now()).is_none(),
    })
}

/// Prints a key.
pub fn export(
    settings: &Settings,
    session: &Session,
    private: bool,
    out: Option<&Path>,
) -> Result<Outcome, Failure> {
    let store = KeyStore::open(session)?;
    let key = store.load(&settings.profile.value)?;
    let mut pem = String::new();
    if private {
        pem = key
            .key
            .to_pem()
            .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
        pem.push_str(
            &key.chain
                .as_ref()
                .map(|chain| chain.to_pem())
                .unwrap_or_default(),
        );
    } else {
        pem.push_str(&public_pem(&key.key.public())?);
    }
    let document = json!({ "profile": key.profile, "fingerprint": key.note.fingerprint, "private": private, "pem": pem });
    let Some(out) = out else {
        return Ok(Outcome::new(&document, Page::new().raw(pem.clone())).essence(pem.trim_end()));
    };
    let path = session.path(out);
    files::write(&path, pem.as_bytes(), Access::Private)?;
    let page = Page::new().item(Mark::Good, format!("Wrote {}", session.shown(&path)));
    let document = json!({ "profile": key.profile, "fingerprint": key.note.fingerprint, "private": private, "file": path });
    Ok(Outcome::new(&document, page).essence(path.display().to_string()))
}

/// Keeps a key that was exported.
pub fn import(
    settings: &Settings,
    session: &Session,
    file: Option<&Path>,
) -> Result<Outcome, Failure> {
    let text = match file.filter(|file| *file != Path::new("-")) {
        Some(file) => files::read_text(&session.path(file))?,
        None => session.secret(true, "", "< FILE")?,
    };
    let (private, certificates) = split(&text);
    let key = SigningKey::from_pem(&private).map_err(|error| {
        Failure::usage(
            error.to_string(),
            "Export it with `px-plugin keys export --private`.",
        )
    })?;
    let store = KeyStore::open(session)?;
    let mut key = store.add(session, &settings.profile.value, key)?;
    if !certificates.is_empty() {
        store.store_chain(&mut key, &certificates)?;
    }
    Ok(made("Imported", &key, &store, session))
}

/// The private key's block, and all blocks of certificates.
fn split(text: &str) -> (String, String) {
    let (mut private, mut certificates) = (String::new(), String::new());
    let mut in_certificate = false;
    for line in text.lines().map(str::trim) {
        in_certificate |= line == "-----BEGIN CERTIFICATE-----";
        let target = if in_certificate {
            &mut certificates
        } else {
            &mut private
        };
        target.push_str(line);
        target.push('\n');
        in_certificate &= line != "-----END CERTIFICATE-----";
    }
    (private, certificates)
}
