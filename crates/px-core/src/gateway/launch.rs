//! From an unpacked bundle's manifest to what the runtime launches.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use px_api::Code;
use px_package::manifest::{AdminKind, Manifest, RuntimeKind, expand, parse_manifest};
use px_runtime::{CtxSecret, LaunchFault, LaunchSpec, Limits, MigrationRun, Program, RunFault};

use crate::app::fault::Fault;
use crate::app::ports::Unit;
use crate::jobs::layout::Layout;

/// Longest start; below the limit of the state `preflight`.
const START: Duration = Duration::from_secs(25);

/// Who answers `/_p/{plugin}/admin/*`.
#[derive(Debug, Clone)]
pub enum AdminSide {
    /// Nobody.
    None,
    /// The plugin itself, below `/admin`.
    Main,
    /// Files or a second process.
    Own(Box<LaunchSpec>),
}

/// What is launched for one unit.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The plugin's API; `None` for plugins that are pages only.
    pub main: Option<LaunchSpec>,
    /// Its administration pages.
    pub admin: AdminSide,
    /// The manifest.
    pub manifest: Manifest,
}

/// Reads the manifest of an unpacked version.
///
/// # Errors
/// When the version is not unpacked here, or its manifest cannot be used.
pub async fn manifest(layout: &Layout, unit: &Unit) -> Result<Manifest, Fault> {
    let file = layout
        .version(&unit.plugin, &unit.version)
        .join(px_package::names::MANIFEST_JSON);
    let text = tokio::fs::read_to_string(&file).await.map_err(|e| {
        let text = format!("{} {} is not unpacked here: {e}", unit.plugin, unit.version);
        Fault::infrastructure(Code::PluginUnavailable, "not_unpacked", text)
    })?;
    parse_manifest(&text).manifest.ok_or_else(|| {
        let text = "`manifest.json` of the unpacked bundle cannot be read.";
        Fault::plugin(Code::StagingFailed, "manifest", text)
    })
}

/// What to launch for a unit.
///
/// # Errors
/// When the manifest names a kind this core does not run.
pub async fn launch(layout: &Layout, unit: &Unit) -> Result<Launch, Fault> {
    let manifest = manifest(layout, unit).await?;
    let spec = |program: Program, base_path: &str, health_path: &str| LaunchSpec {
        tenant: unit.tenant,
        plugin: unit.plugin.clone(),
        version: unit.version.clone(),
        root: layout.version(&unit.plugin, &unit.version),
        data_dir: layout.data(unit.tenant, &unit.plugin),
        program,
        granted: unit.granted.clone(),
        limits: Limits {
            start_timeout: START,
            ..Limits::default()
        },
        base_path: base_path.to_owned(),
        health_path: health_path.to_owned(),
        config: environment(&manifest),
        ctx_secret: CtxSecret::new(unit.secret.clone()),
    };
    let base = manifest.endpoints.http_base_path.as_deref().unwrap_or("");
    let health = manifest.health_path();
    let main = main_program(&manifest)?.map(|program| spec(program, base, &health));
    let admin = match admin_program(&manifest)? {
        Some(program) => {
            let declared = manifest.frontend.admin.as_ref();
            let health = declared
                .and_then(|a| a.process.as_ref()?.health.as_ref()?.http.clone())
                .unwrap_or_else(|| "/".to_owned());
            AdminSide::Own(Box::new(spec(program, "", &health)))
        }
        None if proxied(&manifest) && main.is_some() => AdminSide::Main,
        None => AdminSide::None,
    };
    Ok(Launch {
        main,
        admin,
        manifest,
    })
}

