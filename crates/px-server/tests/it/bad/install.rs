//! Installing what may not be installed.

use px_api::Code;
use reqwest::Method;
use serde_json::{Value, json};

use super::bundles::{Author, NOTES, Plugin};
use super::world::{World, go, ok, until};

pub const INSTALL: &str = "/api/v1/admin/plugins/install/url";
const CANCEL: &str = "/api/v1/admin/plugins/install/cancel";
const ROLLBACK: &str = "/api/v1/admin/plugins/upgrade/rollback";

/// A request for a plugin's version that grants what it asks for.
pub fn order(plugin: &Plugin) -> Value {
    json!({
        "pluginId": plugin.id,
        "version": plugin.version,
        "acknowledgedPermissions": plugin.permissions,
        "acknowledgeHighRisk": true,
    })
}

/// The end of an install.
pub async fn ended(w: &World, login: &str, job: &str) -> Value {
    let path = format!("/api/v1/admin/plugins/install/status?jobId={job}");
    let token = w.token(login);
    let last = [
        "committed",
        "failed",
        "cancelled",
        "rolled_back",
        "quarantined",
        "superseded",
    ];
    until("the install's end", async || {
        let view = ok(w.core(Method::GET, &path, &token)).await;
        last.contains(&view["status"].as_str().unwrap())
            .then_some(view)
    })
    .await
}

/// An install that is accepted; its id.
pub async fn accepted(w: &World, login: &str, order: &Value) -> String {
    let request = w.core(Method::POST, INSTALL, &w.token(login)).json(order);
    let answer = ok(request).await;
    answer["installJobId"].as_str().unwrap().to_owned()
}

/// An install that succeeds; its id.
pub async fn committed(w: &World, login: &str, order: &Value) -> String {
    let job = accepted(w, login, order).await;
    let view = ended(w, login, &job).await;
    assert_eq!(view["status"], "committed", "{view}");
    job
}

