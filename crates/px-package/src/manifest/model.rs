//! The checked content of `plugin.yaml`.

use super::period::Period;
use super::yaml::Place;
use px_model::{CoreRange, Dependency, Permission, PluginId, Version};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A plugin's manifest. Every value has been checked; keys in JSON are those of `plugin.yaml`.
///
/// Values such as environment variables may still hold `${VAR:-default}`: see [`super::expand`].
/// Paths are relative to the bundle's root, with `/`, without `./` in front.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// Unique name.
    pub id: PluginId,
    /// Name for people; the id when the author gave none.
    pub name: String,
    /// This version.
    pub version: Version,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// PowerX cores it runs on; any when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corex_version: Option<CoreRange>,
    /// What runs.
    pub runtime: Runtime,
    /// Older place of some runtime facts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<Backend>,
    /// Where it answers.
    pub endpoints: Endpoints,
    /// Pages.
    pub frontend: Frontend,
    /// Rights it asks for, sorted, each once.
    pub permissions: Vec<Permission>,
    /// Other plugins.
    pub dependencies: Dependencies,
    /// How its data is prepared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrations: Option<Migrations>,
    /// Files merged into the manifest, by key. Empty once they have been merged.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub catalogs: BTreeMap<String, Vec<String>>,
    /// Topics it sends and listens to.
    pub events: Events,
    /// Requests that must succeed before it gets traffic.
    pub smoke: Vec<SmokeRequest>,
    /// Facts for the listing.
    pub metadata: Metadata,
    /// Every other top-level key, untouched.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
    /// The whole document, catalogs merged.
    #[serde(skip)]
    pub(super) document: Value,
    /// Where fields that name files stood.
    #[serde(skip)]
    pub(super) places: BTreeMap<String, Place>,
}

/// How a plugin runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuntimeKind {
    /// A native process with a loopback port.
    Process,
    /// Files only.
    Static,
    /// A service somewhere else.
    Remote,
    /// A WASI 0.2 component exporting `wasi:http/incoming-handler`.
    Wasm,
}

impl RuntimeKind {
    /// The word used in manifests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Static => "static",
            Self::Remote => "remote",
            Self::Wasm => "wasm",
        }
    }
}

/// `runtime`: what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Runtime {
    /// How it runs.
    pub kind: RuntimeKind,
    /// Executable or component in the bundle (`process`, `wasm`); address of the service (`remote`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment, unexpanded.
    pub env: BTreeMap<String, String>,
    /// How to ask whether it is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
}

/// `health`: how to ask whether something is well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Path that answers 2xx when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
    /// Time between two questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Period>,
    /// Time an answer may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

/// `backend`: older place of some runtime facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Backend {
    /// Executable in the bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Port it used to listen on; the host chooses one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Health path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
}

/// `endpoints`: where it answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Endpoints {
    /// Prefix of its API inside the plugin, starting with `/`; required for a process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_base_path: Option<String>,
}

/// `frontend`: its pages.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Frontend {
    /// Administration pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<Admin>,
}

/// Who serves the administration pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdminKind {
    /// The gateway, from files of the bundle.
    Static,
    /// The plugin's backend.
    Proxy,
    /// A second process.
    Process,
}

/// `frontend.admin`: administration pages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Admin {
    /// Who serves them.
    pub kind: AdminKind,
    /// Folder in the bundle with the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub static_dir: Option<String>,
    /// The second process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<AdminProcess>,
    /// Entries in the console's navigation.
    pub menus: Vec<Menu>,
    /// Translations, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub i18n: Option<Value>,
}

/// `frontend.admin.process`: the process that serves the pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdminProcess {
    /// A command on the host (`node`) or an executable in the bundle (with a `/`).
    pub entry: String,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment, unexpanded.
    pub env: BTreeMap<String, String>,
    /// How to ask whether it is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
}

/// One entry of the console's navigation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Menu {
    /// Unique in the plugin.
    pub id: String,
    /// Text when no translation fits.
    pub title: String,
    /// Translation, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_i18n: Option<Value>,
    /// Icon name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Path below `/_p/{plugin}/admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Route name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Group it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// Position, smaller first.
    pub order: i64,
    /// Policies a person needs to see it.
    pub required_policies: Vec<String>,
    /// Entries below it.
    pub children: Vec<Menu>,
}

/// `dependencies`: other plugins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Dependencies {
    /// Must be installed.
    pub requires: Vec<Dependency>,
    /// Must not be installed.
    pub conflicts: Vec<Dependency>,
    /// Taken over by this one.
    pub replaces: Vec<Dependency>,
}

/// `migrations`: how its data is prepared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Migrations {
    /// Kind of migration, such as `go` or `sql`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Executable in the bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Arguments.
    pub args: Vec<String>,
    /// Folder it runs in, relative to the bundle's root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// Only at the first install.
    pub once: bool,
    /// How long it may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
    /// Executable that undoes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_entry: Option<String>,
}

/// `events`, in one shape whichever of the three the author wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Events {
    /// Topics it sends.
    pub produces: Vec<Topic>,
    /// Topics it listens to.
    pub consumes: Vec<Topic>,
}

/// One topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topic {
    /// Its name.
    pub topic: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// One request of `smoke`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SmokeRequest {
    /// HTTP method, upper case; `GET` when absent.
    pub method: String,
    /// Path below `http_base_path`, starting with `/`.
    pub path: String,
    /// Status that is right; 200 when absent.
    pub expect_status: u16,
}

/// `metadata`: facts for the listing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// SPDX expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Shelf in the Marketplace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Its home on the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Icon name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
}

impl Manifest {
    /// The whole document with catalogs merged, as it goes into `manifest.json`.
    #[must_use]
    pub fn canonical_json(&self) -> String {
        crate::canonical_json(&self.document)
    }

    /// The whole document with catalogs merged.
    #[must_use]
    pub const fn document(&self) -> &Value {
        &self.document
    }

    /// Path that answers 2xx when the plugin is well: `runtime.health.http`, else `backend.health`,
    /// else `healthz` below `http_base_path`.
    #[must_use]
    pub fn health_path(&self) -> String {
        let declared = self
            .runtime
            .health
            .as_ref()
            .and_then(|health| health.http.clone());
        let backend = || {
            self.backend
                .as_ref()
                .and_then(|backend| backend.health.clone())
        };
        declared.or_else(backend).unwrap_or_else(|| {
            let base = self.endpoints.http_base_path.as_deref().unwrap_or("");
            format!("{}/healthz", base.trim_end_matches('/'))
        })
    }
}
