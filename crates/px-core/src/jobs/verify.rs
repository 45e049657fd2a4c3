//! Believing bundles and listings, with what was pinned as trusted.

use std::path::Path;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;
use base64::Engine as _;
use jiff::Timestamp;
use px_api::Code;
use px_api::market::{ListedVersion, TrustDocument};
use px_model::Permission;
use px_package::archive::{Archive, ArchiveError};
use px_package::listing::{ListingStatement, verify_listing};
use px_package::manifest::{Manifest, RuntimeKind};
use px_package::signature::{PublicKey, Revocations, TrustRoots, VerifyFault, verify_bundle};
use px_store::Env;

use super::fetch::disk;
use crate::app::fault::Fault;
use crate::app::ports::{Claim, Facts, Verifier};

#[derive(Clone, Default)]
struct Trusted {
    roots: TrustRoots,
    keys: Vec<PublicKey>,
    revoked: Revocations,
}

/// The real verifier. Until it is told what to trust, it believes nothing.
pub struct PackageVerifier {
    trusted: RwLock<Trusted>,
    env: Env,
}

impl PackageVerifier {
    /// Believes nothing yet; see [`Verifier::trust`].
    #[must_use]
    pub fn new(env: Env) -> Self {
        Self {
            trusted: RwLock::default(),
            env,
        }
    }

    fn trusted(&self) -> Trusted {
        self.trusted
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl Verifier for PackageVerifier {
    async fn verify(&self, file: &Path, claim: &Claim) -> Result<Facts, Fault> {
        let (trusted, now) = (self.trusted(), self.env.now());
        let (file, claim) = (file.to_owned(), claim.clone());
        tokio::task::spawn_blocking(move || verify_file(&file, &claim, &trusted, now))
            .await
            .map_err(|e| Fault::infrastructure(Code::Internal, "verify", e.to_string()))?
    }

    async fn unpack(&self, file: &Path, into: &Path) -> Result<(), Fault> {
        let (file, into) = (file.to_owned(), into.to_owned());
        let unpacked = tokio::task::spawn_blocking(move || {
            Archive::open(&file).and_then(|mut archive| archive.unpack(&into))
        })
        .await
        .map_err(|e| Fault::infrastructure(Code::Internal, "unpack", e.to_string()))?;
        match unpacked {
            Ok(_) => Ok(()),
            Err(ArchiveError::Io(error)) => Err(disk(&error)),
            Err(error) => Err(Fault::plugin(
                Code::StagingFailed,
                "archive",
                error.to_string(),
            )),
        }
    }

    fn listing(&self, listed: &ListedVersion) -> Result<(), Fault> {
        statement(listed, &self.trusted().keys).map(drop)
    }

    fn trust(&self, document: &TrustDocument) -> Result<(), Fault> {
        let trusted = read_trust(document)?;
        *self.trusted.write().unwrap_or_else(PoisonError::into_inner) = trusted;
        Ok(())
    }
}

fn read_trust(document: &TrustDocument) -> Result<Trusted, Fault> {
    let bad = |what: &str, why: String| {
        let text = format!("The trust document's {what} cannot be read: {why}");
        Fault::tenant(Code::BundleUntrusted, "trust", text)
    };
    let roots = if document.publisher_roots.is_empty() {
        TrustRoots::none()
    } else {
        let pem = document.publisher_roots.join("\n");
        TrustRoots::from_pem(&pem).map_err(|e| bad("publisherRoots", e.to_string()))?
    };
    let mut keys = Vec::new();
    for text in &document.listing_keys {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(text)
            .map_err(|e| bad("listingKeys", e.to_string()))?;
        keys.push(PublicKey::from_bytes(&bytes).map_err(|e| bad("listingKeys", e.to_string()))?);
    }
    let serials = document.revoked_serials.iter().cloned();
    Ok(Trusted {
        roots,
        keys,
        revoked: Revocations::new(serials.map(|s| (s, Timestamp::UNIX_EPOCH))),
    })
}

/// The Marketplace's signed word about a listed version, when it says what the listing says.
fn statement(listed: &ListedVersion, keys: &[PublicKey]) -> Result<ListingStatement, Fault> {
    let envelope = match &listed.listing {
        serde_json::Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let said = verify_listing(&envelope, keys).map_err(|e| {
        let text = format!("The Marketplace's listing statement is not valid: {e}");
        Fault::plugin(Code::BundleUntrusted, "listing", text)
    })?;
    let differs = [
        ("plugin", said.plugin_id != listed.plugin_id),
        ("version", said.version != listed.version),
        ("version id", said.version_id != listed.version_id),
        ("digest", said.digest != listed.artifact.sha256),
        ("size", said.size != listed.artifact.size),
        ("channel", said.channel != listed.channel),
        ("risk", said.risk != listed.risk),
        (
            "permissions",
            sorted(&said.permissions) != sorted(&listed.permissions),
        ),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        None => Ok(said),
        Some((what, _)) => {
            let text = format!("The listing's {what} is not what the Marketplace signed.");
            Err(Fault::plugin(Code::BundleUntrusted, "listing", text))
        }
    }
}

fn sorted(permissions: &[Permission]) -> Vec<&Permission> {
    let mut all: Vec<_> = permissions.iter().collect();
    all.sort();
    all.dedup();
    all
}

fn verify_file(
    file: &Path,
    claim: &Claim,
    trusted: &Trusted,
    now: Timestamp,
) -> Result<Facts, Fault> {
    let untrusted = |what: &str, text: String| Fault::plugin(Code::BundleUntrusted, what, text);
    let length = std::fs::metadata(file).map_err(|e| disk(&e))?.len();
    if claim.size.is_some_and(|size| size != length) {
        let text = format!("The bundle has {length} bytes, not the ones promised.");
        return Err(untrusted("length", text));
    }
    let said = match &claim.listed {
        Some(listed) => Some(statement(listed, &trusted.keys)?),
        None => None,
    };
    // A certificate that ran out after the listing does not take a listed version back.
    let at = said.as_ref().map_or(now, |said| said.listed_at.min(now));
    let verified =
        verify_bundle(file, &trusted.roots, at, &trusted.revoked).map_err(|e| match e {
            VerifyFault::Io(error) => disk(&error),
            other => untrusted("signature", other.to_string()),
        })?;
    if verified.digest != claim.digest {
        return Err(untrusted(
            "digest",
            "The bundle has another SHA-256.".to_owned(),
        ));
    }
    let manifest = &verified.manifest;
    if manifest.id != claim.plugin || manifest.version != claim.version {
        let text = format!(
            "The bundle is {} {}, not {} {}.",
            manifest.id, manifest.version, claim.plugin, claim.version
        );
        return Err(untrusted("identity", text));
    }
    if let Some(said) = &said
        && sorted(&said.permissions) != sorted(&manifest.permissions)
    {
        let text = "The bundle asks for other permissions than were reviewed.".to_owned();
        return Err(untrusted("permissions", text));
    }
    Ok(facts(manifest, verified.publisher.name.clone()))
}

fn facts(manifest: &Manifest, signed_by: String) -> Facts {
    let migrations = manifest.migrations.as_ref();
    Facts {
        name: manifest.name.clone(),
        kind: manifest.runtime.kind.as_str().to_owned(),
        permissions: manifest.permissions.clone(),
        requires: manifest.dependencies.requires.clone(),
        conflicts: manifest.dependencies.conflicts.clone(),
        corex_version: manifest.corex_version.as_ref().map(ToString::to_string),
        migrates: manifest.runtime.kind == RuntimeKind::Process
            && migrations.is_some_and(|m| m.entry.is_some()),
        signed_by,
    }
}
