//! tus 1.0 and plain uploads.

use base64::Engine as _;
use px_api::{Code, tus};
use reqwest::Method;
use serde_json::{Value, json};

use super::bundles::Plugin;
use super::catalog::{PUBLISH, registration, version_path};
use super::people;
use super::world::{World, go, ok};

const BYTES: &[u8] = b"twenty bytes or more, but not a bundle";

async fn offset(w: &World, upload: &str, token: &str) -> String {
    let head = w.market(Method::HEAD, upload, token);
    let reply = go(head.header(tus::RESUMABLE, tus::VERSION)).await;
    assert_eq!(reply.status, 200);
    reply.header(tus::OFFSET).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_chunks_are_not_kept() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let made = w
        .register(&token, &registration(&Plugin::new("1.0.0"), BYTES))
        .await;
    let upload = made["uploadUrl"].as_str().unwrap();
    ok(w.patch(upload, &token, 0, &BYTES[..4])).await;
    let sum = base64::engine::general_purpose::STANDARD.encode([7; 32]);

    let there = w.patch(upload, &token, 9, &BYTES[9..]);
    let problem = w.refuses("gap", there, Code::UploadOffset, "offset").await;
    assert_eq!(problem["current"]["offset"], 4);
    w.refuses(
        "overlap",
        w.patch(upload, &token, 0, BYTES),
        Code::UploadOffset,
        "offset",
    )
    .await;
    let long = [BYTES, BYTES].concat();
    w.refuses(
        "too many bytes",
        w.patch(upload, &token, 4, &long),
        Code::TooLarge,
        "limit",
    )
    .await;
    let damaged = w.patch(upload, &token, 4, &BYTES[4..]);
    let damaged = damaged.header(tus::CHECKSUM, format!("sha256 {sum}"));
    w.refuses("checksum", damaged, Code::ChecksumMismatch, "send it again")
        .await;
    let odd = w
        .patch(upload, &token, 4, &BYTES[4..])
        .header(tus::CHECKSUM, "md5 !!");
    w.refuses(
        "unknown checksum",
        odd,
        Code::InvalidField,
        "upload-checksum",
    )
    .await;
    let version = w
        .market(Method::PATCH, upload, &token)
        .header(tus::RESUMABLE, "0.2.2");
    let version = version
        .header("content-type", tus::OFFSET_STREAM)
        .header(tus::OFFSET, 4);
    let version = version.body(&BYTES[4..]);
    w.refuses("tus version", version, Code::PreconditionFailed, "1.0.0")
        .await;
    for (case, kind) in [("json", "application/json"), ("no kind", "")] {
        let request = w
            .market(Method::PATCH, upload, &token)
            .header(tus::OFFSET, 4);
        let request = request.header("content-type", kind).body(&BYTES[4..]);
        w.refuses(case, request, Code::UnsupportedMedia, tus::OFFSET_STREAM)
            .await;
    }
    for (case, value) in [
        ("no number", "four"),
        ("negative", "-4"),
        ("huge", "99999999999999999999999"),
    ] {
        let request = w
            .market(Method::PATCH, upload, &token)
            .header(tus::OFFSET, value);
        let request = request
            .header("content-type", tus::OFFSET_STREAM)
            .body(&BYTES[4..]);
        w.refuses(case, request, Code::InvalidField, tus::OFFSET)
            .await;
    }
    assert_eq!(offset(&w, upload, &token).await, "4");
    let path = version_path(made["versionId"].as_str().unwrap(), "submit-review");
    let early = w.market(Method::POST, &path, &token);
    w.refuses("submitted early", early, Code::UploadOffset, "4 of")
        .await;
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_tus_headers_is_bound_by_offsets_too() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let made = w
        .register(&token, &registration(&Plugin::new("1.0.0"), BYTES))
        .await;
    let upload = made["uploadUrl"].as_str().unwrap();
    let plain = |offset: usize| {
        let request = w
            .market(Method::PATCH, upload, &token)
            .header(tus::OFFSET, offset);
        request
            .header("content-type", tus::OFFSET_STREAM)
            .body(&BYTES[offset..])
    };
    w.refuses("gap", plain(9), Code::UploadOffset, "offset")
        .await;
    ok(plain(0)).await;
    assert_eq!(offset(&w, upload, &token).await, BYTES.len().to_string());
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_of_others_and_of_nobody_do_not_exist() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let made = w
        .register(&token, &registration(&Plugin::new("1.0.0"), BYTES))
        .await;
    let upload = made["uploadUrl"].as_str().unwrap();
    let version = made["versionId"].as_str().unwrap();
    let (_, stranger) = people::publisher(&w.market_db().await, "stranger").await;
    let unknown = "/api/marketplace/uploads/upl_00000000000000000000000000000001";
    for (case, path, who) in [
        ("foreign", upload, &stranger.token),
        ("unknown", unknown, &token),
        (
            "no id",
            "/api/marketplace/uploads/..%2f..%2fetc%2fpasswd",
            &token,
        ),
    ] {
        let request = w.patch(path, who, 0, BYTES);
        w.refuses(case, request, Code::NotFound, "no such").await;
        let request = w.market(Method::PUT, path, who).body(BYTES);
        w.refuses(case, request, Code::NotFound, "no such").await;
        let request = w.market(Method::DELETE, path, who);
        w.refuses(case, request, Code::NotFound, "no such").await;
        assert_eq!(
            go(w.market(Method::HEAD, path, who)).await.status,
            404,
            "{case}"
        );
    }
    let submit = w.market(
        Method::POST,
        &version_path(version, "submit-review"),
        &stranger.token,
    );
    w.refuses("foreign submit", submit, Code::NotFound, "no such")
        .await;
    let view = w.market(
        Method::GET,
        &version_path(version, "review"),
        &stranger.token,
    );
    w.refuses("foreign view", view, Code::NotFound, "no such")
        .await;
    let patch = json!({ "status": "withdrawn", "reason": "mine" });
    let status = w.market(
        Method::PATCH,
        &version_path(version, "status"),
        &stranger.token,
    );
    w.refuses(
        "foreign withdrawal",
        status.json(&patch),
        Code::NotFound,
        "no such",
    )
    .await;
    let nobody = w.patch(upload, "", 0, BYTES);
    w.refuses("nobody", nobody, Code::Unauthenticated, "token")
        .await;
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_were_not_registered_are_blocked() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let request = registration(&Plugin::new("1.0.0"), BYTES);
    let other: Vec<u8> = BYTES.iter().rev().copied().collect();
    let id = w.submit(&token, &request, &other).await;
    let view = w.reviewed(&id).await;
    assert_eq!(view["state"], "blocked", "{view}");
    let report = ok(w.market(Method::GET, &version_path(&id, "report"), &token)).await;
    assert!(report.to_string().contains("PX-0208"), "{report}");
    for digest in [
        super::catalog::sha256(BYTES),
        super::catalog::sha256(&other),
    ] {
        let path = format!("/api/marketplace/bundles/{digest}.pxp");
        let reply = go(w.market(Method::GET, &path, &w.token("operator"))).await;
        reply.refused("bundle", Code::NotFound, "bundle");
    }
    finished_uploads_are_sealed(&w, &token, &id, &request).await;
    w.end().await;
}

async fn finished_uploads_are_sealed(w: &World, token: &str, id: &str, request: &Value) {
    // Asking again answers the first registration with its upload, which has been submitted.
    let made = ok(w.market(Method::POST, PUBLISH, token).json(request)).await;
    assert_eq!(made["versionId"], id);
    let upload = made["uploadUrl"].as_str().unwrap();
    let end = BYTES.len();
    let more = w.patch(upload, token, end, b"late");
    w.refuses(
        "late bytes",
        more,
        Code::WrongState,
        "do not change any more",
    )
    .await;
    let whole = w.market(Method::PUT, upload, token).body(BYTES);
    w.refuses(
        "other bytes",
        whole,
        Code::WrongState,
        "do not change any more",
    )
    .await;
    let gone = w.market(Method::DELETE, upload, token);
    w.refuses("dropped", gone, Code::WrongState, "withdraw")
        .await;
}