fn main_program(manifest: &Manifest) -> Result<Option<Program>, Fault> {
    let runtime = &manifest.runtime;
    let entry = || {
        runtime.entry.as_ref().map(PathBuf::from).ok_or_else(|| {
            Fault::plugin(Code::StagingFailed, "entry", "`runtime.entry` is missing.")
        })
    };
    Ok(match runtime.kind {
        RuntimeKind::Wasm => Some(Program::Wasm {
            component: entry()?,
        }),
        RuntimeKind::Process => Some(Program::Process {
            entry: entry()?,
            args: runtime.args.iter().map(|a| plain(a)).collect(),
            env: expanded(&runtime.env),
        }),
        RuntimeKind::Static => None,
        RuntimeKind::Remote => {
            let text = "This core does not call remote plugins.";
            return Err(Fault::tenant(Code::PreflightFailed, "remote", text));
        }
    })
}

fn admin_program(manifest: &Manifest) -> Result<Option<Program>, Fault> {
    let Some(admin) = &manifest.frontend.admin else {
        let only_pages = manifest.runtime.kind == RuntimeKind::Static;
        let dir = manifest.static_dir().filter(|_| only_pages);
        return Ok(dir.map(|dir| Program::Static {
            dir: PathBuf::from(dir),
        }));
    };
    match (admin.kind, &admin.static_dir, &admin.process) {
        (AdminKind::Static, Some(dir), _) => Ok(Some(Program::Static {
            dir: PathBuf::from(dir),
        })),
        (AdminKind::Process, _, Some(process)) if process.entry.contains('/') => {
            Ok(Some(Program::Process {
                entry: PathBuf::from(&process.entry),
                args: process.args.iter().map(|a| plain(a)).collect(),
                env: expanded(&process.env),
            }))
        }
        (AdminKind::Process, ..) => {
            let text = "`frontend.admin.process.entry` must be an executable of the bundle.";
            Err(Fault::plugin(Code::PreflightFailed, "admin_process", text))
        }
        _ => Ok(None),
    }
}

fn proxied(manifest: &Manifest) -> bool {
    let admin = manifest.frontend.admin.as_ref();
    admin.is_some_and(|a| a.kind == AdminKind::Proxy)
}

/// `runtime.env` for components; a process gets it as its own.
fn environment(manifest: &Manifest) -> BTreeMap<String, String> {
    match manifest.runtime.kind {
        RuntimeKind::Wasm => expanded(&manifest.runtime.env),
        _ => BTreeMap::new(),
    }
}

/// Values with their defaults: a plugin never reads this process's own environment.
fn expanded(env: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    env.iter().map(|(k, v)| (k.clone(), plain(v))).collect()
}

fn plain(text: &str) -> String {
    expand(text, &|_| None)
}

/// The migration a manifest declares; `None` when there is nothing this host runs. `first` says
/// that the plugin is being installed for the first time.
#[must_use]
pub fn migration(manifest: &Manifest, first: bool) -> Option<MigrationRun> {
    let declared = manifest.migrations.as_ref()?;
    let entry = declared.entry.as_ref()?;
    if manifest.runtime.kind != RuntimeKind::Process || (declared.once && !first) {
        return None;
    }
    Some(MigrationRun {
        entry: PathBuf::from(entry),
        args: declared.args.iter().map(|a| plain(a)).collect(),
        workdir: declared
            .workdir
            .as_ref()
            .map_or_else(PathBuf::new, PathBuf::from),
        // Below the limit of the state `snapshotted`.
        timeout: declared
            .timeout
            .map_or(Duration::from_secs(50), |t| t.duration())
            .min(Duration::from_secs(50)),
    })
}

/// A failed start as the install machine sees it.
#[must_use]
pub fn launch_fault(fault: &LaunchFault) -> Fault {
    if fault.is_plugins() {
        Fault::plugin(Code::PreflightFailed, fault.code(), fault.to_string())
    } else {
        Fault::infrastructure(Code::PluginUnavailable, fault.code(), fault.to_string())
    }
}

/// A failed request as the install machine sees it.
#[must_use]
pub fn run_fault(fault: &RunFault) -> Fault {
    if fault.is_plugins() {
        Fault::plugin(Code::ProbationFailed, fault.code(), fault.to_string())
    } else {
        Fault::infrastructure(Code::PluginUnavailable, fault.code(), fault.to_string())
    }
}
