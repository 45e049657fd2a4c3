//! The API as clients meet it.

use axum::body::Body;
use base64::Engine as _;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use px_api::tus;
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::bundles::{NOTES, Signer, registration};
use crate::site::{Answer, Site, ask};
use crate::world::{World, on_every_engine, start_of_time};

async fn chunk(site: &Site, url: &str, token: &str, offset: usize, bytes: &[u8]) -> Answer {
    let sum = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(bytes));
    let (offset, sum) = (offset.to_string(), format!("sha256 {sum}"));
    let fields = [
        ("tus-resumable", "1.0.0"),
        ("content-type", tus::OFFSET_STREAM),
        (tus::OFFSET, offset.as_str()),
        (tus::CHECKSUM, sum.as_str()),
    ];
    site.send(
        ask(Method::PATCH, url, token, &fields)
            .body(Body::from(bytes.to_vec()))
            .unwrap(),
    )
    .await
}

/// Publishes, uploads in two chunks and submits; answers the version's id.
async fn submitted(site: &Site, token: &str, request: &Value, bytes: &[u8]) -> String {
    let made = site
        .json(
            Method::POST,
            "/api/marketplace/plugins/publish",
            token,
            request,
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    let made = made.json();
    let url = made["uploadUrl"].as_str().unwrap();
    let half = bytes.len() / 2;
    let first = chunk(site, url, token, 0, &bytes[..half]).await;
    assert_eq!(
        (first.status, first.header(tus::OFFSET)),
        (StatusCode::NO_CONTENT, half.to_string().as_str())
    );
    let head = site
        .send(
            ask(Method::HEAD, url, token, &[])
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(head.header(tus::OFFSET), half.to_string());
    assert_eq!(head.header(tus::LENGTH), bytes.len().to_string());
    assert!(
        head.header(tus::EXPIRES).ends_with("GMT"),
        "{}",
        head.header(tus::EXPIRES)
    );
    assert_eq!(head.header("cache-control"), "no-store");
    let wrong = chunk(site, url, token, 1, b"x").await;
    assert_eq!(
        (wrong.status, wrong.json()["current"]["offset"].as_u64()),
        (StatusCode::CONFLICT, Some(half as u64))
    );
    chunk(site, url, token, half, &bytes[half..]).await;
    let version = made["versionId"].as_str().unwrap().to_owned();
    let path = format!("/api/marketplace/plugins/{version}/submit-review");
    let sent = site.json(Method::POST, &path, token, &json!({})).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED);
    version
}

#[tokio::test]
async fn a_version_goes_from_its_author_to_everybody() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let signer = Signer::register(&w, &ada).await;
        let bytes = signer.bundle("1.2.0", start_of_time(), &[]);
        let site = Site::new(w).await;
        let author = site.publisher_token("ada", ada.publisher).await;
        let running = site.w.work();
        let request = serde_json::to_value(registration("1", "1.2.0", &bytes)).unwrap();
        let version = submitted(&site, &author, &request, &bytes).await;
        site.w.settled(version.parse().unwrap()).await;

        let reviewer = site.reviewer_token("eve").await;
        let queue = site.get("/api/marketplace/reviews", &reviewer).await.json();
        assert_eq!(queue[0]["versionId"], version);
        let claim_path = format!("/api/marketplace/plugins/{version}/review/claim");
        let claim = site
            .json(Method::POST, &claim_path, &reviewer, &json!({}))
            .await
            .json();
        let review = format!("/api/marketplace/plugins/{version}/review");
        let approve =
            json!({ "decision": "approve", "notes": "fine", "claimToken": claim["claimToken"] });
        let decided = site.json(Method::PATCH, &review, &reviewer, &approve).await;
        assert_eq!(decided.json()["state"], "listed", "{}", decided.json());
        let report = site
            .get(
                &format!("/api/marketplace/plugins/{version}/report"),
                &author,
            )
            .await;
        assert_eq!(report.json()["verdict"]["status"], "clean");

        let found = site
            .get("/api/marketplace/plugins?q=notes&limit=1", "")
            .await
            .json();
        assert_eq!(
            (found["total"].as_u64(), found["next"].is_null()),
            (Some(1), true)
        );
        let versions = site
            .get(&format!("/api/marketplace/plugins/{NOTES}/versions"), "")
            .await
            .json();
        downloads(&site, versions[0]["bundleUrl"].as_str().unwrap(), &bytes).await;
        follows(&site, &version).await;
        running.stop().await;
    })
    .await;
}

