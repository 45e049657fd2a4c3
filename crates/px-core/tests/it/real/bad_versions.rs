//! The bad versions of the sample with a native program and of the one with pages only: each fails in
//! its way, and the version before serves on.

use std::path::Path;
use std::time::Duration;

use http::{Method, StatusCode};
use px_testkit::engines;
use serde_json::{Value, json};

use super::notes;
use super::site::Site;

const NOTES: &str = "com.powerx.samples.notes";
const BOARD: &str = "com.powerx.samples.board";
const INSTALL: &str = "/api/v1/admin/plugins/install/url";

/// Asks for a version as soon as it is known here.
async fn order(site: &Site, token: &str, plugin: &str, version: &str, granted: &[&str]) -> Value {
    let body = json!({"pluginId": plugin, "version": version, "acknowledgeHighRisk": true,
        "acknowledgedPermissions": granted});
    site.until("the version to be synced", async || {
        let answer = site.ask(Method::POST, INSTALL, token, body.clone()).await;
        (answer.code() != "404 PX-0403").then(|| answer.json())
    })
    .await
}

async fn ended(site: &Site, token: &str, order: &Value) -> Value {
    let id = order["installJobId"].as_str();
    site.ended(id.unwrap_or_else(|| panic!("{order}")), token)
        .await
}

/// Asks the plugin until its install has ended; traffic finds what no probe does.
async fn used_until_ended(site: &Site, token: &str, order: &Value, path: &str) -> Value {
    let id = order["installJobId"].as_str().unwrap();
    let status = format!("/api/v1/admin/plugins/install/status?jobId={id}");
    site.until("the end", async || {
        for _ in 0..20 {
            site.get(path, token).await;
        }
        let view = site.get(&status, token).await.json();
        let ends = ["rolled_back", "failed"];
        ends.contains(&view["status"].as_str().unwrap())
            .then_some(view)
    })
    .await
}

/// `status code` of how an install ended.
fn end(done: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    format!(
        "{} {}",
        text(&done["status"]),
        text(&done["problem"]["code"])
    )
}

/// As an installation's setting would: dies a second after its start instead of a minute.
fn soon(folder: &Path) {
    let manifest = folder.join("plugin.yaml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    assert!(text.contains("DIES_AFTER_SECONDS:-60}"));
    let text = text.replace("DIES_AFTER_SECONDS:-60}", "DIES_AFTER_SECONDS:-1}");
    std::fs::write(&manifest, text).unwrap();
}

async fn watched(engine: px_testkit::Engine) -> Site {
    Site::started(engine, |config| {
        // Long enough for a program to die of itself, and for traffic to meet what is bad.
        config.probation.duration = Duration::from_secs(4);
        config.probation.traps = 1;
    })
    .await
}

/// Installs a version whose fault strikes by chance or by the clock. It may strike before the version
/// serves, which ends the install there; then it is asked for again.
async fn served_and_ended(
    site: &Site,
    token: &str,
    path: &str,
    version: &str,
    known: &[&str],
) -> Value {
    let mut done = Value::Null;
    for _ in 0..10 {
        let asked = order(site, token, NOTES, version, known).await;
        done = used_until_ended(site, token, &asked, path).await;
        if end(&done) != "failed PX-0413" {
            break;
        }
    }
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_programs_never_stay() {
    for engine in engines() {
        let mut site = watched(engine).await;
        let (_, token) = site.tenant("acme").await;
        let path = format!("/_p/{NOTES}/api/notes");
        let known = ["notes:note:read", "notes:note:create", "notes:note:delete"];
        for label in [
            "1.0.0",
            "1.2.0-unhealthy",
            "1.2.1-traps",
            "1.3.0-permission",
        ] {
            notes::list(&site, label, |_| {});
        }
        notes::list(&site, "1.2.2-dies", soon);
        let serves = async |version: &str| {
            let found = site.get(&path, &token).await;
            assert_eq!(found.json()["version"], version, "{}", found.body);
        };

        let asked = order(&site, &token, NOTES, "1.0.0", &known).await;
        assert_eq!(end(&ended(&site, &token, &asked).await), "committed -");
        let asked = order(&site, &token, NOTES, "1.2.0", &known).await;
        assert_eq!(end(&ended(&site, &token, &asked).await), "failed PX-0413");
        serves("1.0.0").await;
        for version in ["1.2.1", "1.2.2"] {
            let done = served_and_ended(&site, &token, &path, version, &known).await;
            assert_eq!(end(&done), "rolled_back PX-0414", "{done}");
            serves("1.0.0").await;
        }

        let asked = order(&site, &token, NOTES, "1.3.0", &known).await;
        assert_eq!(asked["code"], "PX-0407", "{asked}");
        let wanted = [known.as_slice(), &["notes:note:update"]].concat();
        let asked = order(&site, &token, NOTES, "1.3.0", &wanted).await;
        assert_eq!(end(&ended(&site, &token, &asked).await), "committed -");
        let made = site.send(Method::POST, &path, &token, "first").await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let note = format!("{path}/{}", made.json()["id"]);
        let changed = site.send(Method::PUT, &note, &token, "second").await;
        assert_eq!(changed.json()["text"], "second", "{}", changed.body);
        site.running.take().unwrap().stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_pages_never_stay() {
    for engine in engines() {
        let mut site = watched(engine).await;
        let (_, token) = site.tenant("acme").await;
        for label in ["1.0.0", "1.2.0-unhealthy", "1.3.0-permission"] {
            let sample = px_testkit::sample("board-static", label).unwrap();
            let listed = site.market.make_from(sample.path(), |_| {});
            site.market
                .tell(px_model::event_type::PLUGIN_APPROVED, &listed);
        }
        let page = format!("/_p/{BOARD}/admin/");
        let script = format!("/_p/{BOARD}/admin/save.js");
        let known = ["board:card:read"];

        let asked = order(&site, &token, BOARD, "1.0.0", &known).await;
        assert_eq!(end(&ended(&site, &token, &asked).await), "committed -");
        let asked = order(&site, &token, BOARD, "1.2.0", &known).await;
        let done = ended(&site, &token, &asked).await;
        assert_eq!(end(&done), "failed PX-0413", "{done}");
        assert_eq!(site.get(&page, &token).await.status, StatusCode::OK);
        assert_eq!(
            site.get(&script, &token).await.status,
            StatusCode::NOT_FOUND
        );

        let asked = order(&site, &token, BOARD, "1.3.0", &known).await;
        assert_eq!(asked["code"], "PX-0407", "{asked}");
        let wanted = ["board:card:read", "board:card:export"];
        let asked = order(&site, &token, BOARD, "1.3.0", &wanted).await;
        assert_eq!(end(&ended(&site, &token, &asked).await), "committed -");
        assert_eq!(site.get(&script, &token).await.status, StatusCode::OK);
        site.running.take().unwrap().stop().await;
    }
}