/// An install that is accepted and fails by itself with this code, leaving nothing installed.
pub async fn fails(w: &World, case: &str, order: &Value, code: Code, names: &str) {
    let job = accepted(w, "valley", order).await;
    let view = ended(w, "valley", &job).await;
    assert_eq!(view["status"], "failed", "{case}: {view}");
    assert_eq!(view["problem"]["code"], code.as_str(), "{case}: {view}");
    assert!(view.to_string().contains(names), "{case}: {view}");
    let installed = "/api/v1/admin/plugins/installed";
    let all = ok(w.core(Method::GET, installed, &w.token("valley"))).await;
    assert_eq!(all, json!([]), "{case}");
    for folder in ["core/installed", "core/bundles"] {
        for entry in std::fs::read_dir(w.folder().join(folder))
            .into_iter()
            .flatten()
        {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(!name.ends_with(".part"), "{case}: {name} stayed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_cannot_be_met_are_refused() {
    let w = World::start(&[]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let mut plugin = Plugin::new("1.0.0");
    plugin.permissions.push("notes:manage".to_owned());
    w.list(&plugin, &author.bundle(&plugin)).await;
    let good = order(&plugin);
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed
    };
    let token = w.token("north");
    let nowhere = json!("ver_00000000000000000000000000000001");
    let field = Code::InvalidField;
    let unlisted = Code::VersionNotListed;
    let ungranted = Code::PermissionsNotAcknowledged;
    let cases = [
        (
            "unknown version",
            with("version", json!("7.0.0")),
            unlisted,
            NOTES,
        ),
        (
            "unknown plugin",
            with("pluginId", json!("com.example.nothing")),
            unlisted,
            "com.example.nothing",
        ),
        (
            "unknown id",
            json!({ "versionId": nowhere }),
            unlisted,
            "ver_0",
        ),
        ("nothing named", json!({}), field, "/versionId"),
        (
            "two things named",
            with("versionId", nowhere.clone()),
            field,
            "/pluginId",
        ),
        (
            "permissions left out",
            with("acknowledgedPermissions", json!([])),
            ungranted,
            "/acknowledgedPermissions",
        ),
        (
            "one permission left out",
            with("acknowledgedPermissions", json!(["notes:read"])),
            ungranted,
            "notes:manage",
        ),
        (
            "high risk not ticked",
            with("acknowledgeHighRisk", json!(false)),
            ungranted,
            "/acknowledgeHighRisk",
        ),
        ("unknown field", with("force", json!(true)), field, "force"),
        (
            "odd version",
            with("version", json!("latest")),
            field,
            "/version",
        ),
        (
            "odd time",
            with("notBefore", json!("tomorrow")),
            field,
            "/notBefore",
        ),
    ];
    for (case, body, code, names) in cases {
        let request = w.core(Method::POST, INSTALL, &token).json(&body);
        w.refuses(case, request, code, names).await;
    }
    let long = w.core(Method::POST, INSTALL, &token).json(&good);
    let long = long.header("idempotency-key", "k".repeat(201));
    w.refuses("endless key", long, field, "Idempotency-Key")
        .await;
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_do_not_cross() {
    let w = World::start(&[]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let plugin = Plugin::new("1.0.0");
    w.list(&plugin, &author.bundle(&plugin)).await;
    let token = w.token("north");
    let post = |path: &str, body: &Value| w.core(Method::POST, path, &token).json(body);
    let cancel = |job: &str| w.core(Method::POST, &format!("{CANCEL}?jobId={job}"), &token);
    let back = json!({ "pluginId": NOTES, "reason": "It was friendlier." });
    w.refuses(
        "nothing installed",
        post(ROLLBACK, &back),
        Code::PluginNotInstalled,
        NOTES,
    )
    .await;

    let mut later = order(&plugin);
    later["notBefore"] = json!("2099-01-01T00:00:00Z");
    let waiting = accepted(&w, "north", &later).await;
    let path = format!("/api/v1/admin/plugins/install/status?jobId={waiting}");
    until("the wait", async || {
        let view = ok(w.core(Method::GET, &path, &token)).await;
        (view["status"] == "waiting").then_some(())
    })
    .await;
    let second = post(INSTALL, &order(&plugin));
    let problem = w
        .refuses("second install", second, Code::InstallBusy, &waiting)
        .await;
    assert_eq!(problem["current"]["installJobId"], waiting);
    w.refuses(
        "rollback meanwhile",
        post(ROLLBACK, &back),
        Code::InstallBusy,
        &waiting,
    )
    .await;
    ok(cancel(&waiting)).await;
    assert_eq!(ended(&w, "north", &waiting).await["status"], "cancelled");
    w.refuses(
        "cancelled twice",
        cancel(&waiting),
        Code::CannotCancel,
        "cancelled",
    )
    .await;

    let key = |body: &Value| post(INSTALL, body).header("idempotency-key", "one-click");
    let answer = ok(key(&order(&plugin))).await;
    let job = answer["installJobId"].as_str().unwrap().to_owned();
    assert_eq!(ended(&w, "north", &job).await["status"], "committed");
    assert_eq!(ok(key(&order(&plugin))).await["installJobId"], job);
    w.refuses(
        "key reused",
        key(&later),
        Code::IdempotencyReused,
        "one-click",
    )
    .await;
    w.refuses(
        "installed already",
        post(INSTALL, &order(&plugin)),
        Code::AlreadyInstalled,
        "1.0.0",
    )
    .await;
    w.refuses(
        "cancelled too late",
        cancel(&job),
        Code::CannotCancel,
        "committed",
    )
    .await;
    w.refuses(
        "no previous version",
        post(ROLLBACK, &back),
        Code::NothingToRollBack,
        "earlier",
    )
    .await;
    let silent = json!({ "pluginId": NOTES, "reason": "  " });
    w.refuses(
        "no reason",
        post(ROLLBACK, &silent),
        Code::InvalidField,
        "/reason",
    )
    .await;
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_do_not_fit_fail_without_a_trace() {
    let w = World::start(&[("MKP_SUPPORTED_CORES", "1.0.0,2.0.0")]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let base = Plugin::new("1.0.0").id("com.example.base");
    w.list(&base, &author.bundle(&base)).await;
    let mut needs = Plugin::new("1.0.0");
    needs.requires = vec!["com.example.base >=1.0.0".to_owned()];
    w.list(&needs, &author.bundle(&needs)).await;
    let mut newer = Plugin::new("1.0.0").id("com.example.newer");
    newer.cores = ">=2.0.0, <3.0.0".to_owned();
    w.list(&newer, &author.bundle(&newer)).await;
    fails(
        &w,
        "dependency",
        &order(&needs),
        Code::DependencyMissing,
        "com.example.base",
    )
    .await;
    fails(
        &w,
        "core",
        &order(&newer),
        Code::CoreIncompatible,
        "this one is 1.0.0",
    )
    .await;
    // The twin: with what it needs, it goes in.
    committed(&w, "valley", &order(&base)).await;
    committed(&w, "valley", &order(&needs)).await;
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_installing_starts_nothing() {
    let w = World::start(&[("PX_ONLINE_INSTALL", "0")]).await;
    let body = order(&Plugin::new("1.0.0"));
    let request = w.core(Method::POST, INSTALL, &w.token("north")).json(&body);
    w.refuses(
        "closed",
        request,
        Code::InstallDisabled,
        "PX_ONLINE_INSTALL",
    )
    .await;
    let path = "/_p/com.example.notes/admin/";
    let reply = go(w.core(Method::GET, path, &w.token("north"))).await;
    reply.refused("nothing to serve", Code::PluginNotInstalled, NOTES);
    w.end().await;
}
