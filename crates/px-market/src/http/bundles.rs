//! Bundles, by the digest of their bytes.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use px_api::{Code, Problem};
use px_model::Digest;
use px_store::BlobStream;
use px_web::identity::Caller;
use px_web::{Answer, Failure};
use serde_json::json;

use super::auth;
use super::range::{Wanted, wanted};
use crate::Market;
use crate::app::error::AppError;

/// Bytes read of a bundle before its answer begins.
const AHEAD: usize = 1 << 20;

/// A bundle or a part of it. Its bytes never change, so it may be kept for ever.
#[utoipa::path(get, path = "/api/marketplace/bundles/{name}", tag = "catalog",
    params(("name" = String, Path, description = "`{sha256}.pxp`")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, content_type = "application/octet-stream", body = Vec<u8>), (status = 304),
        (status = 307, description = "The bytes are at `Location`, for a few minutes; ranges are asked for there"),
        (status = "default", body = Problem)))]
pub(super) async fn get(
    State(market): State<Market>,
    caller: Option<Extension<Caller>>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Answer {
    let digest = digest_of(&name)?;
    let viewer = caller.and_then(|Extension(caller)| auth::viewer(&caller));
    let size = market.bundle(&digest, viewer.as_ref()).await?;
    let etag = format!("\"{digest}\"");
    let wanted = wanted(&headers, &etag, size);
    if matches!(wanted, Wanted::Whole | Wanted::Part(_))
        && let Some(store) = market.signed_download(&digest, method.clone()).await?
    {
        return Ok(elsewhere(store.as_str()));
    }
    let mut answer = match &wanted {
        Wanted::NotModified => StatusCode::NOT_MODIFIED.into_response(),
        Wanted::Unsatisfiable => return Ok(unsatisfiable(size)),
        Wanted::Whole => body(&market, &digest, &method, size, None).await?,
        Wanted::Part(range) => {
            let length = range.end - range.start;
            let mut answer = body(&market, &digest, &method, length, Some(range.clone())).await?;
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            let content = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            put(&mut answer, header::CONTENT_RANGE, &content);
            answer
        }
    };
    describe(&mut answer, &digest, &etag);
    Ok(answer)
}

fn digest_of(name: &str) -> Result<Digest, Failure> {
    name.strip_suffix(".pxp")
        .filter(|digits| digits.len() == 64)
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| Failure::not_found("bundle"))
}

async fn body(
    market: &Market,
    digest: &Digest,
    method: &Method,
    length: u64,
    range: Option<std::ops::Range<u64>>,
) -> Answer {
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let stream = market.blobs().read(digest, range).await;
        let mut stream = stream.map_err(AppError::from)?;
        let ahead = ahead(&mut stream).await?;
        Body::from_stream(stream::iter(ahead.into_iter().map(Ok)).chain(stream))
    };
    let mut answer = Response::new(body);
    put(&mut answer, header::CONTENT_LENGTH, &length.to_string());
    put(
        &mut answer,
        header::CONTENT_TYPE,
        "application/octet-stream",
    );
    Ok(answer)
}

/// The first bytes. Trouble up to here can still be said, and a bundle that is no longer is known to be
/// right before its answer begins; later it can only be cut off.
async fn ahead(stream: &mut BlobStream) -> Result<Vec<Bytes>, AppError> {
    let (mut chunks, mut read) = (Vec::new(), 0);
    while read < AHEAD
        && let Some(chunk) = stream.try_next().await?
    {
        read += chunk.len();
        chunks.push(chunk);
    }
    Ok(chunks)
}

/// On to the store that has the bytes. The address is a secret of this one caller and soon void, so
/// nobody may keep it.
fn elsewhere(location: &str) -> Response {
    let mut answer = StatusCode::TEMPORARY_REDIRECT.into_response();
    put(&mut answer, header::LOCATION, location);
    put(&mut answer, header::CACHE_CONTROL, "private, no-store");
    answer
}

fn describe(answer: &mut Response, digest: &Digest, etag: &str) {
    let sum = STANDARD.encode(digest.as_bytes());
    put(answer, header::ETAG, etag);
    put(answer, header::ACCEPT_RANGES, "bytes");
    put(
        answer,
        header::CACHE_CONTROL,
        "public, max-age=31536000, immutable, no-transform",
    );
    // Already compressed, and named by its digest: nobody on the way may encode it again.
    put(answer, header::CONTENT_ENCODING, "identity");
    put(
        answer,
        header::HeaderName::from_static("repr-digest"),
        &format!("sha-256=:{sum}:"),
    );
    put(
        answer,
        header::HeaderName::from_static("digest"),
        &format!("sha-256={sum}"),
    );
    let file = format!("attachment; filename=\"{}.pxp\"", digest.short());
    put(answer, header::CONTENT_DISPOSITION, &file);
}

fn unsatisfiable(size: u64) -> Response {
    let mut problem = Problem::new(Code::InvalidField, "the range lies beyond the bundle's end")
        .with_current(json!({ "size": size }));
    problem.status = 416;
    let mut answer = Failure::from(problem).into_response();
    put(
        &mut answer,
        header::CONTENT_RANGE,
        &format!("bytes */{size}"),
    );
    answer
}

fn put(answer: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
