//! What a review may know besides the bundle itself. Everything is passed in.

use crate::policy::Policy;
use crate::report::Engine;
use crate::scan::malware::BlockedFiles;
use px_model::{
    Channel, CoreRange, Dependency, Digest, Permission, PluginId, PublisherId, Version,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A version that is, or once was, listed. Such a version's number and bytes are taken for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogVersion {
    /// The version.
    pub version: Version,
    /// Channel it was listed on.
    pub channel: Channel,
    /// Whether it can be installed now.
    pub listed: bool,
    /// SHA-256 of its bundle.
    pub digest: Digest,
    /// Cores it runs on; any when absent.
    #[serde(default)]
    pub corex_version: Option<CoreRange>,
    /// Plugins it needs.
    #[serde(default)]
    pub requires: Vec<Dependency>,
    /// Plugins it cannot stand beside.
    #[serde(default)]
    pub conflicts: Vec<Dependency>,
}

/// A name on the Marketplace and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogName {
    /// The plugin.
    pub plugin: PluginId,
    /// Its publisher, where the viewer may know.
    #[serde(default)]
    pub publisher: Option<PublisherId>,
}

/// The Marketplace as a review sees it: one consistent moment.
pub trait CatalogView: Send + Sync {
    /// Every version of `plugin` that was ever listed, in any order; empty for an unknown plugin. When a listed
    /// version is reviewed again, it is left out of its own catalog.
    fn versions(&self, plugin: &PluginId) -> Vec<CatalogVersion>;
    /// Every name that was ever listed.
    fn names(&self) -> Vec<CatalogName>;
}

/// A catalog held in memory, also the form in which the Marketplace hands it to `px-plugin check`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CatalogSnapshot {
    /// Names and owners.
    pub names: Vec<CatalogName>,
    /// Versions by plugin.
    pub versions: BTreeMap<PluginId, Vec<CatalogVersion>>,
}

impl CatalogView for CatalogSnapshot {
    fn versions(&self, plugin: &PluginId) -> Vec<CatalogVersion> {
        self.versions.get(plugin).cloned().unwrap_or_default()
    }

    fn names(&self) -> Vec<CatalogName> {
        self.names.clone()
    }
}

/// What the author said when registering the version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestFacts {
    /// Plugin that was registered.
    pub plugin: PluginId,
    /// Version that was registered.
    pub version: Version,
    /// Channel it goes to.
    pub channel: Channel,
    /// Permissions that were registered; not compared when absent.
    #[serde(default)]
    pub permissions: Option<Vec<Permission>>,
    /// Dependencies that were registered; not compared when absent.
    #[serde(default)]
    pub dependencies: Option<Vec<Dependency>>,
    /// SHA-256 of the bundle that was announced.
    #[serde(default)]
    pub digest: Option<Digest>,
    /// Bytes that were announced.
    #[serde(default)]
    pub size: Option<u64>,
}

/// What the last listed version asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PreviousVersion {
    /// Its permissions.
    pub permissions: Vec<Permission>,
    /// Its dependencies.
    pub dependencies: Vec<Dependency>,
}

/// Permissions and plugins that are never listed (`MKP_SECURITY_BLOCKLIST`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocklist {
    entries: BTreeSet<String>,
}

impl Blocklist {
    /// Reads entries separated by commas or white space: permissions such as `secret:read`, plugins such as
    /// `com.example.bad`, each with an optional `*` at the end.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let entries = text
            .split([',', ' ', '\n', '\t', '\r', ';'])
            .filter(|e| !e.is_empty());
        Self {
            entries: entries.map(str::to_owned).collect(),
        }
    }

    /// The entry that forbids `name` (a permission or a plugin id), if one does.
    #[must_use]
    pub fn forbids(&self, name: &str) -> Option<&str> {
        self.entries.iter().map(String::as_str).find(|entry| {
            entry
                .strip_suffix('*')
                .map_or(*entry == name, |prefix| name.starts_with(prefix))
        })
    }

    /// How reports name this list.
    #[must_use]
    pub fn engine(&self) -> Engine {
        let mut hash = Sha256::new();
        for entry in &self.entries {
            hash.update(entry);
            hash.update([0]);
        }
        Engine {
            name: "blocklist".to_owned(),
            version: self.entries.len().to_string(),
            rules: Some(Digest::from_bytes(hash.finalize().into())),
        }
    }
}

/// Whose signatures count, and when "now" is.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Certificates of publisher CAs.
    pub roots: px_package::signature::TrustRoots,
    /// Certificates that were taken back.
    pub revocations: px_package::signature::Revocations,
    /// Time at which certificates are judged.
    pub now: jiff::Timestamp,
}

/// What a review may know besides the bundle. What is absent makes checks that need it end in `NotRun`.
#[derive(Clone)]
pub struct Context {
    /// Listed plugins.
    pub catalog: Option<Arc<dyn CatalogView>>,
    /// What was registered.
    pub request: Option<RequestFacts>,
    /// Channel the version is meant for, when there is no request.
    pub channel: Channel,
    /// Who publishes.
    pub publisher: Option<PublisherId>,
    /// The last listed version; `None` inside for a plugin's first.
    pub previous: Option<Option<PreviousVersion>>,
    /// Whose signatures count.
    pub trust: Option<Trust>,
    /// Cores for which a plugin must work, if its `corex_version` includes them.
    pub supported_cores: Vec<Version>,
    /// How outcomes are judged.
    pub policy: Policy,
    /// What is never listed.
    pub blocklist: Blocklist,
    /// Files that are never listed.
    pub blocked_files: BlockedFiles,
    /// Fingerprints that reviewers have waived.
    pub waivers: BTreeSet<Digest>,
    /// Limits for archives.
    pub limits: px_package::archive::Limits,
}

impl Context {
    /// What an author's machine knows: nothing but the policy.
    #[must_use]
    pub fn local() -> Self {
        Self::with_policy(Policy::local())
    }

    /// A context that knows nothing but its policy.
    #[must_use]
    pub fn with_policy(policy: Policy) -> Self {
        Self {
            catalog: None,
            request: None,
            channel: Channel::Stable,
            publisher: None,
            previous: None,
            trust: None,
            supported_cores: Vec::new(),
            policy,
            blocklist: Blocklist::default(),
            blocked_files: BlockedFiles::default(),
            waivers: BTreeSet::new(),
            limits: px_package::archive::Limits::default(),
        }
    }
}
