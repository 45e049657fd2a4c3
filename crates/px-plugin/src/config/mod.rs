//! Settings and where each came from.
//!
//! Precedence: option > environment variable > project (`publish.yml`) > user file > default.
//! A project cannot say where tokens go: only options, variables and the user's own file name addresses.

mod user;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use px_model::Channel;
use url::Url;

use crate::failure::Failure;
use crate::session::Session;

pub use user::{Credential, folder, load_newer, load_user, store_user, user_path};

/// Marketplace asked when nobody says another: the quick start's, on this machine.
pub const DEFAULT_API_URL: &str = "http://127.0.0.1:7400/";
/// Signing profile used when nobody says another.
pub const DEFAULT_PROFILE: &str = "default";

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An option of the command.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// A file of the project.
    Project(String),
    /// The user's file.
    User(PathBuf),
    /// Built in.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Project(file) => f.write_str(file),
            Self::User(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it came from.
#[derive(Debug, Clone)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

/// A secret that does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the one place that sends or stores it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What the options of a command and the project say.
#[derive(Debug, Default)]
pub struct Wishes<'a> {
    /// `--api-url`.
    pub api_url: Option<&'a str>,
    /// `--profile`.
    pub profile: Option<&'a str>,
    /// `--channel`.
    pub channel: Option<Channel>,
    /// The channel that `publish.yml` is about.
    pub project_channel: Option<Channel>,
}

/// The settings of one run.
#[derive(Debug)]
pub struct Settings {
    /// The Marketplace (`PX_MARKETPLACE_API_URL`).
    pub api_url: Setting<Url>,
    /// Token for it (`PX_MARKETPLACE_TOKEN`, else the one `login` stored for this address).
    pub token: Option<Setting<Secret>>,
    /// Name of the signing key (`PX_SIGNING_PROFILE`).
    pub profile: Setting<String>,
    /// A service that signs instead of a key on this machine (`PX_SIGNING_ENDPOINT`).
    pub signing_endpoint: Option<Setting<Url>>,
    /// Where bundles are uploaded to instead of the Marketplace's own address (`PX_ARTIFACT_STORE_ENDPOINT`).
    pub artifact_store: Option<Setting<Url>>,
    /// Receives telemetry events (`PX_TELEMETRY_ENDPOINT`).
    pub telemetry: Option<Setting<Url>>,
    /// Channel to publish on.
    pub channel: Setting<Channel>,
    /// Whether publishing is open on this machine (`PX_PLUGIN_PUBLISH`).
    pub publish: Setting<bool>,
    /// Whether the local precheck runs (`PX_PLUGIN_PUBLISH_PRECHECK`).
    pub precheck: Setting<bool>,
    /// Until when the stored token holds.
    pub token_expires: Option<jiff::Timestamp>,
}

impl Settings {
    /// Reads every source and decides.
    ///
    /// # Errors
    /// Names the variable or the file and the key that is not acceptable.
    pub fn load(session: &Session, wishes: &Wishes<'_>) -> Result<Self, Failure> {
        let (user, path) = load_user(session)?;
        let source = Source { session, path };
        let api_url = match source.address(
            "--api-url",
            wishes.api_url,
            "PX_MARKETPLACE_API_URL",
            user.api_url.as_ref(),
        )? {
            Some(setting) => setting,
            None => Setting {
                value: parse_address("default", DEFAULT_API_URL)?,
                origin: Origin::Default,
            },
        };
        let credential = user.credential(&api_url.value);
        let token = match session.variable("PX_MARKETPLACE_TOKEN") {
            Some(text) => Some(Setting {
                value: Secret::new(text.to_owned()),
                origin: Origin::Variable("PX_MARKETPLACE_TOKEN"),
            }),
            None => credential.map(|credential| Setting {
                value: Secret::new(credential.token.clone()),
                origin: Origin::User(source.path.clone()),
            }),
        };
        let from_file = token
            .as_ref()
            .is_some_and(|token| matches!(token.origin, Origin::User(_)));
        Ok(Self {
            token_expires: credential
                .filter(|_| from_file)
                .and_then(|credential| credential.expires_at),
            token,
            profile: source.profile(wishes.profile, user.signing_profile.as_deref())?,
            signing_endpoint: source.address(
                "",
                None,
                "PX_SIGNING_ENDPOINT",
                user.signing_endpoint.as_ref(),
            )?,
            artifact_store: source.address(
                "",
                None,
                "PX_ARTIFACT_STORE_ENDPOINT",
                user.artifact_store_endpoint.as_ref(),
            )?,
            telemetry: source.address(
                "",
                None,
                "PX_TELEMETRY_ENDPOINT",
                user.telemetry_endpoint.as_ref(),
            )?,
            channel: source.channel(wishes, user.channel),
            publish: source.switch("PX_PLUGIN_PUBLISH")?,
            precheck: source.switch("PX_PLUGIN_PUBLISH_PRECHECK")?,
            api_url,
        })
    }
}

