//! What signs bundles: a key of this machine, or a service (`PX_SIGNING_ENDPOINT`).
//!
//! The service holds the key. It answers `GET profiles/{profile}` with `{"publicKey", "certificateChain"}`
//! (PEM) and `POST profiles/{profile}/sign` of `{"message"}` (base64 of at most a few kilobytes) with
//! `{"signature"}` (base64 of 64 bytes, Ed25519). It gets no token: it is one's own, on a private address.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use px_api::Code;
use px_package::signature::{CertificateChain, PublicKey, Signer};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::Settings;
use crate::failure::{Failure, causes};
use crate::keystore::{Key, KeyStore};
use crate::market;
use crate::session::Session;

/// What signs.
pub enum Signing {
    /// A key of this machine.
    Local(Box<Key>),
    /// A key of a service.
    Remote(Box<Remote>),
}

/// A key of a service.
pub struct Remote {
    http: reqwest::Client,
    address: Url,
    profile: String,
    key: PublicKey,
    chain: CertificateChain,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    public_key: String,
    certificate_chain: String,
}

#[derive(Serialize)]
struct Order {
    message: String,
}

#[derive(Deserialize)]
struct Done {
    signature: String,
}

impl Signing {
    /// The key of the settings' profile, here or at the signing service.
    ///
    /// # Errors
    /// When there is none, or the service does not answer.
    pub fn open(session: &Session, settings: &Settings) -> Result<Self, Failure> {
        let profile = &settings.profile.value;
        let Some(endpoint) = &settings.signing_endpoint else {
            let key = KeyStore::open(session)?.load(profile)?;
            return Ok(Self::Local(Box::new(key)));
        };
        let fail = |why: String| service_failure(&endpoint.value, &why);
        let address = endpoint
            .value
            .join(&format!("profiles/{profile}"))
            .map_err(|error| fail(error.to_string()))?;
        let http = market::http()?;
        let known: Profile =
            exchange(http.get(address.clone())).map_err(|error| fail(error.to_string()))?;
        Ok(Self::Remote(Box::new(Remote {
            http,
            address,
            profile: profile.clone(),
            key: PublicKey::from_pem(&known.public_key).map_err(|error| fail(error.to_string()))?,
            chain: CertificateChain::from_pem(&known.certificate_chain)
                .map_err(|error| fail(error.to_string()))?,
        })))
    }

    /// Its profile.
    #[must_use]
    pub fn profile(&self) -> &str {
        match self {
            Self::Local(key) => &key.profile,
            Self::Remote(remote) => &remote.profile,
        }
    }

    /// SHA-256 of the public key, hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.signer().public().fingerprint().to_string()
    }

    /// Why it cannot sign now, if it cannot. What is wrong with a service's certificate shows when it signs.
    #[must_use]
    pub fn fault(&self, now: Timestamp) -> Option<(String, &'static str)> {
        match self {
            Self::Local(key) => key.fault(now),
            Self::Remote(_) => None,
        }
    }

    /// What signs.
    #[must_use]
    pub fn signer(&self) -> &dyn Signer {
        match self {
            Self::Local(key) => &key.key,
            Self::Remote(remote) => &**remote,
        }
    }

    /// Certificates to put beside the signature.
    ///
    /// # Errors
    /// When the key cannot sign now.
    pub fn chain(&self, now: Timestamp) -> Result<&CertificateChain, Failure> {
        match self {
            Self::Local(key) => key.usable(now),
            Self::Remote(remote) => Ok(&remote.chain),
        }
    }
}

impl Signer for Remote {
    fn public(&self) -> PublicKey {
        self.key
    }

    fn sign_message(&self, message: &[u8]) -> io::Result<[u8; 64]> {
        let address = format!("{}/sign", self.address);
        let order = Order {
            message: BASE64.encode(message),
        };
        let done: Done = exchange(self.http.post(address).json(&order))?;
        let bytes = BASE64
            .decode(done.signature.trim())
            .map_err(io::Error::other)?;
        bytes
            .try_into()
            .map_err(|_| io::Error::other("the signing service gave no Ed25519 signature"))
    }
}

/// Sends a request and reads a JSON answer. Signing is asked for by blocking code that may itself be inside
/// an event loop, hence a thread with one of its own.
fn exchange<T: DeserializeOwned + Send>(request: reqwest::RequestBuilder) -> io::Result<T> {
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let answer = request
                .send()
                .await
                .and_then(reqwest::Response::error_for_status);
            let answer = answer.map_err(|error| io::Error::other(causes(&error.without_url())))?;
            answer
                .json()
                .await
                .map_err(|error| io::Error::other(causes(&error.without_url())))
        })
    };
    std::thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|_| {
        Err(io::Error::other(
            "the request to the signing service broke off",
        ))
    })
}

fn service_failure(endpoint: &Url, why: &str) -> Failure {
    Failure::new(
        Code::NoSigningKey,
        format!("the signing service {endpoint}: {why}"),
    )
    .remedy("Check PX_SIGNING_ENDPOINT and PX_SIGNING_PROFILE, and that the service runs.")
}
