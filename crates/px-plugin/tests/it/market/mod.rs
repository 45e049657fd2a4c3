//! A Marketplace small enough to read: it speaks the real protocol over real HTTP, keeps everything in
//! memory, refuses what the protocol refuses, and fails where a test asks it to.

mod trust;

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, patch, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use px_api::market::{PublishAnswer, PublishRequest, Sla};
use px_api::{Code, Problem};
use px_model::{Digest, PublishId, ReviewId, UploadId, VersionId};
use px_package::signature::{PublisherCa, SigningKey, Validity};
use rand::SeedableRng;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What the Marketplace knows, and what it is to do wrong.
pub struct Inner {
    ca: PublisherCa,
    next: u128,
    pub requests: u32,
    pub publishes: BTreeMap<String, (PublishRequest, PublishAnswer)>,
    pub uploads: HashMap<String, Upload>,
    pub submitted: Vec<String>,
    pub withdrawn: Vec<Value>,
    pub listed: HashMap<String, Vec<Value>>,
    pub telemetry: Vec<Value>,
    pub views: Vec<Value>,
    pub report: Option<Value>,
    /// Answer this many chunks with 503.
    pub fail_chunks: u32,
    /// Say of this many chunks that they arrived damaged.
    pub damage_chunks: u32,
    /// Every new upload is gone at once, this many times.
    pub expire_uploads: u32,
    /// The signing service gives wrong signatures.
    pub forge: bool,
    /// Reviews are not taken.
    pub refuse_submits: bool,
    /// There is no event stream.
    pub no_stream: bool,
    revoked: Vec<String>,
}

/// One upload resource.
#[derive(Default)]
pub struct Upload {
    size: u64,
    pub bytes: Vec<u8>,
    pub offsets: Vec<u64>,
    expired: bool,
}

type Shared = Arc<Mutex<Inner>>;

/// A running Marketplace; it stops when it is dropped.
pub struct Market {
    pub url: String,
    inner: Shared,
    _runtime: tokio::runtime::Runtime,
}

impl Market {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Mutex::new(fresh()));
        let app = routes(Arc::clone(&inner));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self {
            url,
            inner,
            _runtime: runtime,
        }
    }

    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub fn requests(&self) -> u32 {
        self.inner().requests
    }

    /// The only upload there is, when there is one.
    pub fn uploaded(&self) -> u64 {
        self.inner()
            .uploads
            .values()
            .map(|upload| upload.bytes.len() as u64)
            .max()
            .unwrap_or(0)
    }
}

fn fresh() -> Inner {
    let mut rng = rand::rngs::StdRng::from_seed([3; 32]);
    let now = Timestamp::now();
    let validity = Validity {
        not_before: now - SignedDuration::from_hours(1),
        not_after: now + SignedDuration::from_hours(9000),
    };
    Inner {
        ca: PublisherCa::create(
            "Test CA",
            SigningKey::generate(&mut rng),
            validity,
            &mut rng,
        )
        .unwrap(),
        next: 0,
        requests: 0,
        publishes: BTreeMap::new(),
        uploads: HashMap::new(),
        submitted: Vec::new(),
        withdrawn: Vec::new(),
        listed: HashMap::new(),
        telemetry: Vec::new(),
        views: Vec::new(),
        report: None,
        fail_chunks: 0,
        damage_chunks: 0,
        expire_uploads: 0,
        forge: false,
        refuse_submits: false,
        no_stream: false,
        revoked: Vec::new(),
    }
}

impl Inner {
    fn uuid(&mut self) -> Uuid {
        self.next += 1;
        Uuid::from_u128(self.next)
    }
}

fn problem(code: Code, detail: &str) -> Response {
    let problem = Problem::new(code, detail);
    let status = StatusCode::from_u16(problem.status).unwrap();
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        Json(problem),
    )
        .into_response()
}

