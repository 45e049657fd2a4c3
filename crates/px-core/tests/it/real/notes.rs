//! A native program with data of its own: installed, upgraded with a migration, and put back whole
//! when a migration fails.

use std::path::Path;
use std::process::Command;

use http::{Method, StatusCode};
use px_testkit::engines;
use serde_json::{Value, json};

use super::site::Site;

const PLUGIN: &str = "com.powerx.samples.notes";
const NOTES: &str = "/_p/com.powerx.samples.notes/api/notes";

/// A migration that writes over the data and then gives up.
const DAMAGE: &str = r#"
fn main() {
    let folder = std::env::var("POWERX_DATA_DIR").expect("a data folder");
    let folder = std::path::Path::new(&folder);
    std::fs::write(folder.join("notes.tsv"), "schema 9\nruined").expect("the notes");
    std::fs::write(folder.join("more.tsv"), "left behind").expect("another file");
    std::process::exit(3);
}
"#;

fn compile(source: &Path, program: &Path) {
    let done = Command::new("rustc")
        .args([
            "--edition",
            "2024",
            "-C",
            "panic=abort",
            "-C",
            "strip=symbols",
        ])
        .args(["--crate-name", "notes", "-o"])
        .args([program, source])
        .status();
    assert!(done.unwrap().success(), "{} compiles", source.display());
}

/// Lists a version of the sample, with its program.
pub fn list(site: &Site, label: &str, change: impl FnOnce(&Path)) {
    let sample = px_testkit::sample("notes-process", label).unwrap();
    let bin = sample.path().join("backend/bin");
    std::fs::create_dir_all(&bin).unwrap();
    let source = px_testkit::samples_root().join("notes-process/source/src/main.rs");
    compile(&source, &bin.join("notes"));
    change(sample.path());
    let listed = site.market.make_from(sample.path(), |_| {});
    site.market
        .tell(px_model::event_type::PLUGIN_APPROVED, &listed);
}

/// 1.2.0: another version number, and a migration that ruins the data.
fn ruinous(folder: &Path) {
    let source = folder.join("damage.rs");
    std::fs::write(&source, DAMAGE).unwrap();
    compile(&source, &folder.join("backend/bin/damage"));
    std::fs::remove_file(&source).unwrap();
    let manifest = folder.join("plugin.yaml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let migration = "  driver: native\n  entry: backend/bin/notes\n";
    assert!(text.contains(migration));
    let text = text
        .replace("version: 1.1.0", "version: 1.2.0")
        .replace(migration, "  driver: native\n  entry: backend/bin/damage\n");
    std::fs::write(&manifest, text).unwrap();
}

async fn install(site: &Site, token: &str, version: &str) -> Value {
    let body = json!({"pluginId": PLUGIN, "version": version, "acknowledgeHighRisk": true,
        "acknowledgedPermissions": ["notes:note:read", "notes:note:create", "notes:note:delete"]});
    let id = site
        .until("the version to be synced", async || {
            let path = "/api/v1/admin/plugins/install/url";
            let answer = site.ask(Method::POST, path, token, body.clone()).await;
            if answer.code() == "404 PX-0403" {
                return None;
            }
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
            Some(answer.json()["installJobId"].as_str().unwrap().to_owned())
        })
        .await;
    site.ended(&id, token).await
}

async fn write(site: &Site, token: &str, text: &str) {
    let answer = site.send(Method::POST, NOTES, token, text).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
}

async fn read(site: &Site, token: &str) -> (String, Vec<String>) {
    let found = site.get(NOTES, token).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    let found = found.json();
    let texts = found["notes"].as_array().unwrap().iter();
    (
        found["version"].as_str().unwrap().to_owned(),
        texts
            .map(|n| n["text"].as_str().unwrap().to_owned())
            .collect(),
    )
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap_or_default())
        })
        .collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_keeps_the_notes_and_a_failed_one_leaves_them_untouched() {
    for engine in engines() {
        let site = Site::started(engine, |_| {}).await;
        let (acme, token) = site.tenant("acme").await;
        let (_, other) = site.tenant("other").await;
        list(&site, "1.0.0", |_| {});
        list(&site, "1.1.0", |_| {});
        list(&site, "1.1.0", ruinous);

        let done = install(&site, &token, "1.0.0").await;
        assert_eq!(done["status"], "committed", "{done}");
        write(&site, &token, "of the old version").await;
        let done = install(&site, &other, "1.0.0").await;
        assert_eq!(done["status"], "committed", "{done}");
        assert_eq!(read(&site, &other).await.1, Vec::<String>::new());

        let done = install(&site, &token, "1.1.0").await;
        assert_eq!(done["status"], "committed", "{done}");
        write(&site, &token, "!of the new version").await;
        let texts = vec![
            "of the new version".to_owned(),
            "of the old version".to_owned(),
        ];
        assert_eq!(
            read(&site, &token).await,
            ("1.1.0".to_owned(), texts.clone())
        );

        let plugin = PLUGIN.parse().unwrap();
        let data = px_core::jobs::layout::Layout::at(site.data()).data(acme, &plugin);
        let before = files(&data);
        assert!(
            before.iter().any(|(name, _)| name == "notes.tsv"),
            "{before:?}"
        );
        let done = install(&site, &token, "1.2.0").await;
        assert_eq!(
            (&done["status"], &done["problem"]["code"]),
            (&json!("failed"), &json!("PX-0417")),
            "{done}"
        );
        let why = done["problem"]["detail"].as_str().unwrap();
        assert!(why.contains("exit status: 3"), "{why}");
        assert_eq!(files(&data), before);
        assert_eq!(
            read(&site, &token).await,
            ("1.1.0".to_owned(), texts.clone())
        );

        // By hand, right after the failed upgrade: what was written stays, the version goes back.
        let path = "/api/v1/admin/plugins/upgrade/rollback";
        let body = json!({"pluginId": PLUGIN, "reason": "the new one is slow"});
        let answer = site.ask(Method::POST, path, &token, body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        let id = answer.json()["installJobId"].as_str().unwrap().to_owned();
        let done = site.ended(&id, &token).await;
        assert_eq!(done["status"], "rolled_back", "{done}");
        assert_eq!(read(&site, &token).await, ("1.0.0".to_owned(), texts));
        site.running.unwrap().stop().await;
    }
}
