//! Signing keys on this machine: `~/.powerx-plugin/keys`, one profile per key.
//!
//! `PROFILE.key.pem` (PKCS#8, mode 0600), `PROFILE.pub.pem`, `PROFILE.chain.pem` (the certificate the
//! Marketplace gave) and `PROFILE.json` (when it was made and registered).

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use px_api::Code;
use px_api::market::KeyView;
use px_package::signature::{CertificateChain, PublicKey, SigningKey};
use serde::{Deserialize, Serialize};

use crate::config;
use crate::failure::Failure;
use crate::files::{self, Access};
use crate::session::Session;

/// What is written down about a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyNote {
    /// When it was made or imported.
    pub created_at: Timestamp,
    /// SHA-256 of the public key, hexadecimal.
    pub fingerprint: String,
    /// What the Marketplace said, once it is registered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub registration: Option<Registration>,
}

/// A key's registration at a Marketplace.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// Address of the Marketplace.
    pub marketplace: String,
    /// Key's id there.
    pub key_id: String,
    /// Publisher it signs for.
    pub publisher_id: String,
    /// Name for people.
    pub name: String,
    /// Certificate's serial number.
    pub serial: String,
    /// Until when it may sign.
    pub not_after: Timestamp,
    /// When it was revoked from here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked_at: Option<Timestamp>,
}

/// One key.
pub struct Key {
    /// Its profile.
    pub profile: String,
    /// The private key.
    pub key: SigningKey,
    /// Its certificate chain, once it is registered.
    pub chain: Option<CertificateChain>,
    /// What is written down about it.
    pub note: KeyNote,
}

/// The folder of keys.
pub struct KeyStore {
    folder: PathBuf,
}

impl KeyStore {
    /// The user's folder.
    ///
    /// # Errors
    /// When there is no home folder.
    pub fn open(session: &Session) -> Result<Self, Failure> {
        Ok(Self {
            folder: config::folder(session)?.join("keys"),
        })
    }

    /// Where a file of a profile is.
    #[must_use]
    pub fn file(&self, profile: &str, suffix: &str) -> PathBuf {
        self.folder.join(format!("{profile}.{suffix}"))
    }

    /// Whether a profile has a key.
    #[must_use]
    pub fn has(&self, profile: &str) -> bool {
        self.file(profile, "key.pem").exists()
    }

