//! Bundles that were changed where they lie (A19), and versions that were listed (A09, A10): bytes
//! that are not the reviewed ones are never unpacked, run or handed out as such.

use std::path::{Path, PathBuf};

use px_api::{Code, tus};
use reqwest::Method;
use serde_json::json;

use super::bundles::{Author, NOTES, Plugin};
use super::catalog::{PUBLISH, registration, sha256, version_path};
use super::install::{accepted, committed, ended, order};
use super::world::{World, go, ok};

/// Every file below `folder` whose path holds `part`.
fn find(folder: &Path, part: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(find(&path, part));
        } else if path.display().to_string().contains(part) {
            found.push(path);
        }
    }
    found
}

/// The one file of this digest in a server's store.
fn stored(w: &World, place: &str, digest: &str) -> PathBuf {
    let found = find(&w.folder().join(place), digest);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn flip(bytes: &[u8]) -> Vec<u8> {
    let mut bent = bytes.to_vec();
    let middle = bent.len() / 2;
    bent[middle] ^= 1;
    bent
}

/// The install of `plugin` ends as untrusted; tenant and operators are alerted, nothing of the
/// version is unpacked or served.
async fn refused(w: &World, case: &str, plugin: &Plugin, codes: &[Code]) {
    let job = accepted(w, "valley", &order(plugin)).await;
    let view = ended(w, "valley", &job).await;
    assert_eq!(view["status"], "failed", "{case}: {view}");
    let code = view["problem"]["code"].as_str().unwrap();
    assert!(codes.iter().any(|c| c.as_str() == code), "{case}: {view}");
    let alerts = "/api/v1/admin/alerts";
    let tenants = ok(w.core(Method::GET, alerts, &w.token("valley"))).await;
    assert!(tenants.to_string().contains(&job), "{case}: {tenants}");
    if code == Code::BundleUntrusted.as_str() {
        let told = ok(w.core(Method::GET, alerts, &w.token("ops"))).await;
        let mine = told.as_array().unwrap().iter();
        let mut mine = mine.filter(|a| a["subject"] == job.as_str());
        let critical = mine.any(|a| a["kind"] == "bundle.untrusted" && a["severity"] == "critical");
        assert!(critical, "{case}: {told}");
    }
    let installed = "/api/v1/admin/plugins/installed";
    let all = ok(w.core(Method::GET, installed, &w.token("valley"))).await;
    assert_eq!(all, json!([]), "{case}");
    let page = format!("/_p/{}/admin/", plugin.id);
    let reply = go(w.core(Method::GET, &page, &w.token("valley"))).await;
    reply.refused(case, Code::PluginNotInstalled, &plugin.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_changed_in_the_cores_cache_is_not_used() {
    let w = World::start(&[]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let plugin = Plugin::new("1.0.0");
    let bytes = author.bundle(&plugin);
    w.list(&plugin, &bytes).await;
    // The next version lies in the cache and is not unpacked anywhere.
    committed(&w, "north", &order(&plugin)).await;
    let cached = stored(&w, "core/bundles", &sha256(&bytes));
    let unpacked = w.folder().join(format!("core/installed/{NOTES}"));
    for entry in std::fs::read_dir(&unpacked).unwrap() {
        let path = entry.unwrap().path();
        let done = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        done.unwrap();
    }
    let other = author.bundle(&Plugin::new("3.0.0"));
    let untrusted = [Code::BundleUntrusted];
    for (case, changed) in [
        ("one bit", flip(&bytes)),
        ("cut", bytes[..bytes.len() / 2].to_vec()),
        ("longer", [bytes.clone(), b"more".to_vec()].concat()),
        ("another version, well signed", other),
        ("nothing", Vec::new()),
    ] {
        std::fs::write(&cached, changed).unwrap();
        refused(&w, case, &plugin, &untrusted).await;
        assert!(!cached.exists(), "{case}: it is still in the cache");
        assert_eq!(find(&unpacked, ""), [] as [PathBuf; 0], "{case}");
    }
    // What was thrown away is fetched anew.
    committed(&w, "valley", &order(&plugin)).await;
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_changed_in_the_marketplaces_store_is_not_installed() {
    let w = World::start(&[
        ("PX_INSTALL_ATTEMPTS", "2"),
        ("PX_INSTALL_RETRY_SECONDS", "0.05"),
    ])
    .await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let plugin = Plugin::new("1.0.0");
    let bytes = author.bundle(&plugin);
    w.list(&plugin, &bytes).await;
    let blob = stored(&w, "market/blobs", &sha256(&bytes));
    // The Marketplace does not serve what it did not list; what is cut there does not arrive either.
    let codes = [Code::BundleUntrusted, Code::DownloadFailed];
    for (case, changed, codes) in [
        ("one bit", flip(&bytes), &codes[1..]),
        ("cut", bytes[..bytes.len() / 2].to_vec(), &codes[..]),
        ("nothing", Vec::new(), &codes[..]),
    ] {
        std::fs::write(&blob, changed).unwrap();
        refused(&w, case, &plugin, codes).await;
        let unpacked = w.folder().join("core/installed");
        assert_eq!(find(&unpacked, NOTES), [] as [PathBuf; 0], "{case}");
        for part in find(&w.folder().join("core/bundles"), "") {
            std::fs::remove_file(part).unwrap();
        }
    }
    std::fs::write(&blob, &bytes).unwrap();
    committed(&w, "valley", &order(&plugin)).await;
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_version_takes_neither_more_nor_other_bytes() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let author = Author::register(&w, &token, 1).await;
    let plugin = Plugin::new("1.0.0");
    let bytes = author.bundle(&plugin);
    let request = registration(&plugin, &bytes);
    let made = w.register(&token, &request).await;
    let upload = made["uploadUrl"].as_str().unwrap();
    let id = w.list(&plugin, &bytes).await;
    assert_eq!(made["versionId"], id);

    let sealed = Code::WrongState;
    for (case, request) in [
        ("appended", w.patch(upload, &token, bytes.len(), b"late")),
        ("from the start", w.patch(upload, &token, 0, b"late")),
        (
            "replaced",
            w.market(Method::PUT, upload, &token).body(flip(&bytes)),
        ),
        ("dropped", w.market(Method::DELETE, upload, &token)),
        (
            "submitted again",
            w.market(Method::POST, &version_path(&id, "submit-review"), &token),
        ),
    ] {
        let before = w.marks().await;
        let reply = go(request).await;
        let fine = case == "submitted again" && reply.status < 300;
        if !fine {
            reply.refused(case, sealed, "");
        }
        assert_eq!(w.marks().await, before, "{case}");
    }
    let fresh = w
        .market(Method::POST, "/api/marketplace/uploads", &token)
        .header(tus::RESUMABLE, tus::VERSION)
        .header("upload-length", bytes.len())
        .header("upload-metadata", format!("versionId {}", base64(&id)));
    w.refuses("a new upload", fresh, sealed, "do not change any more")
        .await;

    // The number stays taken, also after the version was taken back.
    let other = author.bundle(&plugin.clone().with("assets/late.txt", b"late"));
    let mut again = registration(&plugin, &other);
    again["publishRequestId"] = json!("the same version with other bytes");
    let post = || w.market(Method::POST, PUBLISH, &token).json(&again);
    w.refuses("other bytes", post(), Code::VersionExists, "1.0.0")
        .await;
    let gone = json!({ "status": "withdrawn", "reason": "by mistake" });
    let path = version_path(&id, "status");
    ok(w.market(Method::PATCH, &path, &token).json(&gone)).await;
    w.refuses("after withdrawal", post(), Code::VersionExists, "1.0.0")
        .await;

    let path = format!("/api/marketplace/bundles/{}.pxp", sha256(&bytes));
    let token = w.local.accounts.installation_token.clone();
    let served = go(w.market(Method::GET, &path, &token)).await;
    if served.status == 200 {
        assert_eq!(sha256(&served.body), sha256(&bytes));
    } else {
        served.refused("a withdrawn bundle", Code::NotFound, "bundle");
    }
    assert_eq!(
        find(&w.folder().join("market/blobs"), &sha256(&other)).len(),
        0
    );
    w.end().await;
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
