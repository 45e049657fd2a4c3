//! Files every page needs, embedded in the program and served for ever under their content's hash.

use crate::hashing::sha256_hex;
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use rust_embed::RustEmbed;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Own;

#[derive(RustEmbed)]
#[folder = "vendor"]
struct Vendored;

/// Names under which the files are served, and where they come from.
const FILES: [(&str, &str); 7] = [
    ("app.css", "app.css"),
    ("app.js", "app.js"),
    ("favicon.svg", "favicon.svg"),
    ("tabler.css", "tabler/tabler.min.css"),
    ("htmx.js", "htmx/htmx.min.js"),
    ("sse.js", "htmx-ext-sse/sse.min.js"),
    ("icons.svg", "tabler-icons/icons.svg"),
];
const FONT: (&str, &str) = ("inter-latin.woff2", "inter/inter-latin.woff2");

/// Hash of all files together: a change of any changes the address of all.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (name, _) in FILES.iter().chain([&FONT]) {
        all.extend_from_slice(name.as_bytes());
        if let Some(file) = file(name) {
            all.extend_from_slice(&file.metadata.sha256_hash());
        }
    }
    sha256_hex(&all)[..12].to_owned()
});

fn file(name: &str) -> Option<rust_embed::EmbeddedFile> {
    let (_, path) = FILES.iter().chain([&FONT]).find(|(n, _)| *n == name)?;
    Own::get(path).or_else(|| Vendored::get(path))
}

/// Path prefix of all files, such as `/assets/1f0c…`, without a trailing slash.
#[must_use]
pub fn base() -> String {
    format!("/assets/{}", *HASH)
}

/// Address of one file.
#[must_use]
pub fn url(name: &str) -> String {
    format!("/assets/{}/{name}", *HASH)
}

/// The sprite's text, which the tests compare with the icons that are used.
#[must_use]
pub fn icon_sprite() -> String {
    file("icons.svg")
        .map(|f| String::from_utf8_lossy(&f.data).into_owned())
        .unwrap_or_default()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "font/woff2",
    }
}

async fn serve(Path((hash, name)): Path<(String, String)>) -> Response {
    let Some(file) = file(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // During a rolling update a page of the other version may ask: answer, but let nobody keep it.
    let cache = if hash == *HASH {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (header::CONTENT_TYPE, kind(&name)),
        (header::CACHE_CONTROL, cache),
    ];
    (headers, file.data.into_owned()).into_response()
}

/// Serves `/assets/{hash}/{name}`.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{hash}/{name}", get(serve))
}
