//! Static plugins: files under one folder, with a strict policy.

use crate::body::{Body, BodyError, empty};
use crate::fault::{LaunchFault, RunFault};
use crate::spec::LaunchSpec;
use futures::TryStreamExt as _;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;
use tokio_util::io::ReaderStream;

/// Only what the plugin ships runs; nothing inline, nothing from elsewhere.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'self'";

/// Served where a path names no file and has no extension: the routes of a single-page application.
const INDEX: &str = "index.html";

/// Serves one folder.
pub(crate) struct Files {
    dir: PathBuf,
    version: String,
}

impl Files {
    pub(crate) fn open(spec: &LaunchSpec, dir: &Path) -> Result<Self, LaunchFault> {
        let path = spec.root.join(dir);
        let dir = path
            .canonicalize()
            .map_err(|e| LaunchFault::file(&path, &e))?;
        let files = Self {
            dir,
            version: spec.version.to_string(),
        };
        let index = files.dir.join(INDEX);
        std::fs::metadata(&index).map_err(|e| LaunchFault::file(&index, &e))?;
        Ok(files)
    }

    /// Whether the folder is still there.
    pub(crate) fn health(&self) -> Result<(), RunFault> {
        std::fs::metadata(self.dir.join(INDEX))
            .map(drop)
            .map_err(|error| RunFault::Unavailable {
                reason: format!("{INDEX}: {error}"),
            })
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Result<Response<Body>, RunFault> {
        let (request, _) = request.into_parts();
        if ![Method::GET, Method::HEAD].contains(&request.method) {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
            let allow = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(header::ALLOW, allow);
            return Ok(response);
        }
        let Some(relative) = relative_path(request.uri.path()) else {
            return Ok(plain(StatusCode::NOT_FOUND));
        };
        let Some((path, meta)) = self.find(&relative).await else {
            return Ok(plain(StatusCode::NOT_FOUND));
        };
        let tag = self.tag(&meta);
        let mut response = if is_known(&request.headers, &tag) {
            plain(StatusCode::NOT_MODIFIED)
        } else {
            send(&path, meta.len(), &request.method).await?
        };
        let tag = HeaderValue::try_from(tag).map_err(RunFault::host)?;
        response.headers_mut().insert(header::ETAG, tag);
        Ok(response)
    }

    /// The file of a path, its index file, or the application's.
    async fn find(&self, relative: &Path) -> Option<(PathBuf, std::fs::Metadata)> {
        let exact = self.dir.join(relative);
        if let Some(found) = self.file(&exact).await {
            return Some(found);
        }
        if let Some(found) = self.file(&exact.join(INDEX)).await {
            return Some(found);
        }
        if relative.extension().is_none() {
            return self.file(&self.dir.join(INDEX)).await;
        }
        None
    }

    /// The file at `path`, unless a link leads out of the folder.
    async fn file(&self, path: &Path) -> Option<(PathBuf, std::fs::Metadata)> {
        let real = tokio::fs::canonicalize(path).await.ok()?;
        let meta = tokio::fs::metadata(&real).await.ok()?;
        (real.starts_with(&self.dir) && meta.is_file()).then_some((real, meta))
    }

    /// Entity tag. Bytes of a version never change; between versions the version differs, even where
    /// size and time of a file do not.
    fn tag(&self, meta: &std::fs::Metadata) -> String {
        let modified = meta
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |since| since.as_nanos());
        format!("\"{}-{:x}-{modified:x}\"", self.version, meta.len())
    }
}

/// The path without its encoding, or nothing when it is not plainly below the folder.
fn relative_path(path: &str) -> Option<PathBuf> {
    let decoded = percent_decode(path)?;
    if decoded.contains(['\\', '\0']) {
        return None;
    }
    let relative = PathBuf::from(decoded.trim_start_matches('/'));
    let plain = relative.components().all(|part| match part {
        Component::Normal(name) => !name.to_string_lossy().starts_with('.'),
        _ => false,
    });
    plain.then_some(relative)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let (digits, after) = tail.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok()?;
            if digits.starts_with('+') {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == tag || one == "*")
}

async fn send(path: &Path, length: u64, method: &Method) -> Result<Response<Body>, RunFault> {
    let mut response = plain(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(content_type(path)),
    );
    if method == Method::GET {
        let file = tokio::fs::File::open(path).await.map_err(RunFault::host)?;
        let stream = ReaderStream::with_capacity(file, 64 << 10)
            .map_ok(Frame::data)
            .map_err(|error| BodyError::Broken(error.to_string()));
        *response.body_mut() = StreamBody::new(stream).boxed_unsync();
    }
    Ok(response)
}

/// An answer without content, with the headers that every answer carries.
fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = status;
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        // Another version may be served at the same address at any time.
        (header::CACHE_CONTROL, "no-cache"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn content_type(path: &Path) -> &'static str {
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("avif") => "image/avif",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("ttf") => "font/ttf",
        Some("wasm") => "application/wasm",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        Some("xml") => "application/xml",
        Some("pdf") => "application/pdf",
        _ => "application/octet-stream",
    }
}
