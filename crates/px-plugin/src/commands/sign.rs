//! `sign`: adds the publisher's signature to a bundle.

use std::path::{Path, PathBuf};

use px_package::signature::{Signed, sign_bundle};
use serde_json::json;

use super::keys::ProfileArgs;
use crate::config::{Settings, Wishes};
use crate::failure::Failure;
use crate::keystore::{Key, KeyStore};
use crate::outcome::Outcome;
use crate::printer::{Mark, Page, Text, Tone};
use crate::project::{human_bytes, verify_failure};
use crate::session::Session;

/// Options of `sign`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  px-plugin sign com.example.notes-1.0.0.pxp
  px-plugin sign notes.pxp --profile ci --out notes-signed.pxp")]
pub struct Args {
    /// Bundle to sign.
    bundle: PathBuf,
    /// Where to write the signed bundle; in place when absent.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    profile: ProfileArgs,
}

/// Signs a bundle.
///
/// # Errors
/// When there is no usable key, or the bundle is not sound.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let wishes = Wishes {
        profile: args.profile.profile.as_deref(),
        ..Wishes::default()
    };
    let settings = Settings::load(session, &wishes)?;
    let key = KeyStore::open(session)?.load(&settings.profile.value)?;
    let bundle = session.path(&args.bundle);
    let out = args
        .out
        .as_ref()
        .map_or_else(|| bundle.clone(), |out| session.path(out));
    let signed = sign(session, &key, &bundle, &out)?;
    let page = Page::new()
        .item(
            Mark::Good,
            Text::from("Signed ").and(Tone::Strong, session.shown(&out)),
        )
        .pairs([
            ("Profile", key.profile.clone()),
            ("Key", key.note.fingerprint.clone()),
            ("Size", human_bytes(signed.size)),
            ("SHA-256", signed.digest.to_string()),
        ]);
    let document = json!({
        "path": out, "sha256": signed.digest, "size": signed.size,
        "profile": key.profile, "keyFingerprint": key.note.fingerprint,
    });
    Ok(Outcome::new(&document, page).essence(signed.digest.to_string()))
}

/// Signs with a key of this machine.
///
/// # Errors
/// When the key is not usable, or the bundle is not sound.
pub fn sign(session: &Session, key: &Key, bundle: &Path, out: &Path) -> Result<Signed, Failure> {
    let now = session.now();
    let chain = key.usable(now)?;
    sign_bundle(bundle, &key.key, chain, now, out).map_err(|fault| verify_failure(fault, bundle))
}
