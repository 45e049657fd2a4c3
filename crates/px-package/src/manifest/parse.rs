//! From the tree to a [`Manifest`].

use super::catalogs::{ReadFile, merge};
use super::events;
use super::field::{Field, Findings};
use super::frontend;
use super::model::{
    Backend, Dependencies, Endpoints, Health, Manifest, Metadata, Migrations, Runtime, RuntimeKind,
    SmokeRequest,
};
use super::parts;
use super::yaml::{self, Data, Key, Node};
use crate::issue::Issue;
use px_model::{Permission, PluginId, Version};
use std::collections::BTreeMap;

/// Top-level keys that have a place in [`Manifest`]; all others go to `extra`.
const KNOWN: [&str; 15] = [
    "id",
    "name",
    "version",
    "description",
    "corex_version",
    "runtime",
    "backend",
    "endpoints",
    "frontend",
    "permissions",
    "dependencies",
    "migrations",
    "events",
    "smoke",
    "metadata",
];
/// Fields that name files and are checked against the bundle later.
const PLACED: [&str; 5] = [
    "runtime.entry",
    "frontend.admin.static_dir",
    "frontend.admin.process.entry",
    "migrations.entry",
    "migrations.rollback_entry",
];

/// A manifest, or why there is none.
#[derive(Debug, Clone)]
pub struct ManifestOutcome {
    /// The manifest; absent when an issue blocks it.
    pub manifest: Option<Manifest>,
    /// Everything found, in the order of the text.
    pub issues: Vec<Issue>,
}

/// Parses `plugin.yaml` (or `manifest.json`) by itself; files it names are not looked at.
#[must_use]
pub fn parse_manifest(text: &str) -> ManifestOutcome {
    outcome(text, None)
}

/// Parses `plugin.yaml` and merges the files named by `catalogs`, read through `read`.
#[must_use]
pub fn parse_manifest_with(text: &str, read: &mut ReadFile<'_>) -> ManifestOutcome {
    outcome(text, Some(read))
}

fn outcome(text: &str, read: Option<&mut ReadFile<'_>>) -> ManifestOutcome {
    let mut findings = Findings::default();
    let manifest = match yaml::parse(text) {
        Err(fault) => {
            findings.fault(fault);
            None
        }
        Ok(root) => root.and_then(|root| from_root(root, read, &mut findings)),
    };
    if manifest.is_none() && findings.issues.is_empty() {
        let empty = Node {
            data: Data::Map(Vec::new()),
            place: yaml::Place::default(),
        };
        findings.block(
            &Field::root(&empty),
            "the manifest is empty",
            "write at least id, version and runtime.kind",
        );
    }
    let mut issues = findings.issues;
    issues.sort_by_key(|issue| (issue.line, issue.column));
    let fatal = issues.iter().any(|issue| issue.severity.is_fatal());
    ManifestOutcome {
        manifest: manifest.filter(|_| !fatal),
        issues,
    }
}

fn from_root(
    mut root: Node,
    read: Option<&mut ReadFile<'_>>,
    findings: &mut Findings,
) -> Option<Manifest> {
    if !Field::root(&root).is_map(findings) {
        return None;
    }
    adopt_alias(&mut root, findings);
    if let Some(read) = read {
        merge(&mut root, read, findings);
    }
    let top = Field::root(&root);
    // Every part is read before any `?`, so that all faults are named at once.
    let id: Option<PluginId> = required(
        &top.get("id"),
        findings,
        "write a reverse-domain name such as com.example.notes",
    );
    let version: Option<Version> = required(
        &top.get("version"),
        findings,
        "write a semantic version such as 1.4.0",
    );
    let runtime = runtime(&top.get("runtime"), findings);
    let name = top
        .get("name")
        .text(findings)
        .filter(|name| !name.trim().is_empty());
    let rest = Rest {
        description: top.get("description").text(findings),
        corex_version: top
            .get("corex_version")
            .parse(findings, "write a range such as \">=0.1.0, <1.0.0\""),
        backend: backend(&top.get("backend"), findings),
        endpoints: endpoints(&top.get("endpoints"), runtime.as_ref(), findings),
        frontend: frontend::frontend(&top.get("frontend"), runtime.as_ref(), findings),
        permissions: parts::permissions(&top.get("permissions"), findings),
        dependencies: parts::dependencies(&top.get("dependencies"), findings),
        migrations: parts::migrations(&top.get("migrations"), findings),
        events: events::events(&top.get("events"), findings),
        smoke: parts::smoke(&top.get("smoke"), findings),
        metadata: parts::metadata(&top.get("metadata"), findings),
        catalogs: parts::catalogs(&top.get("catalogs"), findings),
    };
    let (id, version, runtime) = (id?, version?, runtime?);
    Some(rest.into_manifest(id, version, runtime, name, &root))
}

/// The parts that are read whatever the identity is.
struct Rest {
    description: Option<String>,
    corex_version: Option<px_model::CoreRange>,
    backend: Option<Backend>,
    endpoints: Endpoints,
    frontend: super::model::Frontend,
    permissions: Vec<Permission>,
    dependencies: Dependencies,
    migrations: Option<Migrations>,
    events: super::model::Events,
    smoke: Vec<SmokeRequest>,
    metadata: Metadata,
    catalogs: BTreeMap<String, Vec<String>>,
}