fn routes(state: Shared) -> Router {
    let signed_in = Router::new()
        .route("/api/marketplace/plugins/publish", post(publish))
        .route("/api/marketplace/plugins/{id}/versions", get(versions))
        .route("/api/marketplace/plugins/{id}/submit-review", post(submit))
        .route("/api/marketplace/plugins/{id}/status", patch(withdraw))
        .route(&view_path("{id}"), get(view))
        .route(&stream_path("{id}"), get(stream))
        .route("/api/marketplace/plugins/{id}/report", get(report))
        .route("/api/marketplace/uploads/{id}", any(upload))
        .route("/api/marketplace/publisher/keys", post(trust::register_key))
        .route(
            "/api/marketplace/publisher/keys/{id}/revoke",
            post(trust::revoke_key),
        )
        .route(
            "/api/v1/limits",
            get(|| async { Json(json!({ "supportedCores": ["1.0.0"], "maxBundleBytes": 1 })) }),
        )
        .route("/api/v1/me", get(trust::who_am_i))
        .layer(axum::middleware::from_fn(authorise));
    Router::new()
        .merge(signed_in)
        .route("/oauth/token", post(trust::token))
        .route("/api/marketplace/trust", get(trust::trust))
        .route("/readyz", get(|| async { "{}" }))
        .route("/telemetry/", post(trust::telemetry))
        .route("/signer/profiles/hsm", get(trust::signer_profile))
        .route("/signer/profiles/hsm/sign", post(trust::signer_sign))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&state),
            count,
        ))
        .with_state(state)
}

pub fn view_path(id: &str) -> String {
    format!("/api/marketplace/plugins/{id}/review")
}

fn stream_path(id: &str) -> String {
    format!("/api/marketplace/plugins/{id}/review/stream")
}

async fn count(
    State(state): State<Shared>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    state.lock().unwrap().requests += 1;
    let mut answer = next.run(request).await;
    let now = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&Timestamp::now())
        .unwrap();
    answer
        .headers_mut()
        .insert(header::DATE, now.parse().unwrap());
    answer
}

async fn authorise(
    headers: HeaderMap,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    if headers
        .get(header::AUTHORIZATION)
        .is_some_and(|value| value == "Bearer good-token")
    {
        next.run(request).await
    } else {
        problem(Code::Unauthenticated, "the token is not known")
    }
}

async fn publish(State(state): State<Shared>, Json(request): Json<PublishRequest>) -> Response {
    let mut inner = state.lock().unwrap();
    if let Some((known, answer)) = inner.publishes.get(&request.publish_request_id) {
        let same = serde_json::to_value(known).unwrap() == serde_json::to_value(&request).unwrap();
        return if same {
            Json(answer).into_response()
        } else {
            problem(Code::IdempotencyReused, "other body")
        };
    }
    let taken = |(known, _): &(PublishRequest, PublishAnswer)| {
        known.version == request.version && known.artifact.sha256 != request.artifact.sha256
    };
    if inner.publishes.values().any(taken) {
        return problem(Code::VersionExists, "somebody published it first");
    }
    let upload = UploadId::from_uuid(inner.uuid()).to_string();
    let expired = inner.expire_uploads > 0;
    inner.expire_uploads = inner.expire_uploads.saturating_sub(1);
    inner.uploads.insert(
        upload.clone(),
        Upload {
            size: request.artifact.size,
            expired,
            ..Upload::default()
        },
    );
    let answer = PublishAnswer {
        publish_id: PublishId::from_uuid(inner.uuid()),
        version_id: VersionId::from_uuid(inner.uuid()),
        review_id: ReviewId::from_uuid(inner.uuid()),
        status: "queued".to_owned(),
        upload_url: format!("/api/marketplace/uploads/{upload}"),
        sla: Sla {
            expected_review_duration: 1800,
            max_duration: 14400,
        },
        next_check_at: Timestamp::now() + SignedDuration::from_mins(1),
    };
    inner.publishes.insert(
        request.publish_request_id.clone(),
        (request, answer.clone()),
    );
    (StatusCode::CREATED, Json(answer)).into_response()
}

