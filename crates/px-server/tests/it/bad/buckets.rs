//! Bundles in a bucket of an S3-compatible server: the whole way, and what can be wrong with it.

use px_api::Code;
use px_server::bundles::open;
use px_server::settings::Settings;
use px_testkit::S3Server;
use reqwest::Method;

use super::bundles::{Author, Plugin};
use super::catalog::{registration, sha256};
use super::install::{accepted, committed, ended, fails, order};
use super::world::{World, go};

const QUICK: [(&str, &str); 2] = [
    ("PX_INSTALL_ATTEMPTS", "3"),
    ("PX_INSTALL_RETRY_SECONDS", "0.05"),
];

/// Both servers with the bundles in this store.
async fn start(store: &S3Server, set: &[(&str, &str)]) -> World {
    let (place, endpoint) = (store.place(), store.endpoint());
    let mut all = vec![
        ("MKP_S3_BUCKET", place.as_str()),
        ("MKP_S3_ENDPOINT", &endpoint),
        ("MKP_S3_ACCESS_KEY_ID", S3Server::KEY),
        ("MKP_S3_SECRET_ACCESS_KEY", S3Server::SECRET),
        ("PX_ONLINE_ALLOWED_HOSTS", "127.0.0.1"),
    ];
    all.extend(QUICK);
    all.extend(set);
    World::start(&all).await
}

fn bundle_path(digest: &str) -> String {
    format!("/api/marketplace/bundles/{digest}.pxp")
}

/// A plugin that is listed, and the digest of its bundle.
async fn listed(w: &World, author: &Author, id: &str) -> (Plugin, String) {
    let plugin = Plugin::new("1.0.0").id(id);
    let bytes = author.bundle(&plugin);
    w.list(&plugin, &bytes).await;
    (plugin, sha256(&bytes))
}

fn flip(store: &S3Server, digest: &str) {
    let file = store.file(digest);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_are_sent_on_to_a_signed_address_and_installed_from_there() {
    let store = S3Server::start().await.unwrap();
    let w = start(&store, &[]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let (plugin, digest) = listed(&w, &author, "com.example.stored").await;
    assert!(store.file(&digest).is_file());
    assert!(!w.folder().join("market/blobs").exists());
    let path = bundle_path(&digest);
    let ask = |method, path: &str| w.market(method, path, "");

    let sent_on = go(ask(Method::GET, &path)).await;
    assert_eq!((sent_on.status, sent_on.body.len()), (307, 0));
    assert_eq!(sent_on.header("cache-control"), "private, no-store");
    let location = sent_on.header("location");
    assert!(location.contains("X-Amz-Expires=300"), "{location}");
    assert!(!location.contains(S3Server::SECRET), "{location}");
    let got = go(w.http.get(location)).await;
    assert_eq!((got.status, sha256(&got.body)), (200, digest.clone()));
    let part = go(w.http.get(location).header("range", "bytes=2-4")).await;
    assert_eq!((part.status, &part.body[..]), (206, &got.body[2..5]));
    let head = go(ask(Method::HEAD, &path)).await;
    assert_eq!(head.status, 307);
    let head = go(w.http.head(head.header("location"))).await;
    let length = got.body.len().to_string();
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, &*length)
    );
    let known = ask(Method::GET, &path).header("if-none-match", format!("\"{digest}\""));
    assert_eq!(go(known).await.status, 304);
    let beyond = ask(Method::GET, &path).header("range", format!("bytes={length}-"));
    assert_eq!(go(beyond).await.status, 416);

    // Addresses that came too late are asked for anew.
    store.void_next(2);
    committed(&w, "valley", &order(&plugin)).await;
    let asked = store.asked();
    let tokens = asked.iter().filter_map(|a| a.authorization.as_deref());
    let bearers: Vec<_> = tokens.filter(|a| !a.starts_with("AWS4-")).collect();
    assert_eq!(bearers, [""; 0], "a token went to the store");
    let ready = go(w.market(Method::GET, "/readyz", "")).await;
    assert_eq!(ready.json()["checks"]["bundles"], "ok");
    unlisted(&w, &author).await;
    w.end().await;
}

