//! Each invariant notices when it does not hold: the data of a site is broken on purpose, one thing
//! after the other, and put right again.

use std::path::{Path, PathBuf};

use px_store::vals;
use px_testkit::Engine;

use super::invariants::{everything, orphans};
use super::scene::{NOTES, Scene};

/// A statement that breaks something at a side, the one that puts it right, and a part of what must
/// be said.
struct Break(&'static str, &'static str, &'static str, &'static str);

const BREAKS: [Break; 16] = [
    Break("core", "UPDATE audit SET action = action || '?' WHERE seq = 3",
        "UPDATE audit SET action = REPLACE(action, '?', '') WHERE seq = 3", "core: the audit chain breaks"),
    Break("market", "UPDATE audit SET subject = subject || '?' WHERE seq = 2",
        "UPDATE audit SET subject = REPLACE(subject, '?', '') WHERE seq = 2", "market: the audit chain breaks"),
    Break("core", "INSERT INTO jobs (id, kind, payload, state, run_at, attempt, max_attempts, fence, created_at)
            VALUES ('?', 'test.lost', '{}', 'dead', 0, 0, 1, 0, 0)",
        "DELETE FROM jobs WHERE id = '?'", "a job test.lost is dead"),
    Break("market", "INSERT INTO jobs (id, kind, payload, state, run_at, attempt, max_attempts, fence, created_at, lease_until)
            VALUES ('?', 'test.lost', '{}', 'running', 0, 0, 1, 0, 0, 1)",
        "DELETE FROM jobs WHERE id = '?'", "a job test.lost is held by nobody"),
    Break("core", "UPDATE installs SET active = 1", "UPDATE installs SET active = 0", "is in committed"),
    Break("market", "UPDATE versions SET state = 'uploading'", "UPDATE versions SET state = 'listed'", "is uploading"),
    Break("core", "UPDATE installed SET candidate = committed", "UPDATE installed SET candidate = NULL",
        "has a candidate or is held"),
    Break("core", "UPDATE installs SET version = '9.9.9'", "UPDATE installs SET version = '1.0.0'", "history says Some(\"9.9.9\")"),
    Break("core", "UPDATE installed SET committed = REPLACE(committed, '1.0.0', '9.9.9')",
        "UPDATE installed SET committed = REPLACE(committed, '9.9.9', '1.0.0')", "9.9.9 is committed, served is"),
    Break("core", "UPDATE install_steps SET state = 'waiting' WHERE state = 'staged'",
        "UPDATE install_steps SET state = 'staged' WHERE state = 'waiting' AND seq = 5", "audit of installs"),
    Break("core", "UPDATE outbox SET subject = subject || '?' WHERE kind LIKE 'plugin.install.%'",
        "UPDATE outbox SET subject = REPLACE(subject, '?', '')", "events of installs"),
    Break("core", "UPDATE install_steps SET state = 'staged' WHERE state = 'preflight'",
        "UPDATE install_steps SET state = 'preflight' WHERE state = 'staged' AND seq = 6", "did something twice"),
    Break("market", "UPDATE timeline SET state = 'blocked' WHERE state = 'in_review'",
        "UPDATE timeline SET state = 'in_review' WHERE state = 'blocked'", "audit of versions"),
    Break("market", "UPDATE outbox SET subject = subject || '?'",
        "UPDATE outbox SET subject = REPLACE(subject, '?', '')", "events of versions"),
    Break("core", "UPDATE catalog SET state = 'withdrawn'", "UPDATE catalog SET state = 'listed'", "the core does not know"),
    Break("market", "UPDATE outcomes SET report_id = report_id || '?'",
        "UPDATE outcomes SET report_id = REPLACE(report_id, '?', '')", "was reported 0 times"),
];

async fn said(scene: &Scene) -> Vec<String> {
    everything(&scene.site, &scene.viewer()).await
}

async fn settled(scene: &Scene, after: &str) {
    let mut faults = Vec::new();
    for _ in 0..60 {
        faults = said(scene).await;
        if faults.is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    panic!("after {after}: {faults:?}");
}

fn notices(faults: &[String], word: &str, story: &str) {
    let noticed = faults.iter().any(|fault| fault.contains(word));
    assert!(noticed, "{story} is not noticed: {faults:?}");
}

async fn broken_data(scene: &Scene) {
    for Break(side, wrong, right, word) in BREAKS {
        let db = match side {
            "core" => &scene.site.core_db,
            _ => &scene.site.market_db,
        };
        db.rows(wrong, vals![]).await.unwrap();
        // The gateway sees what changed within a second.
        let mut faults = Vec::new();
        for _ in 0..20 {
            faults = said(scene).await;
            if faults.iter().any(|fault| fault.contains(word)) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        db.rows(right, vals![]).await.unwrap();
        notices(&faults, word, wrong);
        settled(scene, wrong).await;
    }
}

/// The only file of a folder whose name ends so.
fn only(folder: &Path, end: &str) -> PathBuf {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => left.push(path),
                false if path.to_string_lossy().ends_with(end) => found.push(path),
                false => {}
            }
        }
    }
    assert_eq!(found.len(), 1, "{end}: {found:?}");
    found.remove(0)
}

async fn broken_files(scene: &Scene) {
    let (core, market) = (scene.site.data("core"), scene.site.data("market"));
    for (folder, end, word) in [
        (core.join("bundles"), ".pxp", "the bundle's digest is"),
        (core.join("installed"), ".sha256", "unpacked is"),
        (
            core.join("installed"),
            "index.html",
            "the unpacked page is another one",
        ),
        (market.join("blobs/sha256"), "", "the bundle of"),
    ] {
        let file = only(&folder, end);
        let good = std::fs::read(&file).unwrap();
        std::fs::write(&file, "broken").unwrap();
        let faults = said(scene).await;
        std::fs::write(&file, good).unwrap();
        notices(&faults, word, &file.display().to_string());
        settled(scene, end).await;
    }
    for folder in [
        core.join("bundles"),
        core.join("installed").join(NOTES),
        core.join("tenants/ten_1/snapshots"),
        market.join("blobs"),
        market.join("uploads"),
        market.join("sandbox"),
        market.join("scratch"),
    ] {
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("left-behind");
        std::fs::write(&file, "x").unwrap();
        let left = orphans(&scene.site).await;
        std::fs::remove_file(&file).unwrap();
        notices(&left, "left-behind", &file.display().to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_invariant_notices_when_it_does_not_hold() {
    let scene = Scene::start(Engine::Sqlite, 1, None).await.unwrap();
    settled(&scene, "nothing").await;
    broken_data(&scene).await;
    broken_files(&scene).await;
    // The last, because nobody can put it right: a number is missing.
    let core = &scene.site.core_db;
    core.rows("DELETE FROM outbox WHERE seq = 2", vals![])
        .await
        .unwrap();
    notices(&said(&scene).await, "core: outbox has", "a missing number");
}