async fn downloads(site: &Site, url: &str, bytes: &[u8]) {
    let whole = site.get(url, "").await;
    assert_eq!(
        (whole.status, whole.bytes.as_slice()),
        (StatusCode::OK, bytes)
    );
    let etag = whole.header("etag").to_owned();
    let ranged = |fields: Vec<(&'static str, String)>| async move {
        let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        site.send(
            ask(Method::GET, url, "", &fields)
                .body(Body::empty())
                .unwrap(),
        )
        .await
    };
    let part = ranged(vec![
        ("range", "bytes=10-19".into()),
        ("if-range", etag.clone()),
    ])
    .await;
    assert_eq!(
        (part.status, part.bytes.as_slice()),
        (StatusCode::PARTIAL_CONTENT, &bytes[10..20])
    );
    assert_eq!(
        part.header("content-range"),
        format!("bytes 10-19/{}", bytes.len())
    );
    let other = ranged(vec![
        ("range", "bytes=10-19".into()),
        ("if-range", "\"x\"".into()),
    ])
    .await;
    assert_eq!(
        (other.status, other.bytes.len()),
        (StatusCode::OK, bytes.len())
    );
    let beyond = ranged(vec![("range", format!("bytes={}-", bytes.len()))]).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let same = ranged(vec![
        ("if-none-match", etag),
        ("accept-encoding", "gzip".into()),
    ])
    .await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
    let zipped = ranged(vec![("accept-encoding", "gzip".into())]).await;
    assert_eq!(zipped.bytes, bytes);
    let unknown = format!("/api/marketplace/bundles/{}.pxp", "0".repeat(64));
    assert_eq!(site.get(&unknown, "").await.status, StatusCode::NOT_FOUND);
}

async fn follows(site: &Site, version: &str) {
    let core = site.installation_token("core").await;
    let page = site
        .get("/api/marketplace/events?after=0&limit=2", &core)
        .await
        .json();
    assert_eq!(page["next"], 2);
    assert_eq!(page["events"][0]["data"], json!({ "withheld": true }));
    assert_eq!(page["events"][1]["subject"], version);
    let fields = [("accept", "text/event-stream"), ("last-event-id", "2")];
    let request = ask(Method::GET, "/api/marketplace/events", &core, &fields)
        .body(Body::empty())
        .unwrap();
    let mut body = site.open(request).await.into_body();
    let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let text = String::from_utf8(frame.to_vec()).unwrap();
    assert!(
        text.contains("plugin.publish.approved") && text.contains("id: 3"),
        "{text}"
    );
    let one = site
        .get(&format!("/api/marketplace/versions/{version}"), "")
        .await
        .json();
    assert_eq!(one["kind"], "static");
}