/// Who may not have a version is not sent on.
async fn unlisted(w: &World, author: &Author) {
    let plugin = Plugin::new("1.0.0").id("com.example.unlisted");
    let bytes = author.bundle(&plugin);
    let token = w.token("publisher");
    let id = w
        .submit(&token, &registration(&plugin, &bytes), &bytes)
        .await;
    w.reviewed(&id).await;
    let path = bundle_path(&sha256(&bytes));
    let own = go(w.market(Method::GET, &path, &token)).await;
    assert_eq!(own.status, 307);
    for login in ["", "north"] {
        let token = if login.is_empty() {
            String::new()
        } else {
            w.token(login)
        };
        let reply = go(w.market(Method::GET, &path, &token)).await;
        assert!(matches!(reply.status, 401 | 404), "{}", reply.text());
        assert_eq!(reply.header("location"), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_trouble_is_named_and_what_it_did_to_a_bundle_is_found() {
    let store = S3Server::start().await.unwrap();
    let w = start(&store, &[]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let (first, digest) = listed(&w, &author, "com.example.first").await;
    let path = bundle_path(&digest);

    store.away_after(0);
    let reply = go(w.market(Method::GET, &path, "")).await;
    reply.refused("away", Code::Unavailable, "bundle store");
    let ready = go(w.market(Method::GET, "/readyz", "")).await;
    assert_eq!(ready.status, 503);
    assert_eq!(
        ready.json()["checks"]["bundles"],
        "the store does not answer"
    );
    fails(&w, "away", &order(&first), Code::DownloadFailed, "503").await;
    // What arrives meanwhile is kept and goes on by itself.
    let second = Plugin::new("1.0.0").id("com.example.second");
    let bytes = author.bundle(&second);
    let publisher = w.token("publisher");
    let id = w
        .submit(&publisher, &registration(&second, &bytes), &bytes)
        .await;
    assert!(!store.file(&sha256(&bytes)).exists());
    store.back();
    let view = w.reviewed(&id).await;
    assert_eq!(view["state"], "in_review", "{view}");
    assert!(store.file(&sha256(&bytes)).is_file());

    flip(&store, &digest);
    let untrusted = Code::BundleUntrusted;
    fails(&w, "changed", &order(&first), untrusted, "SHA-256").await;
    std::fs::write(store.file(&digest), b"short").unwrap();
    let reply = go(w.market(Method::GET, &path, "")).await;
    reply.refused("shortened", Code::Unavailable, "other bytes");
    std::fs::remove_file(store.file(&digest)).unwrap();
    let reply = go(w.market(Method::GET, &path, "")).await;
    reply.refused("removed", Code::NotFound, &digest);
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_nobody_else_reaches_is_read_through_the_marketplace() {
    let store = S3Server::start().await.unwrap();
    let set = [
        ("MKP_S3_REDIRECT_SECONDS", "0"),
        ("PX_ONLINE_ALLOWED_HOSTS", ""),
    ];
    let w = start(&store, &set).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let (plugin, digest) = listed(&w, &author, "com.example.proxied").await;
    let path = bundle_path(&digest);
    let got = go(w.market(Method::GET, &path, "")).await;
    assert_eq!((got.status, sha256(&got.body)), (200, digest.clone()));
    let part = w
        .market(Method::GET, &path, "")
        .header("range", "bytes=2-4");
    let part = go(part).await;
    assert_eq!((part.status, &part.body[..]), (206, &got.body[2..5]));
    committed(&w, "valley", &order(&plugin)).await;
    flip(&store, &digest);
    let reply = go(w.market(Method::GET, &path, "")).await;
    reply.refused("changed", Code::Unavailable, "other bytes");
    w.end().await;
}

/// The store breaks off: nobody takes half a bundle for a whole one, and who asks again gets it.
#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_the_store_breaks_off_is_never_half_a_bundle() {
    for redirects in ["0", "300"] {
        let store = S3Server::start().await.unwrap();
        let w = start(&store, &[("MKP_S3_REDIRECT_SECONDS", redirects)]).await;
        let author = Author::register(&w, &w.token("publisher"), 1).await;
        let (plugin, digest) = listed(&w, &author, "com.example.broken").await;
        let path = bundle_path(&digest);
        store.cut_next(1);
        let answer = w.market(Method::GET, &path, "").send().await.unwrap();
        let status = answer.status().as_u16();
        match answer.bytes().await {
            Ok(bytes) if status == 200 => assert_eq!(sha256(&bytes), digest),
            // Sent on, or told to come again.
            Ok(_) if redirects == "0" => assert_eq!(status, 503),
            Ok(_) => assert_eq!(status, 307),
            Err(broken) => assert!(broken.is_decode() || broken.is_body(), "{broken:?}"),
        }
        let before = store.asked().len();
        store.cut_next(2);
        committed(&w, "valley", &order(&plugin)).await;
        assert!(store.asked().len() > before + 1, "it was asked for again");
        w.end().await;
    }
}

/// Servers reach the store by one name, everybody else by another.
#[tokio::test(flavor = "multi_thread")]
async fn signed_addresses_carry_the_name_that_others_know() {
    let store = S3Server::start().await.unwrap();
    let outside = format!("localhost:{}", store.address().port());
    let endpoint = format!("http://{outside}");
    let set = [
        ("MKP_S3_PUBLIC_ENDPOINT", endpoint.as_str()),
        ("PX_ONLINE_ALLOWED_HOSTS", "localhost"),
    ];
    let w = start(&store, &set).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let (plugin, digest) = listed(&w, &author, "com.example.outside").await;
    let inside = store.address().to_string();
    assert!(store.asked().iter().all(|a| a.host == inside));
    let before = store.asked().len();
    let sent_on = go(w.market(Method::GET, &bundle_path(&digest), "")).await;
    let location = sent_on.header("location");
    assert!(location.starts_with(&endpoint), "{location}");
    let got = go(w.http.get(location)).await;
    assert_eq!((got.status, sha256(&got.body)), (200, digest));
    committed(&w, "valley", &order(&plugin)).await;
    let asked = store.asked().split_off(before);
    let by_others = asked.iter().filter(|a| a.authorization.is_none());
    let names: Vec<_> = by_others.map(|a| a.host.as_str()).collect();
    assert!(names.len() >= 2, "{asked:?}");
    assert!(names.iter().all(|name| *name == outside), "{names:?}");
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_follows_to_named_hosts_only() {
    let store = S3Server::start().await.unwrap();
    let w = start(&store, &[("PX_ONLINE_ALLOWED_HOSTS", "bundles.example")]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let (plugin, _) = listed(&w, &author, "com.example.away").await;
    let before = store.asked().len();
    let job = accepted(&w, "valley", &order(&plugin)).await;
    let view = ended(&w, "valley", &job).await;
    assert_eq!(
        view["problem"]["code"],
        Code::HostNotAllowed.as_str(),
        "{view}"
    );
    let why = view.to_string();
    assert!(
        why.contains("The Marketplace sends this download on"),
        "{why}"
    );
    assert!(why.contains("PX_ONLINE_ALLOWED_HOSTS"), "{why}");
    let asked = store.asked().split_off(before);
    let gets: Vec<_> = asked.iter().filter(|a| a.line.starts_with("GET")).collect();
    assert!(gets.is_empty(), "{gets:?}");
    w.end().await;
}

/// The settings of a store as its operator wrote them.
fn written(set: &[(&str, &str)]) -> Settings {
    let start = Settings::resolve(None, |_| None).unwrap();
    set.iter()
        .fold(start, |all, (name, value)| all.with(name, *value))
}

#[tokio::test]
async fn a_setting_that_is_missing_or_wrong_is_named_with_its_remedy() {
    let store = S3Server::start().await.unwrap();
    let (place, endpoint) = (store.place(), store.endpoint());
    let bucket = ("MKP_S3_BUCKET", place.as_str());
    let at = ("MKP_S3_ENDPOINT", endpoint.as_str());
    let key = ("MKP_S3_ACCESS_KEY_ID", S3Server::KEY);
    let secret = ("MKP_S3_SECRET_ACCESS_KEY", S3Server::SECRET);
    let wrong = ("MKP_S3_SECRET_ACCESS_KEY", "secret-gone-wrong");
    let folder = tempfile::tempdir().unwrap();
    for (set, says) in [
        (
            vec![at, key, secret],
            "MKP_S3_ENDPOINT is set and MKP_S3_BUCKET is not; name",
        ),
        (
            vec![bucket, at],
            "MKP_S3_ACCESS_KEY_ID and MKP_S3_SECRET_ACCESS_KEY are missing; set",
        ),
        (
            vec![bucket, at, key],
            "MKP_S3_SECRET_ACCESS_KEY is missing; set",
        ),
        (
            vec![bucket, at, secret],
            "MKP_S3_ACCESS_KEY_ID is missing; set",
        ),
        (
            vec![("MKP_S3_BUCKET", "/market"), at, key, secret],
            "expected BUCKET or BUCKET/FOLDER",
        ),
        (
            vec![("MKP_S3_BUCKET", "other"), at, key, secret],
            "there is no bucket `other`; make it",
        ),
        (vec![bucket, at, key, wrong], "does not let this key list"),
        (
            vec![bucket, at, ("MKP_S3_ACCESS_KEY_ID", "nobody"), secret],
            "does not let this key list",
        ),
        (
            vec![bucket, ("MKP_S3_ENDPOINT", "ftp://host"), key, secret],
            "MKP_S3_ENDPOINT: expected http",
        ),
        (
            vec![
                bucket,
                ("MKP_S3_ENDPOINT", "http://a:hidden@host"),
                key,
                secret,
            ],
            "MKP_S3_ENDPOINT: expected http",
        ),
        (
            vec![
                bucket,
                at,
                key,
                secret,
                ("MKP_S3_REDIRECT_SECONDS", "86400"),
            ],
            "expected 0 to 3600",
        ),
    ] {
        let error = open(&written(&set), folder.path()).await.unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(says), "{text}");
        assert!(text.contains("MKP_S3_"), "{text}");
        for hidden in ["access-of-a-test", "secret-of", "secret-gone", "hidden"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
    // One that does not answer yet is waited for.
    let nobody = ("MKP_S3_ENDPOINT", "http://127.0.0.1:1");
    let waiting = open(&written(&[bucket, nobody, key, secret]), folder.path()).await;
    assert!(waiting.is_ok());
    let listing = written(&[bucket, at, key, secret]);
    let shown: Vec<String> = listing.listing().map(|(_, value, _)| value).collect();
    assert!(!shown.iter().any(|v| v.contains("of-a-test")), "{shown:?}");
}
