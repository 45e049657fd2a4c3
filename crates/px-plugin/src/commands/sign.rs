//! `sign`: adds the publisher's signature to a bundle.

use std::path::{Path, PathBuf};

use px_package::signature::{Signed, sign_bundle_with};
use serde_json::json;

use super::keys::ProfileArgs;
use crate::config::{Settings, Wishes};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::printer::{Mark, Page, Text, Tone};
use crate::project::{human_bytes, verify_failure};
use crate::session::Session;
use crate::signing::Signing;

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
    let signing = Signing::open(session, &settings)?;
    let bundle = session.path(&args.bundle);
    let out = args
        .out
        .as_ref()
        .map_or_else(|| bundle.clone(), |out| session.path(out));
    let signed = sign(session, &signing, &bundle, &out)?;
    let page = Page::new()
        .item(
            Mark::Good,
            Text::from("Signed ").and(Tone::Strong, session.shown(&out)),
        )
        .pairs([
            ("Profile", signing.profile().to_owned()),
            ("Key", signing.fingerprint()),
            ("Size", human_bytes(signed.size)),
            ("SHA-256", signed.digest.to_string()),
        ]);
    let document = json!({
        "path": out, "sha256": signed.digest, "size": signed.size,
        "profile": signing.profile(), "keyFingerprint": signing.fingerprint(),
    });
    Ok(Outcome::new(&document, page).essence(signed.digest.to_string()))
}

/// Signs a bundle, wherever the key is.
///
/// # Errors
/// When the key is not usable, or the bundle is not sound.
pub fn sign(
    session: &Session,
    signing: &Signing,
    bundle: &Path,
    out: &Path,
) -> Result<Signed, Failure> {
    let now = session.now();
    let chain = signing.chain(now)?;
    let busy = session.printer.busy("Signing");
    let signed = sign_bundle_with(bundle, signing.signer(), chain, now, out);
    busy.finish();
    signed.map_err(|fault| verify_failure(fault, bundle))
}
