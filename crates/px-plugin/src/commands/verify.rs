//! `verify`: is every byte of a bundle what its publisher signed, and is the publisher one we trust?

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use px_api::market::TrustDocument;
use px_package::sha256;
use px_package::signature::{Revocations, TrustRoots, Verified, examine_bundle};
use serde_json::json;

use crate::failure::Failure;
use crate::files;
use crate::keystore::{KeyStore, day};
use crate::outcome::Outcome;
use crate::printer::{Mark, Page, Text, Tone};
use crate::project::{human_bytes, verify_failure};
use crate::session::Session;

/// Options of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  px-plugin verify notes-1.0.0.pxp
  curl -o trust.json https://marketplace.example.com/api/marketplace/trust
  px-plugin verify notes-1.0.0.pxp --trust trust.json

Without --trust the roots that certified your own keys are trusted. With neither, the bundle is checked
to be whole and consistently signed, and you are told that nobody vouches for the publisher.")]
pub struct Args {
    /// Bundle to verify.
    bundle: PathBuf,
    /// Roots to trust: certificates in PEM, or a Marketplace's trust document.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

struct Trust {
    roots: TrustRoots,
    revocations: Revocations,
    source: String,
}

/// Verifies a bundle.
///
/// # Errors
/// When it is not what was signed, or the publisher is not trusted.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let path = session.path(&args.bundle);
    let trust = match &args.trust {
        Some(file) => Some(trust_file(
            &session.path(file),
            session.shown(&session.path(file)),
        )?),
        None => own_roots(session)?,
    };
    let none = Revocations::none();
    let revocations = trust.as_ref().map_or(&none, |trust| &trust.revocations);
    let examined = examine_bundle(&path, session.now(), revocations)
        .map_err(|fault| verify_failure(fault, &path))?;
    let (facts, source) = match trust {
        Some(trust) => (
            examined
                .trust(&trust.roots)
                .map_err(|fault| verify_failure(fault, &path))?,
            Some(trust.source),
        ),
        None => (examined.claims().clone(), None),
    };
    Ok(outcome(&facts, source.as_deref(), &session.shown(&path)))
}

fn outcome(facts: &Verified, source: Option<&str>, shown: &str) -> Outcome {
    let publisher = &facts.publisher;
    let mut page = Page::new()
        .item(
            Mark::Good,
            Text::toned(Tone::Strong, shown).plain(" is exactly what its publisher signed"),
        )
        .pairs([
            (
                "Plugin",
                format!("{} {}", facts.manifest.id, facts.manifest.version),
            ),
            (
                "Publisher",
                format!("{} ({})", publisher.name, publisher.id),
            ),
            ("Key", publisher.key_fingerprint.to_string()),
            (
                "Certificate",
                format!(
                    "{} valid until {}",
                    publisher.serial,
                    day(publisher.not_after)
                ),
            ),
            ("Size", human_bytes(facts.size)),
            ("SHA-256", facts.digest.to_string()),
        ]);
    page = match source {
        Some(source) => page.item(
            Mark::Good,
            format!("The publisher is vouched for by a root of {source}"),
        ),
        None => page.detailed(
            Mark::Warn,
            "Nobody vouches for the publisher here",
            vec![
                Text::toned(Tone::Dim, "fix:")
                    .plain(" pass the Marketplace's trust document with --trust"),
            ],
        ),
    };
    let document = json!({
        "sha256": facts.digest, "size": facts.size,
        "pluginId": facts.manifest.id, "version": facts.manifest.version,
        "publisher": publisher, "rootFingerprint": facts.root,
        "trusted": source.is_some(), "trustSource": source,
    });
    Outcome::new(&document, page).essence(facts.digest.to_string())
}

/// The roots that the certificates of the user's own keys end in.
fn own_roots(session: &Session) -> Result<Option<Trust>, Failure> {
    let Ok(store) = KeyStore::open(session) else {
        return Ok(None);
    };
    let mut roots = Vec::new();
    for profile in store.profiles()? {
        let chain = store.load(&profile)?.chain;
        roots.extend(chain.and_then(|chain| chain.certificates().last().map(|der| sha256(der))));
    }
    let trust = (!roots.is_empty()).then(|| Trust {
        roots: TrustRoots::from_fingerprints(roots),
        revocations: Revocations::none(),
        source: "the Marketplace that certified your keys".to_owned(),
    });
    Ok(trust)
}

fn trust_file(path: &Path, source: String) -> Result<Trust, Failure> {
    let text = files::read_text(path)?;
    let fail = |why: String| {
        Failure::usage(
            format!("{source}: {why}"),
            "Give certificates in PEM, or the answer of /api/marketplace/trust.",
        )
    };
    let (pem, revoked) = if text.trim_start().starts_with('{') {
        let document: TrustDocument =
            serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
        (
            document.publisher_roots.join("\n"),
            document.revoked_serials,
        )
    } else {
        (text, Vec::new())
    };
    let roots = TrustRoots::from_pem(&pem).map_err(|error| fail(error.to_string()))?;
    let revocations = Revocations::new(
        revoked
            .into_iter()
            .map(|serial| (serial, Timestamp::UNIX_EPOCH)),
    );
    Ok(Trust {
        roots,
        revocations,
        source,
    })
}
