//! The sample plugins as they are put together for an author, run as an installation would.

use crate::fixture::{Bench, get, text};
use px_runtime::{Instance, LaunchSpec, MigrationRun, Program, empty, full, join_base_path};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// `samples/build.sh SAMPLE LABEL` into a folder of its own.
fn build(bench: &Bench, sample: &str, label: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/build.sh");
    let out = bench.path(&format!("{sample}-{label}"));
    let status = Command::new("sh")
        .arg(script)
        .args([sample, label])
        .arg(&out)
        .status();
    assert!(status.unwrap().success());
    out
}

/// Notes `label` with the environment of its manifest, on the data all versions share.
fn notes(bench: &Bench, label: &str, schema: &str, fault: &[(&str, &str)]) -> LaunchSpec {
    let root = build(bench, "notes-process", label);
    let env = [("NOTES_SCHEMA", schema)]
        .into_iter()
        .chain(fault.iter().copied());
    let env: BTreeMap<_, _> = env.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let manifest = std::fs::read_to_string(root.join("plugin.yaml")).unwrap();
    for name in env.keys() {
        assert!(
            manifest.contains(&format!("    {name}: ")),
            "{name} in {label}"
        );
    }
    let mut spec = bench.spec(Program::Process {
        entry: "backend/bin/notes".into(),
        args: Vec::new(),
        env,
    });
    spec.root = root;
    spec.version = label.split('-').next().unwrap().parse().unwrap();
    spec
}

async fn list(instance: &Instance) -> String {
    let path = join_base_path(&instance.spec().base_path, "/notes");
    text(instance.handle(get(&path)).await.unwrap()).await
}

async fn add(instance: &Instance, note: &str) -> u16 {
    let request = http::Request::post("/api/v1/notes").body(full(note.to_owned()));
    instance
        .handle(request.unwrap())
        .await
        .unwrap()
        .status()
        .as_u16()
}

#[tokio::test]
async fn notes_survive_an_upgrade_and_its_way_back() {
    let bench = Bench::new();
    let old = notes(&bench, "1.0.0", "1", &[]);
    let instance = bench.host.launch(old.clone()).await.unwrap();
    assert_eq!(add(&instance, "of the old version").await, 201);
    instance.stop().await;

    let new = notes(&bench, "1.1.0", "2", &[]);
    let run = MigrationRun {
        entry: "backend/bin/notes".into(),
        args: vec!["migrate".to_owned()],
        workdir: "backend".into(),
        timeout: Duration::from_secs(60),
    };
    let log = bench.host.run_migration(&new, &run).await.unwrap();
    assert_eq!(log.lines[0].text, "1 notes from schema 1 to schema 2");
    let instance = bench.host.launch(new).await.unwrap();
    assert_eq!(add(&instance, "!of the new version").await, 201);
    let found = list(&instance).await;
    assert!(
        found.starts_with(
            r#"{"notes":[{"id":2,"text":"of the new version","pinned":true},{"id":1,"text":"of the old version","pinned":false}],"version":"1.1.0""#
        ),
        "{found}"
    );
    let delete = http::Request::delete("/api/v1/notes/1")
        .body(empty())
        .unwrap();
    assert_eq!(instance.handle(delete).await.unwrap().status(), 200);
    instance.stop().await;

    let instance = bench.host.launch(old).await.unwrap();
    let found = list(&instance).await;
    assert!(
        found.contains("of the new version") && found.contains("1.0.0"),
        "{found}"
    );
    instance.stop().await;
}

#[tokio::test]
async fn the_bad_notes_die_by_themselves() {
    let bench = Bench::new();
    let fault = [("FAULT", "dies"), ("DIES_AFTER_SECONDS", "0")];
    let spec = notes(&bench, "1.2.2-dies", "2", &fault);
    match bench.host.launch(spec).await {
        // It may have answered its health check before it died.
        Ok(instance) => {
            for _ in 0..1000 {
                if instance.stats().crashes > 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let crash = instance.stats().last_crash.unwrap();
            assert!(crash.message.contains("exit status: 70"), "{crash:?}");
            instance.stop().await;
        }
        Err(fault) => assert!(fault.to_string().contains("exit status: 70"), "{fault}"),
    }
}

#[tokio::test]
async fn the_unhealthy_notes_say_so() {
    let bench = Bench::new();
    let fault = [("FAULT", "unhealthy")];
    let mut spec = notes(&bench, "1.2.0-unhealthy", "2", &fault);
    spec.limits.start_timeout = Duration::from_secs(2);
    let fault = bench.host.launch(spec).await.err().unwrap().to_string();
    assert!(fault.contains("503"), "{fault}");
}

#[tokio::test]
async fn the_board_is_served_whole() {
    let bench = Bench::new();
    for label in ["1.0.0", "1.1.0", "1.3.0-permission"] {
        let dir = "web-admin/dist".into();
        let mut spec = bench.spec(Program::Static { dir });
        spec.root = build(&bench, "board-static", label);
        let instance = bench.host.launch(spec).await.unwrap();
        let page = text(instance.handle(get("/")).await.unwrap()).await;
        let mut named = 0;
        for part in page
            .split(['"'])
            .filter(|part| !part.contains(['<', ' ', '=']))
        {
            if part.ends_with(".js") || part.ends_with(".css") || part.ends_with(".svg") {
                let found = instance.handle(get(&format!("/{part}"))).await.unwrap();
                assert_eq!(found.status(), 200, "{part} of {label}");
                named += 1;
            }
        }
        assert!(named >= 4, "{named} files of {label}");
    }
}

#[tokio::test]
async fn pages_without_a_first_one_do_not_start() {
    let bench = Bench::new();
    let dir = "web-admin/build".into();
    let mut spec = bench.spec(Program::Static { dir });
    spec.root = build(&bench, "board-static", "1.2.0-unhealthy");
    let fault = bench.host.launch(spec).await.err().unwrap().to_string();
    assert!(fault.contains("index.html"), "{fault}");
}

#[test]
fn every_version_of_the_greeter_has_what_it_names() {
    let bench = Bench::new();
    let versions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/hello-wasm/versions");
    let mut components = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(versions).unwrap() {
        let label = entry.unwrap().file_name().into_string().unwrap();
        let folder = build(&bench, "hello-wasm", &label);
        let manifest = std::fs::read_to_string(folder.join("plugin.yaml")).unwrap();
        let version = label.split('-').next().unwrap();
        assert!(manifest.contains(&format!("\nversion: {version}\n")));
        let changelog = std::fs::read_to_string(folder.join("CHANGELOG.md")).unwrap();
        assert!(changelog.contains(&format!("\n## {version}\n")));
        for file in [
            "LICENSE",
            "README.md",
            "assets/icon.svg",
            "reports/lcov.info",
        ] {
            assert!(folder.join(file).is_file(), "{file}");
        }
        let component = std::fs::read(folder.join("backend/greeter.wasm")).unwrap();
        assert!(component.len() < 100_000);
        components.insert(component);
    }
    assert_eq!(
        components.len(),
        2,
        "one component, and one that may ask others"
    );
}
