//! Registering versions.

use px_api::Code;
use reqwest::Method;
use serde_json::{Value, json};

use super::bundles::{Author, NOTES, Plugin};
use super::catalog::{PUBLISH, registration};
use super::people;
use super::world::{World, go, ok};

fn with(request: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = request.clone();
    *changed.pointer_mut(pointer).unwrap() = value;
    changed
}

fn fresh(version: &str) -> Value {
    registration(&Plugin::new(version), b"bytes")
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused_by_field() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let good = fresh("1.0.0");
    let mut unknown = good.clone();
    unknown["color"] = json!("red");
    let mut lacking = good.clone();
    lacking.as_object_mut().unwrap().remove("version");
    let big = json!(u64::MAX >> 1);
    let cases = [
        ("unknown field", unknown, Code::InvalidField, "color"),
        ("missing field", lacking, Code::InvalidField, "version"),
        (
            "plugin id",
            with(&good, "/pluginId", json!("Not an id!")),
            Code::InvalidField,
            "/pluginId",
        ),
        (
            "plugin id with a path",
            with(&good, "/pluginId", json!("../../etc")),
            Code::InvalidField,
            "/pluginId",
        ),
        (
            "version",
            with(&good, "/version", json!("one.two")),
            Code::InvalidField,
            "/version",
        ),
        (
            "channel",
            with(&good, "/channel", json!("nightly")),
            Code::InvalidField,
            "/channel",
        ),
        (
            "digest",
            with(&good, "/artifact/sha256", json!("abc")),
            Code::InvalidField,
            "/artifact/sha256",
        ),
        (
            "no bytes",
            with(&good, "/artifact/size", json!(0)),
            Code::InvalidField,
            "/artifact/size",
        ),
        (
            "negative size",
            with(&good, "/artifact/size", json!(-1)),
            Code::InvalidField,
            "/artifact/size",
        ),
        (
            "size beyond the limit",
            with(&good, "/artifact/size", big),
            Code::TooLarge,
            "limit",
        ),
        (
            "no notes",
            with(&good, "/notes", json!(" ")),
            Code::InvalidField,
            "/notes",
        ),
        (
            "endless notes",
            with(&good, "/notes", json!("n".repeat(70_000))),
            Code::InvalidField,
            "/notes",
        ),
        (
            "permission",
            with(&good, "/permissions", json!(["all of them"])),
            Code::InvalidField,
            "/permissions",
        ),
        (
            "dependency",
            with(&good, "/dependencies", json!(["?"])),
            Code::InvalidField,
            "/dependencies",
        ),
        (
            "request id",
            with(&good, "/publishRequestId", json!("")),
            Code::InvalidField,
            "/publishRequestId",
        ),
    ];
    for (case, body, code, names) in cases {
        let request = w.market(Method::POST, PUBLISH, &token).json(&body);
        w.refuses(case, request, code, names).await;
    }
    unreadable(&w, &token).await;
    w.end().await;
}

/// Bodies that are not JSON at all.
async fn unreadable(w: &World, token: &str) {
    let post = |kind: &str, body: Vec<u8>| {
        let request = w.market(Method::POST, PUBLISH, token);
        request.header("content-type", kind).body(body)
    };
    let json = "application/json";
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let twice = r#"{"version":"1.0.0","version":"2.0.0"}"#;
    for (case, body, names) in [
        (
            "cut off",
            b"{\"pluginId\": \"com.exa".to_vec(),
            "line 1 column",
        ),
        ("nothing", Vec::new(), "not JSON"),
        (
            "not UTF-8",
            b"{\"pluginId\": \"\xff\xfe\"}".to_vec(),
            "not JSON",
        ),
        ("two documents", b"{} {}".to_vec(), ""),
    ] {
        let problem = go(post(json, body)).await;
        let code = problem.json()["code"].clone();
        let fits = code == "PX-0004" || code == "PX-0005";
        assert!(fits, "{case}: {}", problem.text());
        assert!(problem.text().contains(names), "{case}: {}", problem.text());
    }
    let kind = post("text/plain", b"{}".to_vec());
    w.refuses(
        "content type",
        kind,
        Code::UnsupportedMedia,
        "application/json",
    )
    .await;
    let nested = go(post(json, deep.into_bytes())).await;
    assert!([400, 422].contains(&nested.status), "{}", nested.text());
    let doubled = post(json, twice.as_bytes().to_vec());
    w.refuses("a field twice", doubled, Code::InvalidField, "version")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_names_are_taken_once() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let author = Author::register(&w, &token, 1).await;
    let plugin = Plugin::new("1.1.0");
    let bytes = author.bundle(&plugin);
    w.list(&plugin, &bytes).await;
    let post = |body: &Value| w.market(Method::POST, PUBLISH, &token).json(body);

    let older = fresh("1.0.9");
    w.refuses("not newer", post(&older), Code::VersionNotNewer, "1.1.0")
        .await;
    let mut other = fresh("1.1.0");
    other["publishRequestId"] = json!("another one");
    w.refuses(
        "same version, other bytes",
        post(&other),
        Code::VersionExists,
        "listed",
    )
    .await;
    let mut same = registration(&plugin, &bytes);
    same["publishRequestId"] = json!("yet another one");
    w.refuses(
        "same version, same bytes",
        post(&same),
        Code::VersionExists,
        "listed",
    )
    .await;
    let mut reused = registration(&plugin, &bytes);
    reused["notes"] = json!("Other notes.");
    let key = reused["publishRequestId"].as_str().unwrap().to_owned();
    w.refuses(
        "request id reused",
        post(&reused),
        Code::IdempotencyReused,
        &key,
    )
    .await;

    // The same request again is the same version, and no second one.
    let before = w.marks().await;
    let again = ok(post(&registration(&plugin, &bytes))).await;
    assert!(again["versionId"].is_string());
    assert_eq!(w.marks().await, before);

    let db = w.market_db().await;
    let (_, stranger) = people::publisher(&db, "stranger").await;
    let mut foreign = fresh("9.0.0");
    foreign["publishRequestId"] = json!("stranger's");
    let request = w
        .market(Method::POST, PUBLISH, &stranger.token)
        .json(&foreign);
    w.refuses("foreign plugin", request, Code::PluginOwned, "/pluginId")
        .await;
    // The number stays free for its owner.
    let request = w.market(
        Method::GET,
        &format!("/api/marketplace/plugins/{NOTES}/versions"),
        "",
    );
    assert!(!ok(request).await.to_string().contains("9.0.0"));
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_publishing_registers_nothing() {
    let w = World::start(&[("PX_MARKET_PUBLISH_ENABLED", "0")]).await;
    let token = w.token("publisher");
    let request = w
        .market(Method::POST, PUBLISH, &token)
        .json(&fresh("1.0.0"));
    w.refuses(
        "closed",
        request,
        Code::PublishDisabled,
        "nothing was registered",
    )
    .await;
    w.end().await;
}