struct Source<'a> {
    session: &'a Session,
    path: PathBuf,
}

impl Source<'_> {
    fn address(
        &self,
        flag: &'static str,
        wish: Option<&str>,
        variable: &'static str,
        user: Option<&String>,
    ) -> Result<Option<Setting<Url>>, Failure> {
        let (text, origin) = if let Some(text) = wish {
            (text, Origin::Flag(flag))
        } else if let Some(text) = self.session.variable(variable) {
            (text, Origin::Variable(variable))
        } else if let Some(text) = user {
            (text.as_str(), Origin::User(self.path.clone()))
        } else {
            return Ok(None);
        };
        let value = parse_address(&origin.to_string(), text)?;
        Ok(Some(Setting { value, origin }))
    }

    fn profile(&self, wish: Option<&str>, user: Option<&str>) -> Result<Setting<String>, Failure> {
        let (text, origin) = if let Some(text) = wish {
            (text, Origin::Flag("--profile"))
        } else if let Some(text) = self.session.variable("PX_SIGNING_PROFILE") {
            (text, Origin::Variable("PX_SIGNING_PROFILE"))
        } else if let Some(text) = user {
            (text, Origin::User(self.path.clone()))
        } else {
            (DEFAULT_PROFILE, Origin::Default)
        };
        check_profile(text, &origin.to_string())?;
        Ok(Setting {
            value: text.to_owned(),
            origin,
        })
    }

    fn channel(&self, wishes: &Wishes<'_>, user: Option<Channel>) -> Setting<Channel> {
        let of = |value, origin| Setting { value, origin };
        wishes
            .channel
            .map(|value| of(value, Origin::Flag("--channel")))
            .or_else(|| {
                wishes
                    .project_channel
                    .map(|value| of(value, Origin::Project("publish.yml".to_owned())))
            })
            .or_else(|| user.map(|value| of(value, Origin::User(self.path.clone()))))
            .unwrap_or_else(|| of(Channel::Stable, Origin::Default))
    }

    /// A switch is open unless its variable says no.
    fn switch(&self, name: &'static str) -> Result<Setting<bool>, Failure> {
        let Some(text) = self.session.variable(name) else {
            return Ok(Setting {
                value: true,
                origin: Origin::Default,
            });
        };
        let value = match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "on" | "yes" => true,
            "0" | "false" | "off" | "no" => false,
            _ => {
                return Err(Failure::setting(
                    format!("{name} is `{text}`"),
                    format!("Set {name} to 1 or 0."),
                ));
            }
        };
        Ok(Setting {
            value,
            origin: Origin::Variable(name),
        })
    }
}

/// Checks the name of a signing profile: it becomes a file name.
///
/// # Errors
/// When it could not be one everywhere.
pub fn check_profile(name: &str, origin: &str) -> Result<(), Failure> {
    let sound = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if sound {
        return Ok(());
    }
    Err(Failure::setting(
        format!("`{name}` ({origin}) is not the name of a signing profile"),
        "Use 1 to 64 letters, digits, `-` and `_`, such as `ci`.",
    ))
}

/// An http(s) address that ends in `/`, so that paths join below it.
///
/// # Errors
/// When it is none; user and password in an address are refused.
pub fn parse_address(origin: &str, text: &str) -> Result<Url, Failure> {
    let fail = |why: &str| {
        Failure::setting(
            format!("{origin}: the address {why}"),
            "Write it like `https://marketplace.example.com`.",
        )
    };
    let mut url =
        Url::from_str(text).map_err(|error| fail(&format!("`{text}` cannot be read: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(fail(&format!("`{text}` is not an http or https one")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fail(
            "holds a user or password, which belongs into `px-plugin login`",
        ));
    }
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}
