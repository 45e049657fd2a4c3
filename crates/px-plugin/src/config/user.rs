//! The user's file: `~/.powerx-plugin/config.json`, and the older `~/.px-plugin/config.json` below it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use px_model::Channel;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::failure::{Excerpt, Failure};
use crate::files::{self, Access};
use crate::session::Session;

/// A token for one Marketplace.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credential {
    /// The token.
    pub token: String,
    /// Until when it holds, as the Marketplace said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<Timestamp>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}

/// The user's settings. Unknown keys are refused with their name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UserFile {
    /// The Marketplace's address.
    #[serde(skip_serializing_if = "Option::is_none", alias = "marketplaceApiUrl")]
    pub api_url: Option<String>,
    /// A token for `apiUrl`, as older files hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Name of the signing key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_profile: Option<String>,
    /// A service that signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_endpoint: Option<String>,
    /// Where bundles are uploaded to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_store_endpoint: Option<String>,
    /// Receives telemetry events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telemetry_endpoint: Option<String>,
    /// Channel to publish on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Tokens by the origin of the Marketplace they are for; a token never goes to another one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub credentials: BTreeMap<String, Credential>,
}

impl UserFile {
    /// The token stored for a Marketplace.
    #[must_use]
    pub fn credential(&self, api_url: &Url) -> Option<&Credential> {
        self.credentials
            .get(&api_url.origin().ascii_serialization())
    }

    /// Turns a bare `token` into a credential for `apiUrl`.
    fn bind_token(mut self, fallback: &str) -> Self {
        let address = self.api_url.as_deref().unwrap_or(fallback);
        if let (Some(token), Ok(url)) = (self.token.take(), Url::parse(address)) {
            let credential = Credential {
                token,
                expires_at: None,
                name: None,
            };
            let origin = url.origin().ascii_serialization();
            self.credentials.entry(origin).or_insert(credential);
        }
        self
    }

    /// This file over an older one.
    fn over(self, older: Self) -> Self {
        let mut credentials = older.credentials;
        credentials.extend(self.credentials);
        Self {
            api_url: self.api_url.or(older.api_url),
            token: None,
            signing_profile: self.signing_profile.or(older.signing_profile),
            signing_endpoint: self.signing_endpoint.or(older.signing_endpoint),
            artifact_store_endpoint: self
                .artifact_store_endpoint
                .or(older.artifact_store_endpoint),
            telemetry_endpoint: self.telemetry_endpoint.or(older.telemetry_endpoint),
            channel: self.channel.or(older.channel),
            credentials,
        }
    }
}

/// `~/.powerx-plugin`.
///
/// # Errors
/// When there is no home folder.
pub fn folder(session: &Session) -> Result<PathBuf, Failure> {
    Ok(session.home()?.join(".powerx-plugin"))
}

/// `~/.powerx-plugin/config.json`.
///
/// # Errors
/// When there is no home folder.
pub fn user_path(session: &Session) -> Result<PathBuf, Failure> {
    Ok(folder(session)?.join("config.json"))
}

/// Reads both files; the newer one wins key by key.
///
/// # Errors
/// When one is not readable, or holds an unknown key.
pub fn load_user(session: &Session) -> Result<(UserFile, PathBuf), Failure> {
    let path = user_path(session)?;
    let older = session.home()?.join(".px-plugin").join("config.json");
    let (new, old) = (read_user_file(&path)?, read_user_file(&older)?);
    let shown = if new.is_none() && old.is_some() {
        older
    } else {
        path
    };
    let bind = |file: Option<UserFile>| file.unwrap_or_default().bind_token(super::DEFAULT_API_URL);
    Ok((bind(new).over(bind(old)), shown))
}

/// Reads the newer file, to change it; the empty one when it is absent.
///
/// # Errors
/// When it is not readable, or holds an unknown key.
pub fn load_newer(session: &Session) -> Result<UserFile, Failure> {
    let file = read_user_file(&user_path(session)?)?.unwrap_or_default();
    Ok(file.bind_token(super::DEFAULT_API_URL))
}

/// Reads one file; none when it is absent.
///
/// # Errors
/// When it is not readable, or holds an unknown key.
fn read_user_file(path: &Path) -> Result<Option<UserFile>, Failure> {
    let Some(text) = files::read_optional(path)? else {
        return Ok(None);
    };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default().to_owned();
        Failure::setting(
            format!("{}: {why}", path.display()),
            "Mend or remove the key; the file takes apiUrl, signingProfile, signingEndpoint, artifactStoreEndpoint, telemetryEndpoint, channel and credentials.",
        )
        .at(Excerpt {
            name: path.display().to_string(),
            line: error.line(),
            // A token must not be shown: the drawing of the place is for files without secrets.
            text: redact(&text),
            column: 1,
            label: why,
        })
    })
}

/// Leaves out every line that could hold a token's value.
fn redact(text: &str) -> String {
    let mut hide_next = false;
    let lines = text.lines().map(|line| {
        let hide = hide_next || line.contains("oken");
        hide_next = line.trim_end().ends_with(':');
        if hide { "…" } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Writes the newer file, for its owner only.
///
/// # Errors
/// Names the file.
pub fn store_user(session: &Session, file: &UserFile) -> Result<PathBuf, Failure> {
    let path = user_path(session)?;
    let text = serde_json::to_string_pretty(file).unwrap_or_default();
    files::write(&path, format!("{text}\n").as_bytes(), Access::Private)?;
    Ok(path)
}
