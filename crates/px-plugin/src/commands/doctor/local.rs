//! What can be seen without the network.

use jiff::SignedDuration;
use px_package::signature::SigningKey;

use url::Url;

use super::Step;
use crate::config::{Setting, Settings, user_path};
use crate::files::{is_exposed, read_text};
use crate::keystore::{KeyStore, day};
use crate::session::Session;
use crate::signing::Signing;

/// Variables this program reads.
const KNOWN: &[&str] = &[
    "PX_MARKETPLACE_API_URL",
    "PX_MARKETPLACE_TOKEN",
    "PX_SIGNING_PROFILE",
    "PX_SIGNING_ENDPOINT",
    "PX_ARTIFACT_STORE_ENDPOINT",
    "PX_TELEMETRY_ENDPOINT",
    "PX_PLUGIN_PUBLISH",
    "PX_PLUGIN_PUBLISH_PRECHECK",
];

/// Settings, key and certificate.
pub fn steps(session: &Session, settings: &Settings) -> Vec<Step> {
    let mut steps = vec![addresses(session, settings)];
    steps.extend(files(session));
    steps.extend(variables(session));
    if !settings.publish.value {
        steps.push(Step::bad(
            "switch",
            format!(
                "{} closes publishing on this machine",
                settings.publish.origin
            ),
            "Unset it to publish.",
        ));
    }
    if let Some(endpoint) = &settings.signing_endpoint {
        steps.push(service(session, settings, endpoint));
        return steps;
    }
    steps.extend(key(session, settings));
    steps
}

/// The signing service must know the profile and sign with its key.
fn service(session: &Session, settings: &Settings, endpoint: &Setting<Url>) -> Step {
    const TRIAL: &[u8] = b"px-plugin doctor";
    let signing = match Signing::open(session, settings) {
        Ok(signing) => signing,
        Err(failure) => return Step::failed("key", &failure),
    };
    let signer = signing.signer();
    match signer.sign_message(TRIAL) {
        Ok(signature) if signer.public().verifies(TRIAL, &signature) => {
            let from = format!("{} ({})", endpoint.value, session.origin(&endpoint.origin));
            Step::good(
                "key",
                format!(
                    "profile `{}` at {from}, {}",
                    signing.profile(),
                    signing.fingerprint()
                ),
            )
        }
        Ok(_) => Step::bad(
            "key",
            "the signing service signs with another key",
            "Mend the service's profile.",
        ),
        Err(error) => Step::bad("key", error.to_string(), "Check PX_SIGNING_ENDPOINT."),
    }
}

fn addresses(session: &Session, settings: &Settings) -> Step {
    let mut seen = format!(
        "{} ({})",
        settings.api_url.value,
        session.origin(&settings.api_url.origin)
    );
    for (name, setting) in [
        ("uploads to", &settings.artifact_store),
        ("telemetry to", &settings.telemetry),
    ] {
        if let Some(setting) = setting {
            seen.push_str(&format!(
                "; {name} {} ({})",
                setting.value,
                session.origin(&setting.origin)
            ));
        }
    }
    Step::good("settings", seen)
}

fn files(session: &Session) -> Option<Step> {
    let path = user_path(session).ok()?;
    is_exposed(&path).then(|| {
        Step::warning(
            "settings",
            format!("{} can be read by others", path.display()),
            format!("chmod 600 {}", path.display()),
        )
    })
}

/// A misspelt variable does nothing, silently: say so.
fn variables(session: &Session) -> Vec<Step> {
    let ours = session.variable_names().filter(|name| {
        [
            "PX_PLUGIN_",
            "PX_SIGNING_",
            "PX_ARTIFACT_",
            "PX_TELEMETRY_",
            "PX_MARKETPLACE_",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
    });
    ours.filter(|name| !KNOWN.contains(name) && !name.starts_with("PX_MARKETPLACE_UI"))
        .map(|name| {
            Step::warning(
                "settings",
                format!("nothing reads the variable {name}"),
                "Check its spelling, or remove it.",
            )
        })
        .collect()
}

fn key(session: &Session, settings: &Settings) -> Vec<Step> {
    let profile = &settings.profile.value;
    let loaded =
        KeyStore::open(session).and_then(|store| store.load(profile).map(|key| (store, key)));
    let (store, key) = match loaded {
        Ok(found) => found,
        Err(failure) => return vec![Step::failed("key", &failure)],
    };
    let mut steps = vec![Step::good(
        "key",
        format!(
            "profile `{profile}` ({}), {}",
            session.origin(&settings.profile.origin),
            key.note.fingerprint
        ),
    )];
    let path = store.file(profile, "key.pem");
    if is_exposed(&path) {
        steps.push(Step::bad(
            "key",
            format!("{} can be read by others", path.display()),
            format!("chmod 600 {}", path.display()),
        ));
    }
    let works = read_text(&path).is_ok_and(|pem| {
        SigningKey::from_pem(&pem).is_ok_and(|read| {
            read.public()
                .verifies(b"px-plugin doctor", &key.key.sign(b"px-plugin doctor"))
        })
    });
    if !works {
        steps.push(Step::bad(
            "key",
            "a trial signature does not verify",
            "Restore the key from a backup.",
        ));
    }
    let soon = session
        .now()
        .checked_add(SignedDuration::from_hours(24 * 30))
        .unwrap_or(jiff::Timestamp::MAX);
    steps.push(match (key.fault(session.now()), &key.note.registration) {
        (Some((why, remedy)), _) => Step::bad("certificate", why, remedy),
        (None, Some(registration)) if registration.not_after < soon => Step::warning(
            "certificate",
            format!("it expires on {}", day(registration.not_after)),
            "Run `px-plugin keys register` again.",
        ),
        (None, Some(registration)) => Step::good(
            "certificate",
            format!(
                "serial {}, until {}",
                registration.serial,
                day(registration.not_after)
            ),
        ),
        (None, None) => Step::good("certificate", "imported with the key"),
    });
    steps
}
