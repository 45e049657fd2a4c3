//! The compatibility run (CMP-04): the plugin is started as an installation would, asked, and stopped.

use crate::catalogue::CheckId;
use crate::report::{CheckResult, Engine, Finding};
use crate::sink::Sink;
use http_body_util::BodyExt as _;
use px_model::{TenantId, Version};
use px_package::manifest::{Manifest, Migrations, RuntimeKind, SmokeRequest, expand};
use px_runtime::{
    CtxSecret, Host, Instance, LaunchSpec, Limits, MigrationFault, MigrationRun, Program, empty,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::timeout;

/// Longest answer to a smoke request that is read, in bytes; more is a fault.
const MAX_ANSWER: usize = 16 << 20;
/// A stop that takes this much longer than its limit has not worked.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// Longest migration when the manifest names no limit.
const MIGRATION: Duration = Duration::from_secs(60);

/// What a run needs besides the plugin.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Tenant the plugin is told it runs for; not a real one.
    pub tenant: TenantId,
    /// Key of the identity header, for this run only.
    pub ctx_secret: String,
    /// Empty folder that the caller removes afterwards; each core gets a folder in it.
    pub work_dir: PathBuf,
    /// Cores to run for; those outside the plugin's range are left out.
    pub cores: Vec<Version>,
    /// Limits of the run.
    pub limits: Limits,
}

/// How reports name the sandbox.
#[must_use]
pub fn sandbox_engine(host: &Host) -> Engine {
    let report = host.sandbox_report();
    Engine {
        name: "px-runtime".to_owned(),
        version: format!(
            "{} ({})",
            env!("CARGO_PKG_VERSION"),
            report.in_force.join(", ")
        ),
        rules: None,
    }
}

/// Runs the plugin unpacked in `unpacked` once for every core in its range. The result holds CMP-04 alone.
///
/// What the plugin does wrong is a finding; what this machine cannot do is `EngineFailed`.
pub async fn compatibility_run(
    host: &Host,
    unpacked: &Path,
    manifest: &Manifest,
    options: &RunOptions,
) -> Vec<CheckResult> {
    let mut sink = Sink::default();
    if manifest.runtime.kind == RuntimeKind::Remote {
        sink.not_applicable(CheckId::Cmp04, "the plugin runs somewhere else");
    } else {
        let range = manifest.corex_version.as_ref();
        let cores: Vec<_> = options
            .cores
            .iter()
            .filter(|c| range.is_none_or(|r| r.contains(c)))
            .collect();
        if cores.is_empty() {
            sink.not_applicable(CheckId::Cmp04, "no supported core is in the plugin's range");
        }
        for (number, core) in cores.into_iter().enumerate() {
            let data = options.work_dir.join(number.to_string());
            match launch_spec(unpacked, manifest, options, core, data) {
                Ok(spec) => run(host, manifest, spec, core, &mut sink).await,
                Err(finding) => sink.add(*finding),
            }
        }
    }
    let mut results = sink.finish();
    results.retain(|r| r.check == CheckId::Cmp04);
    results
}

fn finding(core: &Version, seen: impl std::fmt::Display, remedy: &str, field: &str) -> Finding {
    Finding::new(CheckId::Cmp04, format!("on core {core}: {seen}"), remedy).in_field(field)
}

fn launch_spec(
    unpacked: &Path,
    manifest: &Manifest,
    options: &RunOptions,
    core: &Version,
    data: PathBuf,
) -> Result<LaunchSpec, Box<Finding>> {
    let lost = |field: &str| {
        Box::new(finding(
            core,
            format!("`{field}` is not set"),
            "name what is to be run",
            field,
        ))
    };
    let entry = || {
        manifest
            .runtime
            .entry
            .as_deref()
            .map(PathBuf::from)
            .ok_or_else(|| lost("runtime.entry"))
    };
    let program = match manifest.runtime.kind {
        RuntimeKind::Wasm => Program::Wasm {
            component: entry()?,
        },
        RuntimeKind::Static => {
            let dir = manifest
                .static_dir()
                .ok_or_else(|| lost("frontend.admin.static_dir"))?;
            Program::Static {
                dir: PathBuf::from(dir),
            }
        }
        RuntimeKind::Process | RuntimeKind::Remote => Program::Process {
            entry: entry()?,
            args: manifest.runtime.args.clone(),
            env: BTreeMap::new(),
        },
    };
    Ok(LaunchSpec {
        tenant: options.tenant,
        plugin: manifest.id.clone(),
        version: manifest.version.clone(),
        root: unpacked.to_owned(),
        data_dir: data,
        program,
        granted: manifest.permissions.clone(),
        limits: options.limits.clone(),
        base_path: manifest
            .endpoints
            .http_base_path
            .clone()
            .unwrap_or_default(),
        health_path: manifest.health_path(),
        config: environment(manifest, core),
        ctx_secret: CtxSecret::new(&options.ctx_secret),
    })
}

