//! The tus 1.0 upload server: core, creation, checksum, expiration, termination; and plain `PUT`.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::map_response_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{options, post};
use http::{HeaderMap, StatusCode, header};
use px_api::{Code, Problem, tus};
use px_model::UploadId;
use px_web::identity::Publisher;
use px_web::{Answer, Failure};

use super::answers::Named;
use super::auth;
use super::tus as fields;
use crate::Market;
use crate::app::upload::{UploadInfo, WriteAt};

pub(super) fn routes() -> Router<Market> {
    Router::new()
        .route("/api/marketplace/uploads", post(create).options(offer))
        .route(
            "/api/marketplace/uploads/{uploadId}",
            options(offer)
                .head(progress)
                .patch(append)
                .put(replace)
                .delete(terminate)
                .post(overridden),
        )
        .layer(map_response_with_state((), speak_tus))
}

/// Every answer says which protocol it is.
async fn speak_tus(State(()): State<()>, mut answer: Response) -> Response {
    fields::put(answer.headers_mut(), tus::RESUMABLE, tus::VERSION);
    answer
}

/// What this server can do.
#[utoipa::path(options, path = "/api/marketplace/uploads", tag = "upload", responses((status = 204)))]
pub(super) async fn offer(State(market): State<Market>) -> Response {
    let mut answer = StatusCode::NO_CONTENT.into_response();
    let headers = answer.headers_mut();
    fields::put(headers, "tus-version", tus::VERSION);
    fields::put(headers, "tus-extension", tus::EXTENSIONS);
    fields::put(headers, "tus-checksum-algorithm", tus::CHECKSUMS);
    fields::put(
        headers,
        "tus-max-size",
        &market.config().max_bundle_bytes.to_string(),
    );
    answer
}

/// Makes a new upload resource for a registered version whose first one was dropped.
#[utoipa::path(post, path = "/api/marketplace/uploads", tag = "upload",
    params(("upload-length" = u64, Header), ("upload-metadata" = String, Header, description = "`versionId BASE64`")),
    responses((status = 201), (status = "default", body = Problem)))]
pub(super) async fn create(
    State(market): State<Market>,
    who: Publisher,
    headers: HeaderMap,
) -> Answer {
    fields::check_version(&headers)?;
    let length = fields::number(&headers, tus::LENGTH)?;
    let version = fields::version_id(&headers)?;
    let info = market
        .create_upload(&auth::publisher(&who), version, length)
        .await?;
    let mut answer = told(StatusCode::CREATED, &info);
    let location = format!("/api/marketplace/uploads/{}", info.upload);
    fields::put(answer.headers_mut(), header::LOCATION.as_str(), &location);
    Ok(answer)
}

/// How far an upload is.
#[utoipa::path(head, path = "/api/marketplace/uploads/{uploadId}", tag = "upload",
    params(("uploadId" = String, Path)), responses((status = 200), (status = "default", body = Problem)))]
pub(super) async fn progress(
    State(market): State<Market>,
    who: Publisher,
    Named(upload): Named<UploadId>,
    headers: HeaderMap,
) -> Answer {
    fields::check_version(&headers)?;
    let info = market.upload_info(&auth::publisher(&who), upload).await?;
    let mut answer = told(StatusCode::OK, &info);
    fields::put(answer.headers_mut(), tus::LENGTH, &info.size.to_string());
    Ok(answer)
}

/// Appends at `Upload-Offset`.
#[utoipa::path(patch, path = "/api/marketplace/uploads/{uploadId}", tag = "upload",
    params(("uploadId" = String, Path), ("upload-offset" = u64, Header), ("upload-checksum" = Option<String>, Header)),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn append(
    State(market): State<Market>,
    who: Publisher,
    Named(upload): Named<UploadId>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    fields::check_version(&headers)?;
    if fields::text(&headers, header::CONTENT_TYPE.as_str()) != Some(tus::OFFSET_STREAM) {
        let detail = format!("Send the bytes as `Content-Type: {}`.", tus::OFFSET_STREAM);
        return Err(Failure::new(Code::UnsupportedMedia, detail));
    }
    let offset = fields::number(&headers, tus::OFFSET)?;
    let at = WriteAt::Offset(offset, fields::checksum(&headers)?);
    write(&market, &who, upload, at, body).await
}

/// Sends the whole bundle in one request, for clients without tus.
#[utoipa::path(put, path = "/api/marketplace/uploads/{uploadId}", tag = "upload",
    params(("uploadId" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn replace(
    State(market): State<Market>,
    who: Publisher,
    Named(upload): Named<UploadId>,
    body: Body,
) -> Answer {
    write(&market, &who, upload, WriteAt::Start, body).await
}

async fn write(
    market: &Market,
    who: &Publisher,
    upload: UploadId,
    at: WriteAt,
    body: Body,
) -> Answer {
    let auth = auth::publisher(who);
    let info = market
        .write_upload(&auth, upload, at, body.into_data_stream())
        .await?;
    Ok(told(StatusCode::NO_CONTENT, &info))
}

/// Drops an upload and its bytes.
#[utoipa::path(delete, path = "/api/marketplace/uploads/{uploadId}", tag = "upload",
    params(("uploadId" = String, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn terminate(
    State(market): State<Market>,
    who: Publisher,
    Named(upload): Named<UploadId>,
    headers: HeaderMap,
) -> Answer {
    fields::check_version(&headers)?;
    market
        .terminate_upload(&auth::publisher(&who), upload)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `X-HTTP-Method-Override`, for clients behind proxies that know `GET` and `POST` only.
pub(super) async fn overridden(
    market: State<Market>,
    who: Publisher,
    upload: Named<UploadId>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    match fields::text(&headers, "x-http-method-override") {
        Some("PATCH") => append(market, who, upload, headers, body).await,
        Some("DELETE") => terminate(market, who, upload, headers).await,
        _ => Err(Failure::new(
            Code::MethodNotAllowed,
            "An upload takes HEAD, PATCH, PUT and DELETE.",
        )),
    }
}

fn told(status: StatusCode, info: &UploadInfo) -> Response {
    let mut answer = status.into_response();
    fields::describe(answer.headers_mut(), info);
    fields::put(
        answer.headers_mut(),
        header::CACHE_CONTROL.as_str(),
        "no-store",
    );
    answer
}
