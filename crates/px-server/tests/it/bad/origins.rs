//! Bundles from addresses of somebody's choosing.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use px_api::Code;
use reqwest::Method;
use serde_json::{Value, json};

use super::bundles::{Author, NOTES, Plugin};
use super::catalog::sha256;
use super::install::{INSTALL, committed, fails};
use super::world::World;

type Files = Arc<HashMap<&'static str, Vec<u8>>>;

/// A host with bundles: `/files/NAME`; `/away` leads to another host, `/loop` to itself.
async fn origin(files: HashMap<&'static str, Vec<u8>>) -> u16 {
    async fn file(State(files): State<Files>, Path(name): Path<String>) -> Response {
        match files.get(name.as_str()) {
            Some(bytes) => bytes.clone().into_response(),
            None => axum::http::StatusCode::NOT_FOUND.into_response(),
        }
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let elsewhere = format!("http://localhost:{port}/files/good");
    let app = Router::new()
        .route("/files/{name}", get(file))
        .route("/away", get(async move || Redirect::temporary(&elsewhere)))
        .route("/loop", get(async || Redirect::temporary("/loop")))
        .route(
            "/scheme",
            get(async || Redirect::temporary("file:///etc/passwd")),
        )
        .with_state(Arc::new(files));
    tokio::spawn(async move { axum::serve(listener, app).await });
    port
}

fn by_url(url: &str, digest: &str) -> Value {
    json!({
        "url": url,
        "sha256": digest,
        "pluginId": NOTES,
        "version": "1.0.0",
        "acknowledgedPermissions": ["notes:read"],
        "acknowledgeHighRisk": true,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_origin_sends_is_believed_by_digest_and_signature_only() {
    let w = World::start(&[("PX_ONLINE_ALLOWED_HOSTS", "127.0.0.1")]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    // Something listed makes the core fetch what to trust.
    let known = Plugin::new("1.0.0").id("com.example.known");
    w.list(&known, &author.bundle(&known)).await;
    let plugin = Plugin::new("1.0.0");
    let good = author.bundle(&plugin);
    let mut bent = good.clone();
    let middle = bent.len() / 2;
    bent[middle] ^= 1;
    let cut = good[..good.len() / 2].to_vec();
    let forged = Author::forged(&author, 9).bundle(&plugin);
    let other = author.bundle(&Plugin::new("2.0.0"));
    let more = author.bundle(&Plugin {
        permissions: vec!["notes:read".to_owned(), "notes:manage".to_owned()],
        ..plugin.clone()
    });
    let digest = sha256(&good);
    let own = |bytes: &Vec<u8>| sha256(bytes);
    let untrusted = Code::BundleUntrusted;
    let cases = [
        (
            "one bit flipped",
            "bent",
            digest.clone(),
            untrusted,
            "SHA-256",
        ),
        ("cut off", "cut", digest.clone(), untrusted, "SHA-256"),
        (
            "another digest",
            "good",
            "0".repeat(64),
            untrusted,
            "SHA-256",
        ),
        (
            "flipped, with its digest",
            "bent",
            own(&bent),
            untrusted,
            "",
        ),
        ("cut, with its digest", "cut", own(&cut), untrusted, ""),
        ("forged signature", "forged", own(&forged), untrusted, ""),
        ("another version", "other", own(&other), untrusted, "2.0.0"),
        (
            "more permissions",
            "more",
            own(&more),
            Code::PermissionsNotAcknowledged,
            "notes:manage",
        ),
        (
            "not there",
            "nothing",
            digest.clone(),
            Code::DownloadFailed,
            "404",
        ),
    ];
    let files = HashMap::from([
        ("good", good),
        ("bent", bent),
        ("cut", cut),
        ("forged", forged),
        ("other", other),
        ("more", more),
    ]);
    let port = origin(files).await;
    let at = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    for (case, name, digest, code, names) in cases {
        let request = by_url(&at(&format!("files/{name}")), &digest);
        fails(&w, case, &request, code, names).await;
    }
    redirects(&w, &at, &digest).await;
    committed(&w, "valley", &by_url(&at("files/good"), &digest)).await;
    w.end().await;
}

/// Redirects are judged like the address they come from.
async fn redirects(w: &World, at: &impl Fn(&str) -> String, digest: &str) {
    let host = Code::HostNotAllowed;
    fails(
        w,
        "to another host",
        &by_url(&at("away"), digest),
        host,
        "localhost",
    )
    .await;
    fails(
        w,
        "in circles",
        &by_url(&at("loop"), digest),
        Code::DownloadFailed,
        "circles",
    )
    .await;
    fails(w, "to a file", &by_url(&at("scheme"), digest), host, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_inside_are_refused_before_anything_is_asked() {
    let hosts = "127.0.0.1,10.0.0.1,192.168.1.1,169.254.169.254,0.0.0.0,[::1],[fe80::1],[::ffff:7f00:1],2130706433,bundles.example";
    let w = World::start(&[
        ("PX_ALLOW_PRIVATE_ADDRESSES", "0"),
        ("PX_ONLINE_ALLOWED_HOSTS", hosts),
    ])
    .await;
    let token = w.token("north");
    let digest = "a".repeat(64);
    let refused = Code::AddressRefused;
    let other = Code::HostNotAllowed;
    let cases = [
        ("loopback", "https://127.0.0.1:9/x.pxp", refused, "loopback"),
        (
            "loopback as a number",
            "https://2130706433/x.pxp",
            refused,
            "loopback",
        ),
        ("private", "https://10.0.0.1/x.pxp", refused, "private"),
        ("private", "https://192.168.1.1/x.pxp", refused, "private"),
        (
            "metadata",
            "https://169.254.169.254/latest",
            refused,
            "link-local",
        ),
        (
            "this host",
            "https://0.0.0.0/x.pxp",
            refused,
            "this network",
        ),
        ("loopback, IPv6", "https://[::1]/x.pxp", refused, "loopback"),
        (
            "link-local, IPv6",
            "https://[fe80::1]/x.pxp",
            refused,
            "link-local",
        ),
        (
            "loopback inside IPv6",
            "https://[::ffff:127.0.0.1]/x.pxp",
            refused,
            "loopback",
        ),
        (
            "plain http",
            "http://bundles.example/x.pxp",
            refused,
            "https",
        ),
        (
            "not allowed",
            "https://evil.example/x.pxp",
            other,
            "PX_ONLINE_ALLOWED_HOSTS",
        ),
        (
            "allowed as a part",
            "https://bundles.example.evil.example/x",
            other,
            "PX_ONLINE_ALLOWED_HOSTS",
        ),
        (
            "allowed as a user",
            "https://bundles.example@evil.example/x",
            other,
            "PX_ONLINE_ALLOWED_HOSTS",
        ),
        (
            "file",
            "file:///etc/passwd",
            other,
            "PX_ONLINE_ALLOWED_HOSTS",
        ),
        ("not a URL", "https://[", Code::InvalidField, "url"),
    ];
    for (case, url, code, names) in cases {
        let request = w
            .core(Method::POST, INSTALL, &token)
            .json(&by_url(url, &digest));
        w.refuses(case, request, code, names).await;
    }
    for (case, lacking) in [
        ("digest", "sha256"),
        ("plugin", "pluginId"),
        ("version", "version"),
    ] {
        let mut body = by_url("https://bundles.example/x.pxp", &digest);
        body.as_object_mut().unwrap().remove(lacking);
        let request = w.core(Method::POST, INSTALL, &token).json(&body);
        w.refuses(case, request, Code::InvalidField, lacking).await;
    }
    w.end().await;
}