    /// Names of all profiles, sorted.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn profiles(&self) -> Result<Vec<String>, Failure> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Failure::file(&self.folder, &error)),
        };
        let mut profiles: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".key.pem").map(str::to_owned))
            .collect();
        profiles.sort();
        Ok(profiles)
    }

    /// Reads a key.
    ///
    /// # Errors
    /// `PX-0705` when the profile has none; when a file is damaged.
    pub fn load(&self, profile: &str) -> Result<Key, Failure> {
        let path = self.file(profile, "key.pem");
        let Some(pem) = files::read_optional(&path)? else {
            return Err(self.missing(profile));
        };
        let key = SigningKey::from_pem(&pem).map_err(|error| damaged(&path, &error.to_string()))?;
        let fingerprint = key.public().fingerprint().to_string();
        let chain = self.chain(profile)?;
        let note = match files::read_optional(&self.file(profile, "json"))? {
            Some(text) => serde_json::from_str(&text)
                .map_err(|error| damaged(&self.file(profile, "json"), &error.to_string()))?,
            None => KeyNote {
                created_at: Timestamp::UNIX_EPOCH,
                fingerprint,
                registration: None,
            },
        };
        Ok(Key {
            profile: profile.to_owned(),
            key,
            chain,
            note,
        })
    }

    fn chain(&self, profile: &str) -> Result<Option<CertificateChain>, Failure> {
        let path = self.file(profile, "chain.pem");
        let text = files::read_optional(&path)?;
        text.map(|text| {
            CertificateChain::from_pem(&text).map_err(|error| damaged(&path, &error.to_string()))
        })
        .transpose()
    }

    fn missing(&self, profile: &str) -> Failure {
        let others = self.profiles().unwrap_or_default();
        let hint = if others.is_empty() {
            "Make one with `px-plugin keys generate`, then `px-plugin keys register`.".to_owned()
        } else {
            format!(
                "There are keys for {}: choose with `--profile` or PX_SIGNING_PROFILE.",
                others.join(", ")
            )
        };
        Failure::new(
            Code::NoSigningKey,
            format!("the signing profile `{profile}` has no key"),
        )
        .remedy(hint)
    }

    /// Keeps a new key. A profile that has one already is refused: a key cannot be brought back.
    ///
    /// # Errors
    /// When the profile is taken or the folder cannot be written.
    pub fn add(&self, session: &Session, profile: &str, key: SigningKey) -> Result<Key, Failure> {
        if self.has(profile) {
            return Err(Failure::usage(
                format!("the signing profile `{profile}` has a key already"),
                "Choose another name with `--profile NAME`; old keys are kept, because what they signed stays valid.",
            ));
        }
        let pem = key
            .to_pem()
            .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
        files::make_folder(&self.folder, Access::Private)?;
        files::write(
            &self.file(profile, "key.pem"),
            pem.as_bytes(),
            Access::Private,
        )?;
        let public = public_pem(&key.public())?;
        files::write(
            &self.file(profile, "pub.pem"),
            public.as_bytes(),
            Access::Shared,
        )?;
        let note = KeyNote {
            created_at: session.now(),
            fingerprint: key.public().fingerprint().to_string(),
            registration: None,
        };
        self.store_note(profile, &note)?;
        Ok(Key {
            profile: profile.to_owned(),
            key,
            chain: None,
            note,
        })
    }

    /// Keeps what the Marketplace said about a key.
    ///
    /// # Errors
    /// When its certificates cannot be read, or the folder cannot be written.
    pub fn register(
        &self,
        key: &mut Key,
        marketplace: &str,
        view: &KeyView,
    ) -> Result<(), Failure> {
        self.store_chain(key, &view.certificate_chain)?;
        key.note.registration = Some(Registration {
            marketplace: marketplace.to_owned(),
            key_id: view.key_id.to_string(),
            publisher_id: view.publisher_id.to_string(),
            name: view.name.clone(),
            serial: view.serial.clone(),
            not_after: view.not_after,
            revoked_at: None,
        });
        self.store_note(&key.profile, &key.note)
    }

    /// Keeps a certificate chain beside a key.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn store_chain(&self, key: &mut Key, pem: &str) -> Result<(), Failure> {
        let path = self.file(&key.profile, "chain.pem");
        let chain =
            CertificateChain::from_pem(pem).map_err(|error| damaged(&path, &error.to_string()))?;
        files::write(&path, chain.to_pem().as_bytes(), Access::Shared)?;
        key.chain = Some(chain);
        Ok(())
    }

    /// Writes down what is known about a key.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn store_note(&self, profile: &str, note: &KeyNote) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(note).unwrap_or_default();
        files::write(
            &self.file(profile, "json"),
            format!("{text}\n").as_bytes(),
            Access::Shared,
        )
    }
}

/// A public key as PEM.
///
/// # Errors
/// When the encoder fails, which it does not for a key of this type.
pub fn public_pem(key: &PublicKey) -> Result<String, Failure> {
    key.to_pem()
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))
}

fn damaged(path: &Path, why: &str) -> Failure {
    Failure::new(Code::ConfigInvalid, format!("{}: {why}", path.display()))
        .remedy("Restore the file from a backup, or make a key under another profile.")
}

impl Key {
    /// Why this key cannot sign now, if it cannot.
    #[must_use]
    pub fn fault(&self, now: Timestamp) -> Option<(String, &'static str)> {
        const REGISTER: &str = "Run `px-plugin keys register`.";
        const ANOTHER: &str =
            "Make another key: `px-plugin keys generate --profile NAME`, then `keys register`.";
        if let Some(registration) = &self.note.registration {
            if let Some(at) = registration.revoked_at {
                return Some((format!("the key was revoked on {}", day(at)), ANOTHER));
            }
            if registration.not_after <= now {
                return Some((
                    format!("its certificate expired on {}", day(registration.not_after)),
                    REGISTER,
                ));
            }
        }
        if self.chain.is_none() {
            return Some(("the key has no certificate yet".to_owned(), REGISTER));
        }
        None
    }

    /// Key and chain, ready to sign.
    ///
    /// # Errors
    /// `PX-0210` or `PX-0705` with what to do.
    pub fn usable(&self, now: Timestamp) -> Result<&CertificateChain, Failure> {
        if let Some((why, remedy)) = self.fault(now) {
            return Err(Failure::new(
                Code::KeyUnknown,
                format!("profile `{}`: {why}", self.profile),
            )
            .remedy(remedy));
        }
        self.chain
            .as_ref()
            .ok_or_else(|| Failure::new(Code::KeyUnknown, "there is no certificate"))
    }
}

/// A time as a day, for people.
#[must_use]
pub fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