#[tokio::test]
async fn an_author_follows_a_version_live() {
    let w = World::new(None, |_| {}).await;
    let ada = w.publisher("ada").await;
    let site = Site::new(w).await;
    let author = site.publisher_token("ada", ada.publisher).await;
    let made = site
        .w
        .market
        .publish(&ada, &registration("1", "1.0.0", b"bytes"))
        .await
        .unwrap();
    let path = format!("/api/marketplace/plugins/{}/review/stream", made.version_id);
    let fields = [("accept", "text/event-stream")];
    let request = ask(Method::GET, &path, &author, &fields)
        .body(Body::empty())
        .unwrap();
    let mut body = site.open(request).await.into_body();
    let mut states = vec![];
    let patch = px_api::market::StatusPatch {
        status: px_model::VersionState::Withdrawn,
        reason: "a mistake".to_owned(),
    };
    while let Some(frame) = body.frame().await {
        let text = String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap();
        let data = text.lines().find_map(|l| l.strip_prefix("data: ")).unwrap();
        let view: Value = serde_json::from_str(data).unwrap();
        states.push(view["state"].as_str().unwrap().to_owned());
        if states.len() == 1 {
            site.w
                .market
                .withdraw(&ada, made.version_id, &patch)
                .await
                .unwrap();
        }
    }
    assert_eq!(states, ["draft", "withdrawn"]);
}

#[tokio::test]
async fn uploads_speak_tus() {
    let w = World::new(None, |_| {}).await;
    let ada = w.publisher("ada").await;
    let site = Site::new(w).await;
    let author = site.publisher_token("ada", ada.publisher).await;
    let offer = site
        .send(
            ask(Method::OPTIONS, "/api/marketplace/uploads", "", &[])
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(offer.status, StatusCode::NO_CONTENT);
    assert_eq!(offer.header("tus-version"), "1.0.0");
    assert_eq!(offer.header("tus-extension"), tus::EXTENSIONS);
    let made = site
        .w
        .market
        .publish(&ada, &registration("1", "1.0.0", b"0123456789"))
        .await
        .unwrap();
    let url = made.upload_url.as_str();
    let send = |method: Method, fields: Vec<(&'static str, &'static str)>, body: &'static str| {
        let request = ask(method, url, &author, &fields)
            .body(Body::from(body))
            .unwrap();
        site.send(request)
    };
    let old = send(Method::HEAD, vec![("tus-resumable", "0.2.2")], "").await;
    assert_eq!(
        (old.status, old.header("tus-resumable")),
        (StatusCode::PRECONDITION_FAILED, "1.0.0")
    );
    let plain = send(Method::PATCH, vec![(tus::OFFSET, "0")], "0123").await;
    assert_eq!(
        (plain.status, plain.header("tus-resumable")),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, "1.0.0")
    );
    let damaged = vec![
        (tus::OFFSET, "0"),
        ("content-type", tus::OFFSET_STREAM),
        (tus::CHECKSUM, "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
    ];
    assert_eq!(
        send(Method::PATCH, damaged, "0123").await.status.as_u16(),
        460
    );
    let over = vec![
        ("x-http-method-override", "PATCH"),
        (tus::OFFSET, "0"),
        ("content-type", tus::OFFSET_STREAM),
    ];
    assert_eq!(
        send(Method::POST, over, "0123").await.header(tus::OFFSET),
        "4"
    );
    assert_eq!(
        send(Method::PUT, vec![], "0123456789")
            .await
            .header(tus::OFFSET),
        "10"
    );
    assert_eq!(
        send(Method::DELETE, vec![("tus-resumable", "1.0.0")], "")
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        send(Method::HEAD, vec![], "").await.status,
        StatusCode::NOT_FOUND
    );
    let id = base64::engine::general_purpose::STANDARD.encode(made.version_id.to_string());
    let metadata = format!("filename eA==,versionId {id}");
    let fields = [(tus::LENGTH, "10"), ("upload-metadata", metadata.as_str())];
    let again = site
        .send(
            ask(Method::POST, "/api/marketplace/uploads", &author, &fields)
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(again.status, StatusCode::CREATED);
    assert!(
        again
            .header("location")
            .starts_with("/api/marketplace/uploads/upl_")
    );
}

#[tokio::test]
async fn refusals_are_problem_documents() {
    let w = World::new(None, |c| c.publish_enabled = false).await;
    let ada = w.publisher("ada").await;
    let site = Site::new(w).await;
    let author = site.publisher_token("ada", ada.publisher).await;
    let path = "/api/marketplace/plugins/publish";
    let mut request = serde_json::to_value(registration("1", "1.0.0", b"x")).unwrap();
    let closed = site.json(Method::POST, path, &author, &request).await;
    assert_eq!(
        (closed.status, closed.json()["code"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("PX-0201"))
    );
    assert_eq!(closed.header("content-type"), "application/problem+json");
    assert!(closed.json()["requestId"].is_string());
    request["colour"] = json!("red");
    let unknown = site.json(Method::POST, path, &author, &request).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.json()["code"].as_str()),
        (422, Some("PX-0005"))
    );
    let me = site.get("/api/v1/me", &author).await.json();
    assert_eq!(
        (me["publisherName"].as_str(), me["scopes"][0].as_str()),
        (Some("ada"), Some("plugin.publish"))
    );
    let limits = site.get("/api/v1/limits", "").await.json();
    assert_eq!(limits["publishEnabled"], false);
}

