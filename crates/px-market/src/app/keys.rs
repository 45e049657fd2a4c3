//! The Marketplace's own keys: the publisher CA and the key that signs listings.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use px_package::listing::{ListingStatement, sign_listing};
use px_package::signature::{Envelope, PublicKey, PublisherCa, SigningKey, TrustRoots, Validity};
use px_store::Env;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::Value;

use super::error::{AppError, AppResult};
use super::facts::BundleFacts;
use super::publish::add;
use crate::Market;
use crate::store::row::VersionRow;

/// DSSE payload type of a review report.
pub const REPORT_TYPE: &str = "application/vnd.powerx.review-report+json";
/// How long the CA lasts.
const CA_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 365 * 10);
const CA_NAME: &str = "PowerX Marketplace Publisher CA";

/// Keys that never leave this machine.
#[derive(Debug)]
pub struct Keys {
    /// Certifies publishers' keys.
    pub ca: PublisherCa,
    /// Signs listings and reports.
    pub listing: SigningKey,
    /// What verifies bundles: the CA's certificate.
    pub roots: TrustRoots,
}

/// A random generator fed from the process's surroundings.
#[must_use]
pub fn rng(env: &Env) -> StdRng {
    let mut seed = [0; 32];
    seed.copy_from_slice(&env.random_bytes(32));
    StdRng::from_seed(seed)
}

impl Keys {
    /// Reads the keys in `folder`, or makes them on the first start. Two processes that start
    /// together take turns.
    ///
    /// # Errors
    /// When a file cannot be read or written, or is not what it should be.
    pub fn open(folder: &Path, env: &Env) -> AppResult<Self> {
        private_folder(folder)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))?;
        lock.lock()?;
        let keys = Self::open_locked(folder, env);
        lock.unlock()?;
        keys
    }

    fn open_locked(folder: &Path, env: &Env) -> AppResult<Self> {
        let certificate = folder.join("publisher-ca.crt");
        let ca = if certificate.exists() {
            let pem = fs::read_to_string(&certificate)?;
            let key = fs::read_to_string(folder.join("publisher-ca.key"))?;
            PublisherCa::load(&pem, &key).map_err(unusable)?
        } else {
            let ca = fresh_ca(env)?;
            write_private(
                &folder.join("publisher-ca.key"),
                &ca.key_pem().map_err(unusable)?,
            )?;
            write_private(&certificate, &ca.certificate_pem())?;
            ca
        };
        let path = folder.join("listing.key");
        let listing = if path.exists() {
            SigningKey::from_pem(&fs::read_to_string(&path)?).map_err(unusable)?
        } else {
            let key = SigningKey::generate(&mut rng(env));
            write_private(&path, &key.to_pem().map_err(unusable)?)?;
            key
        };
        let roots = TrustRoots::from_fingerprints([ca.fingerprint()]);
        Ok(Self { ca, listing, roots })
    }

    /// Public key of listings, as cores pin it: base64 of the 32 bytes.
    #[must_use]
    pub fn listing_public(&self) -> String {
        STANDARD.encode(self.listing.public().as_bytes())
    }

    /// Public key of listings.
    #[must_use]
    pub fn listing_key(&self) -> PublicKey {
        self.listing.public()
    }

    /// A report in a signed envelope.
    #[must_use]
    pub fn sign_report(&self, report: &Value) -> String {
        Envelope::sign(
            REPORT_TYPE,
            report.to_string().as_bytes(),
            &self.listing,
            &[],
        )
        .to_json()
    }
}

fn fresh_ca(env: &Env) -> AppResult<PublisherCa> {
    let mut rng = rng(env);
    let now = env.now();
    let validity = Validity {
        // Clocks of other machines may be a little behind.
        not_before: add(now, -SignedDuration::from_hours(1)),
        not_after: add(now, CA_LIFETIME),
    };
    let key = SigningKey::generate(&mut rng);
    PublisherCa::create(CA_NAME, key, validity, &mut rng).map_err(unusable)
}

fn unusable(e: impl std::fmt::Display) -> AppError {
    AppError::Fault(format!("keys: {e}"))
}

fn private_folder(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let part = path.with_extension("part");
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(part, path)
}

impl Market {
    /// The Marketplace's approval of a version, as a signed envelope.
    pub(crate) fn sign_listing(
        &self,
        row: &VersionRow,
        facts: &BundleFacts,
        at: Timestamp,
    ) -> AppResult<Value> {
        let statement = ListingStatement {
            plugin_id: row.plugin.clone(),
            version: row.version.clone(),
            version_id: row.id,
            digest: row.sha256,
            size: row.size,
            channel: row.channel,
            listed_at: at,
            permissions: facts.permissions.clone(),
            risk: facts.risk,
        };
        let envelope = sign_listing(&statement, &self.keys().listing).map_err(unusable)?;
        Ok(serde_json::from_str(&envelope)?)
    }
}