/// tus 1.0: `HEAD` and `PATCH` with a checksum.
async fn upload(
    State(state): State<Shared>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    if text("tus-resumable") != "1.0.0" {
        return StatusCode::PRECONDITION_FAILED.into_response();
    }
    {
        let inner = state.lock().unwrap();
        match inner.uploads.get(&id) {
            None => return problem(Code::NotFound, "no such upload"),
            Some(upload) if upload.expired => return problem(Code::UploadExpired, "gone"),
            Some(upload) if method == Method::HEAD => {
                return offset(upload.bytes.len() as u64, StatusCode::OK);
            }
            Some(_) => {}
        }
    }
    if method != Method::PATCH || text("content-type") != "application/offset+octet-stream" {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    // With a checksum a chunk counts as a whole or not at all: what a killed client sent is dropped.
    let Ok(chunk) = to_bytes(body, 64 << 20).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut inner = state.lock().unwrap();
    if inner.fail_chunks > 0 {
        inner.fail_chunks -= 1;
        return problem(Code::Unavailable, "the store is away");
    }
    if inner.damage_chunks > 0 {
        inner.damage_chunks -= 1;
        return (StatusCode::from_u16(460).unwrap(), "").into_response();
    }
    let expected = text("upload-checksum");
    if expected != format!("sha256 {}", BASE64.encode(Sha256::digest(&chunk))) {
        return problem(Code::ChecksumMismatch, "a damaged chunk");
    }
    let upload = inner.uploads.get_mut(&id).unwrap();
    if text("upload-offset") != upload.bytes.len().to_string() {
        return problem(Code::UploadOffset, "another offset");
    }
    upload.offsets.push(upload.bytes.len() as u64);
    upload.bytes.extend_from_slice(&chunk);
    if upload.bytes.len() as u64 > upload.size {
        return problem(Code::TooLarge, "more than registered");
    }
    offset(upload.bytes.len() as u64, StatusCode::NO_CONTENT)
}

fn offset(offset: u64, status: StatusCode) -> Response {
    (
        status,
        [
            ("tus-resumable", "1.0.0".to_owned()),
            ("upload-offset", offset.to_string()),
        ],
    )
        .into_response()
}

async fn submit(State(state): State<Shared>, Path(id): Path<String>) -> Response {
    let mut inner = state.lock().unwrap();
    if inner.refuse_submits {
        return problem(Code::PublisherUnverified, "verify yourself first");
    }
    let found = inner
        .publishes
        .values()
        .find(|(_, answer)| answer.version_id.to_string() == id)
        .cloned();
    let Some((request, answer)) = found else {
        return problem(Code::NotFound, "no such version");
    };
    let upload = answer.upload_url.rsplit('/').next().unwrap();
    let bytes = &inner.uploads[upload].bytes;
    if bytes.len() as u64 != request.artifact.size {
        return problem(Code::UploadOffset, "bytes are missing");
    }
    if Digest::from_bytes(Sha256::digest(bytes).into()) != request.artifact.sha256 {
        return problem(Code::UploadMismatch, "not the registered bytes");
    }
    inner.submitted.push(id);
    (StatusCode::ACCEPTED, Json(json!({}))).into_response()
}

async fn versions(State(state): State<Shared>, Path(id): Path<String>) -> Response {
    let inner = state.lock().unwrap();
    match inner.listed.get(&id) {
        Some(items) => Json(items).into_response(),
        None => problem(Code::NotFound, "no such plugin"),
    }
}

async fn view(State(state): State<Shared>) -> Response {
    let inner = state.lock().unwrap();
    inner.views.first().map_or_else(
        || problem(Code::NotFound, "no such version"),
        |view| Json(view).into_response(),
    )
}

async fn stream(State(state): State<Shared>) -> Response {
    let inner = state.lock().unwrap();
    if inner.no_stream {
        drop(inner);
        // Where there is no stream, time passes between two questions.
        let mut inner = state.lock().unwrap();
        if inner.views.len() > 1 {
            inner.views.remove(0);
        }
        return problem(Code::NotFound, "no stream");
    }
    let events: Vec<String> = inner
        .views
        .iter()
        .map(|view| format!("id: 1\ndata: {view}\n\n"))
        .collect();
    let pieces = futures::stream::iter(events).map(Ok::<_, Infallible>);
    (
        [(header::CONTENT_TYPE, "text/event-stream")],
        Body::from_stream(pieces),
    )
        .into_response()
}

async fn report(State(state): State<Shared>) -> Response {
    let inner = state.lock().unwrap();
    inner.report.as_ref().map_or_else(
        || problem(Code::NotFound, "no report"),
        |report| Json(report).into_response(),
    )
}

async fn withdraw(
    State(state): State<Shared>,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Response {
    state
        .lock()
        .unwrap()
        .withdrawn
        .push(json!({ "id": id, "body": body }));
    view(State(state)).await
}