#[tokio::test]
async fn operators_see_the_audit_log_and_keep_publishers() {
    let site = Site::new(World::new(None, |_| {}).await).await;
    let operator = site.operator_token("olga").await;
    let path = "/api/marketplace/publishers";
    let made = site
        .json(Method::POST, path, &operator, &json!({ "name": "Example" }))
        .await
        .json();
    assert_eq!(made["verified"], false);
    let id: px_model::PublisherId = made["publisherId"].as_str().unwrap().parse().unwrap();
    let author = site.publisher_token("ada", id).await;
    let key = json!({ "publicKey": public_key(), "name": "laptop" });
    let early = site
        .json(
            Method::POST,
            "/api/marketplace/publisher/keys",
            &author,
            &key,
        )
        .await;
    assert_eq!(early.json()["code"], "PX-0211");
    let verdict = json!({ "verified": true, "reason": "domain proof" });
    site.json(
        Method::POST,
        &format!("{path}/{id}/verification"),
        &operator,
        &verdict,
    )
    .await;
    let made = site
        .json(
            Method::POST,
            "/api/marketplace/publisher/keys",
            &author,
            &key,
        )
        .await;
    let (first, again) = (
        made.json(),
        site.json(
            Method::POST,
            "/api/marketplace/publisher/keys",
            &author,
            &key,
        )
        .await
        .json(),
    );
    assert_eq!((made.status, &first), (StatusCode::CREATED, &again));
    let revoke = format!(
        "{path}/{id}/keys/{}/revoke",
        first["keyId"].as_str().unwrap()
    );
    let silent = site
        .json(Method::POST, &revoke, &operator, &json!({ "reason": " " }))
        .await;
    assert_eq!(silent.json()["code"], "PX-0304");
    let why = json!({ "reason": "the laptop was lost" });
    assert_eq!(
        site.json(Method::POST, &revoke, &operator, &why)
            .await
            .json()["revoked"],
        true
    );
    let entries = site
        .get("/api/marketplace/audit?limit=3", &operator)
        .await
        .json();
    assert_eq!(entries[0]["action"], "key.revoked");
    assert_eq!(entries[0]["detail"]["reason"], "the laptop was lost");
    let verdict = site
        .get("/api/marketplace/audit/verify", &operator)
        .await
        .json();
    assert_eq!(verdict["firstBad"], Value::Null);
    let figures = site.get("/api/marketplace/figures", &operator).await.json();
    assert_eq!(figures["automationPassRate"], 1.0);
    assert_eq!(
        site.get("/api/marketplace/alerts", &operator).await.json(),
        json!([])
    );
}

fn public_key() -> String {
    use rand::SeedableRng as _;
    let key =
        px_package::signature::SigningKey::generate(&mut rand::rngs::StdRng::from_seed([1; 32]));
    key.public().to_pem().unwrap()
}
