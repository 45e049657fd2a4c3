//! CMP-04 in the real sandbox.

use crate::context::publisher;
use crate::plugin::{MANIFEST, found, repository};
use px_model::TenantId;
use px_package::manifest::{Manifest, parse_manifest};
use px_review::{
    CheckId, CheckResult, Outcome, Policy, Report, RunOptions, SubjectFacts, SubjectKind,
    compatibility_run, sandbox_engine,
};
use px_runtime::{Host, HostConfig, Limits};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn manifest(text: &str) -> Manifest {
    let outcome = parse_manifest(text);
    outcome
        .manifest
        .unwrap_or_else(|| panic!("{:?}", outcome.issues))
}

async fn run(root: &Path, manifest: &Manifest) -> (Vec<CheckResult>, String) {
    let work = tempfile::tempdir().unwrap();
    let clock = Arc::new(|| std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000));
    let host = Host::new(HostConfig::new(work.path().join("cache"), clock)).unwrap();
    let options = RunOptions {
        tenant: TenantId::from_uuid(publisher(3).uuid()),
        ctx_secret: "for this run".to_owned(),
        work_dir: work.path().to_owned(),
        cores: vec!["0.1.0".parse().unwrap(), "2.0.0".parse().unwrap()],
        limits: Limits {
            start_timeout: Duration::from_secs(2),
            ..Limits::default()
        },
    };
    let results = compatibility_run(&host, root, manifest, &options).await;
    let subject = SubjectFacts {
        kind: SubjectKind::Bundle,
        plugin: None,
        version: None,
        digest: None,
        size: None,
        files: 0,
    };
    let report = Report::new(
        subject,
        vec![sandbox_engine(&host)],
        results.clone(),
        &Policy::marketplace(),
    );
    let seen: Vec<_> = found(&report, CheckId::Cmp04)
        .iter()
        .map(|f| f.seen.clone())
        .collect();
    (results, seen.join("\n"))
}

fn wasm(smoke: &str) -> Manifest {
    let text = MANIFEST.replace(
        "kind: static\nfrontend",
        "kind: wasm\n  entry: backend/greeter.wasm\nfrontend",
    );
    manifest(&format!("{text}smoke:\n{smoke}"))
}

#[tokio::test]
async fn a_real_component_starts_answers_and_stops() {
    let root = repository().join("samples/hello-wasm/base");
    let (results, seen) = run(&root, &wasm("  - path: /healthz\n")).await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].outcome, Outcome::Pass, "{seen}");
}

#[tokio::test]
async fn a_smoke_request_that_is_answered_otherwise_is_found_on_the_core_in_range() {
    let root = repository().join("samples/hello-wasm/base");
    let (_, seen) = run(
        &root,
        &wasm("  - path: /no/such/path\n    expect_status: 204\n"),
    )
    .await;
    assert!(
        seen.starts_with("on core 0.1.0: `GET /no/such/path` was answered with"),
        "{seen}"
    );
    assert!(!seen.contains("2.0.0"));
}

#[tokio::test]
async fn a_plugin_that_does_not_become_healthy_is_named_and_a_missing_file_too() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("backend")).unwrap();
    let trap = "(component (core module $m (func (export \"f\") unreachable)))";
    std::fs::write(
        dir.path().join("backend/greeter.wasm"),
        wat::parse_str(trap).unwrap(),
    )
    .unwrap();
    let (_, seen) = run(dir.path(), &wasm("  - path: /\n")).await;
    assert!(seen.contains("it did not start"), "{seen}");
    let empty = tempfile::tempdir().unwrap();
    let (_, seen) = run(empty.path(), &wasm("  - path: /\n")).await;
    assert!(seen.contains("cannot be read"), "{seen}");
}

#[tokio::test]
async fn static_and_remote_plugins() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("web-admin")).unwrap();
    std::fs::write(dir.path().join("web-admin/index.html"), "<title>x</title>").unwrap();
    let (results, seen) = run(dir.path(), &manifest(MANIFEST)).await;
    assert_eq!(results[0].outcome, Outcome::Pass, "{seen}");
    let remote = MANIFEST.replace(
        "kind: static\nfrontend",
        "kind: remote\n  entry: https://example.com/api\nfrontend",
    );
    let (results, _) = run(dir.path(), &manifest(&remote)).await;
    assert!(matches!(results[0].outcome, Outcome::NotRun { .. }));
}