/// `runtime.env` with its defaults: nothing of this machine's environment is shown to the plugin.
fn environment(manifest: &Manifest, core: &Version) -> BTreeMap<String, String> {
    let declared = &manifest.runtime.env;
    let mut all: BTreeMap<_, _> = declared
        .iter()
        .map(|(k, v)| (k.clone(), expand(v, &|_| None)))
        .collect();
    all.insert("POWERX_CORE_VERSION".to_owned(), core.to_string());
    all
}

async fn run(host: &Host, manifest: &Manifest, spec: LaunchSpec, core: &Version, sink: &mut Sink) {
    sink.ran(CheckId::Cmp04);
    if let Some(migrations) = &manifest.migrations
        && !migrate(host, migrations, &spec, core, sink).await
    {
        return;
    }
    let stop_limit = spec.limits.stop_timeout;
    let base = spec.base_path.clone();
    let instance = match host.launch(spec).await {
        Ok(instance) => instance,
        Err(fault) if fault.is_plugins() => {
            let remedy = "run the plugin the same way on your machine, and see that its health path answers 2xx";
            return sink.add(finding(
                core,
                format!("it did not start: {fault}"),
                remedy,
                "runtime.health.http",
            ));
        }
        Err(fault) => return sink.failed(CheckId::Cmp04, fault.to_string()),
    };
    for request in &manifest.smoke {
        smoke(&instance, &base, request, core, sink).await;
    }
    if timeout(stop_limit + STOP_GRACE, instance.stop())
        .await
        .is_err()
    {
        let seen = format!("it did not stop within {} s", stop_limit.as_secs());
        sink.add(finding(
            core,
            seen,
            "end when asked to by SIGTERM",
            "runtime.entry",
        ));
    }
}

/// Runs the migration program of a process plugin; false when it is of no use to go on.
async fn migrate(
    host: &Host,
    migrations: &Migrations,
    spec: &LaunchSpec,
    core: &Version,
    sink: &mut Sink,
) -> bool {
    let Some(entry) = migrations.entry.as_deref() else {
        return true;
    };
    if !matches!(spec.program, Program::Process { .. })
        || migrations.driver.as_deref() == Some("sql")
    {
        return true;
    }
    let run = MigrationRun {
        entry: PathBuf::from(entry),
        args: migrations.args.clone(),
        workdir: migrations
            .workdir
            .as_deref()
            .map_or_else(|| PathBuf::from("."), PathBuf::from),
        timeout: migrations
            .timeout
            .map_or(MIGRATION, px_package::manifest::Period::duration),
    };
    match host.run_migration(spec, &run).await {
        Ok(_) => true,
        Err(MigrationFault::Launch(fault)) if !fault.is_plugins() => {
            sink.failed(CheckId::Cmp04, fault.to_string());
            false
        }
        Err(fault) => {
            let remedy = "run the migration on an empty folder and mend what it says";
            sink.add(finding(
                core,
                format!("its migration failed: {fault}{}", said(&fault)),
                remedy,
                "migrations.entry",
            ));
            false
        }
    }
}

/// The last line that a migration wrote.
fn said(fault: &MigrationFault) -> String {
    match fault {
        MigrationFault::Timeout { log, .. } | MigrationFault::Failed { log, .. } => log
            .lines
            .last()
            .map_or_else(String::new, |line| format!("; it said: {}", line.text)),
        MigrationFault::Launch(_) => String::new(),
    }
}

async fn smoke(
    instance: &Instance,
    base: &str,
    smoke: &SmokeRequest,
    core: &Version,
    sink: &mut Sink,
) {
    let label = format!("{} {}", smoke.method, smoke.path);
    let path = px_runtime::join_base_path(base, &smoke.path);
    let request = http::Request::builder()
        .method(smoke.method.as_str())
        .uri(&path)
        .header("host", "plugin")
        .body(empty());
    let Ok(request) = request else {
        let seen = format!("`{label}` is not a request");
        return sink.add(finding(core, seen, "mend its method or path", "smoke"));
    };
    let seen = match instance.handle(request).await {
        Ok(response) => {
            let status = response.status().as_u16();
            let read = http_body_util::Limited::new(response.into_body(), MAX_ANSWER)
                .collect()
                .await;
            match read {
                Err(error) => format!("the answer to `{label}` broke off: {error}"),
                Ok(_) if status == smoke.expect_status => return,
                Ok(_) => format!(
                    "`{label}` was answered with {status}, {} is declared",
                    smoke.expect_status
                ),
            }
        }
        Err(fault) if fault.is_plugins() => format!("`{label}` was not answered: {fault}"),
        Err(fault) => return sink.failed(CheckId::Cmp04, fault.to_string()),
    };
    sink.add(finding(
        core,
        seen,
        "mend the handler, or the declared request",
        "smoke",
    ));
}