impl Rest {
    fn into_manifest(
        self,
        id: PluginId,
        version: Version,
        runtime: Runtime,
        name: Option<String>,
        root: &Node,
    ) -> Manifest {
        let extra = root
            .entries()
            .iter()
            .filter(|(key, _)| !KNOWN.contains(&key.text.as_str()) && key.text != "catalogs")
            .map(|(key, value)| (key.text.clone(), value.to_json()))
            .collect();
        let places = PLACED.iter().map(|path| {
            let field = path
                .split('.')
                .fold(Field::root(root), |field, key| field.get(key));
            ((*path).to_owned(), field.place())
        });
        Manifest {
            name: name.unwrap_or_else(|| id.to_string()),
            id,
            version,
            description: self.description,
            corex_version: self.corex_version,
            runtime,
            backend: self.backend,
            endpoints: self.endpoints,
            frontend: self.frontend,
            permissions: self.permissions,
            dependencies: self.dependencies,
            migrations: self.migrations,
            catalogs: self.catalogs,
            events: self.events,
            smoke: self.smoke,
            metadata: self.metadata,
            extra,
            document: root.to_json(),
            places: places.collect(),
        }
    }
}

/// `pluginId` where `id` belongs is taken, with a warning.
fn adopt_alias(root: &mut Node, findings: &mut Findings) {
    let top = Field::root(root);
    let alias = top.get("pluginId");
    if !alias.is_present() {
        return;
    }
    if top.get("id").is_present() {
        findings.warn(
            &alias,
            "`pluginId` stands beside `id` and is ignored",
            "remove `pluginId`",
        );
        return;
    }
    findings.warn(
        &alias,
        "`pluginId` is read as `id`",
        "rename the key to `id`",
    );
    if let Data::Map(entries) = &mut root.data {
        entries.retain(|(key, _)| key.text != "id");
        for (key, _) in entries {
            if key.text == "pluginId" {
                *key = Key {
                    text: "id".to_owned(),
                    place: key.place,
                };
            }
        }
    }
}

fn required<T>(field: &Field<'_>, findings: &mut Findings, remedy: &str) -> Option<T>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    field.required_text(findings, remedy)?;
    field.parse(findings, remedy)
}

fn runtime(field: &Field<'_>, findings: &mut Findings) -> Option<Runtime> {
    let present = field.is_map(findings);
    if field.is_present() && !present {
        return None;
    }
    let kind_field = field.get("kind");
    let kind = kind_field.required_text(findings, "write process, static, remote or wasm");
    let kind = kind.and_then(|text| {
        let kind = match text.as_str() {
            "process" => Some(RuntimeKind::Process),
            "static" => Some(RuntimeKind::Static),
            "remote" => Some(RuntimeKind::Remote),
            "wasm" => Some(RuntimeKind::Wasm),
            _ => None,
        };
        if kind.is_none() {
            findings.block(
                &kind_field,
                format!("`runtime.kind` is `{text}`, which is unknown"),
                "write process, static, remote or wasm",
            );
        }
        kind
    });
    let entry = entry(&field.get("entry"), kind, findings);
    let args = field.get("args").texts(findings);
    let env = field.get("env").text_map(findings);
    let health = health(&field.get("health"), findings);
    Some(Runtime {
        kind: kind?,
        entry,
        args,
        env,
        health,
    })
}

fn entry(field: &Field<'_>, kind: Option<RuntimeKind>, findings: &mut Findings) -> Option<String> {
    match kind? {
        RuntimeKind::Process => {
            field.required_text(findings, "name the executable, such as backend/bin/plugin")?;
            field.path(findings)
        }
        RuntimeKind::Wasm => {
            field.required_text(findings, "name the component, such as backend/plugin.wasm")?;
            field.path(findings)
        }
        RuntimeKind::Remote => {
            let text =
                field.required_text(findings, "write the https:// address of the service")?;
            if !text.starts_with("https://") && !text.starts_with("http://") && !text.contains("${")
            {
                findings.block(
                    field,
                    format!("`{text}` is not an http(s) address"),
                    "write the https:// address of the service",
                );
            }
            Some(text)
        }
        RuntimeKind::Static => field.text(findings),
    }
}

pub fn health(field: &Field<'_>, findings: &mut Findings) -> Option<Health> {
    if !field.is_map(findings) {
        return None;
    }
    Some(Health {
        http: url_path(&field.get("http"), findings),
        interval: field
            .get("interval")
            .parse(findings, "write a time such as 10s"),
        timeout: field
            .get("timeout")
            .parse(findings, "write a time such as 3s"),
    })
}

/// A path of a URL: starts with `/`, has no white space.
pub fn url_path(field: &Field<'_>, findings: &mut Findings) -> Option<String> {
    let text = field.text(findings)?;
    if text.starts_with('/') && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Some(text);
    }
    findings.block(
        field,
        format!(
            "`{}` is `{text}`, which does not start with `/`",
            field.path
        ),
        "write a path such as /api/v1",
    );
    None
}

fn backend(field: &Field<'_>, findings: &mut Findings) -> Option<Backend> {
    if !field.is_map(findings) {
        return None;
    }
    let health = field.get("health");
    let health = if health
        .node()
        .is_some_and(|node| matches!(node.data, Data::Map(_)))
    {
        health.get("http")
    } else {
        health
    };
    Some(Backend {
        entry: field.get("entry").path(findings),
        port: field
            .get("port")
            .parse(findings, "write a port between 1 and 65535"),
        health: url_path(&health, findings),
    })
}

fn endpoints(field: &Field<'_>, runtime: Option<&Runtime>, findings: &mut Findings) -> Endpoints {
    let base = field.get("http_base_path");
    let is_process = runtime.is_some_and(|runtime| runtime.kind == RuntimeKind::Process);
    if field.is_present() && !field.is_map(findings) {
        return Endpoints::default();
    }
    let remedy = "write the prefix of the plugin's API, such as /api/v1";
    if is_process && base.required_text(findings, remedy).is_none() {
        return Endpoints::default();
    }
    Endpoints {
        http_base_path: url_path(&base, findings),
    }
}
