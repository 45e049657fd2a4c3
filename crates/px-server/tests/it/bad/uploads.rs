//! Uploads that took too long, that are too many, or that two connections write at once.

use futures::channel::mpsc;
use px_api::{Code, tus};
use px_store::vals;
use reqwest::{Body, Method, RequestBuilder};
use serde_json::json;

use super::bundles::{Author, Plugin};
use super::catalog::{PUBLISH, registration, version_path};
use super::people;
use super::world::{World, go, ok, until};

const UPLOADS: &str = "/api/marketplace/uploads";

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_upload_takes_no_more_and_can_be_begun_anew() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let author = Author::register(&w, &token, 1).await;
    let plugin = Plugin::new("1.0.0");
    let bytes = author.bundle(&plugin);
    let made = w.register(&token, &registration(&plugin, &bytes)).await;
    let upload = made["uploadUrl"].as_str().unwrap();
    let version = made["versionId"].as_str().unwrap();
    ok(w.patch(upload, &token, 0, &bytes[..9])).await;

    // The time is set back in the row, because a day is long.
    let mut tx = w.market_db().await.begin().await.unwrap();
    let now = tx.env().now().as_microsecond();
    let sql = "UPDATE versions SET upload_expires = $1 WHERE id = $2";
    assert_eq!(tx.exec(sql, vals![now - 1, version]).await.unwrap(), 1);
    tx.commit().await.unwrap();

    let gone = Code::UploadExpired;
    let more = w.patch(upload, &token, 9, &bytes[9..]);
    w.refuses("more bytes", more, gone, "kept until").await;
    let whole = w.market(Method::PUT, upload, &token).body(bytes.clone());
    w.refuses("whole again", whole, gone, "kept until").await;
    let head = w.market(Method::HEAD, upload, &token);
    assert_eq!(go(head).await.status, gone.status());
    let submit = version_path(version, "submit-review");
    let early = w.market(Method::POST, &submit, &token);
    let reply = go(early).await;
    assert!((400..500).contains(&reply.status), "{}", reply.text());

    // A new upload for the same version takes the bytes from the first one on.
    let request = create(&w, &token, version, bytes.len());
    let reply = go(request).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let fresh = reply.header("location").to_owned();
    assert!(!fresh.ends_with(upload), "{fresh}");
    ok(w.patch(&fresh, &token, 0, &bytes)).await;
    ok(w.market(Method::POST, &submit, &token)).await;
    assert_eq!(w.reviewed(version).await["state"], "in_review");
    w.end().await;
}

fn create(w: &World, token: &str, version: &str, length: usize) -> RequestBuilder {
    use base64::Engine as _;
    let id = base64::engine::general_purpose::STANDARD.encode(version);
    w.market(Method::POST, UPLOADS, token)
        .header(tus::RESUMABLE, tus::VERSION)
        .header("upload-length", length)
        .header("upload-metadata", format!("versionId {id}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_has_only_so_many_versions_under_way() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let limits = w.market(Method::GET, "/api/v1/limits", &token);
    let most = ok(limits).await["maxOpenVersions"].as_u64().unwrap();
    let plugin = |n: u64| Plugin::new("1.0.0").id(&format!("com.example.p{n}"));
    let post = |n: u64, token: &str| {
        let request = registration(&plugin(n), b"bytes");
        w.market(Method::POST, PUBLISH, token).json(&request)
    };
    let mut first = String::new();
    for n in 0..most {
        let made = ok(post(n, &token)).await;
        if n == 0 {
            made["versionId"].as_str().unwrap().clone_into(&mut first);
        }
    }
    let over = Code::QuotaExceeded;
    let problem = w
        .refuses("one more", post(most, &token), over, "under way")
        .await;
    assert_eq!(problem["current"]["limit"], most);
    // It is each publisher's own limit, and what was registered before is still answered.
    let (_, stranger) = people::publisher(&w.market_db().await, "stranger").await;
    ok(post(most + 1, &stranger.token)).await;
    assert_eq!(ok(post(0, &token)).await["versionId"], first);
    // One that is withdrawn makes room.
    let withdrawn = json!({ "status": "withdrawn", "reason": "not needed" });
    let path = version_path(&first, "status");
    ok(w.market(Method::PATCH, &path, &token).json(&withdrawn)).await;
    ok(post(most, &token)).await;
    w.end().await;
}

/// A body that stays open until it is dropped or ended.
fn open_body() -> (mpsc::UnboundedSender<std::io::Result<Vec<u8>>>, Body) {
    let (send, receive) = mpsc::unbounded();
    (send, Body::wrap_stream(receive))
}

fn append(w: &World, upload: &str, token: &str, offset: usize, body: Body) -> RequestBuilder {
    w.market(Method::PATCH, upload, token)
        .header(tus::RESUMABLE, tus::VERSION)
        .header("content-type", tus::OFFSET_STREAM)
        .header(tus::OFFSET, offset)
        .body(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_connection_writes_an_upload() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let bytes = b"twenty bytes or more, but not a bundle";
    let made = w
        .register(&token, &registration(&Plugin::new("1.0.0"), bytes))
        .await;
    let upload = made["uploadUrl"].as_str().unwrap().to_owned();
    let part = {
        let id = upload.rsplit('/').next().unwrap();
        w.folder().join(format!("market/uploads/{id}.part"))
    };
    let arrived = async |count: u64| {
        until("bytes on disk", async || {
            let found = std::fs::metadata(&part).map_or(0, |m| m.len());
            (found == count).then_some(())
        })
        .await;
    };

    // A connection that died without anybody noticing still holds the upload; the client that
    // comes back gets it, and the old connection is told so.
    let (send, body) = open_body();
    let held = tokio::spawn(go(append(&w, &upload, &token, 0, body)));
    send.unbounded_send(Ok(bytes[..4].to_vec())).unwrap();
    arrived(4).await;
    ok(w.patch(&upload, &token, 4, &bytes[4..8])).await;
    let cut = held.await.unwrap();
    cut.refused(
        "the old connection",
        Code::UploadInterrupted,
        "another connection",
    );
    arrived(8).await;

    // Another process writes: of two that wait for it the earlier is sent away at once, the later
    // goes on when the process lets go.
    let lock = std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(part.with_extension("lock"))
        .unwrap();
    lock.lock().unwrap();
    let mut one = tokio::spawn(go(w.patch(&upload, &token, 8, &bytes[8..])));
    let mut two = tokio::spawn(go(w.patch(&upload, &token, 8, &bytes[8..])));
    let (busy, waiting) = tokio::select! {
        reply = &mut one => (reply, two),
        reply = &mut two => (reply, one),
    };
    let busy = busy.unwrap();
    busy.refused("the earlier", Code::UploadBusy, "still writing");
    arrived(8).await;
    lock.unlock().unwrap();
    let done = waiting.await.unwrap();
    assert!((200..300).contains(&done.status), "{}", done.text());
    arrived(bytes.len() as u64).await;
    drop(send);
    w.end().await;
}
