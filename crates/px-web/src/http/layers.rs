//! The layers around every router: request id, trace, limits, identity, problems, headers.

use super::around::{Around, Wrapped};
use super::failure::Failure;
use super::limit::Verdict;
use super::listen::Peer;
use crate::identity::{Caller, resolve};
use crate::problem_page;
use crate::shell::Ui;
use crate::web::Web;
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use px_api::Code;
use std::panic::AssertUnwindSafe;
use tower_http::compression::CompressionLayer;
use tracing::Instrument;

/// Largest body that is read into memory; uploads stream and have their own limit.
pub(super) const BODY_LIMIT: usize = 2 * 1024 * 1024;

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Name of the header that carries a request's id both ways.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Id of a request, in its extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Put into an answer's extensions, it keeps [`wrap`] from turning a bare refusal into a problem:
/// for answers that come from somebody else, such as a plugin.
#[derive(Debug, Clone, Copy)]
pub struct AsIs;

/// Puts all shared layers around a router, and adds `/problems/{code}`, where problems point to.
/// Routes added afterwards are not covered.
pub fn wrap(web: &Web, router: Router) -> Router {
    router.merge(problem_page::routes()).layer((
        Wrapped(Outer(web.clone())),
        CompressionLayer::new().compress_when(worth_compressing),
        Wrapped(Inner(web.clone())),
        DefaultBodyLimit::max(BODY_LIMIT),
    ))
}

/// What is around the compression: the request's id and figures, and the headers of every answer.
#[derive(Clone)]
struct Outer(Web);

impl Around for Outer {
    async fn around<F>(self, request: Request, next: impl FnOnce(Request) -> F + Send) -> Response
    where
        F: Future<Output = Response> + Send,
    {
        let web = &self.0;
        observe(web, request, async |request| {
            guard(web, next(request).await)
        })
        .await
    }
}

/// What is within it: the shape of problems, limits, and who asks.
#[derive(Clone)]
struct Inner(Web);

impl Around for Inner {
    async fn around<F>(self, request: Request, next: impl FnOnce(Request) -> F + Send) -> Response
    where
        F: Future<Output = Response> + Send,
    {
        let web = &self.0;
        let admitted = async |request| {
            let work = async {
                match limit_address(web, &request) {
                    Some(refused) => refused,
                    None => identify(web, request, next).await,
                }
            };
            let done = AssertUnwindSafe(work).catch_unwind().await;
            done.unwrap_or_else(panicked)
        };
        finish(web, request, admitted).await
    }
}

/// The address a request comes from, for limits and records.
#[must_use]
pub fn client_address(web: &Web, request: &Request) -> String {
    let forwarded = web.trust_forwarded().then(|| {
        let last = request
            .headers()
            .get_all("x-forwarded-for")
            .iter()
            .next_back()?;
        let text = last.to_str().ok()?.rsplit(',').next()?.trim();
        text.parse::<std::net::IpAddr>().ok()
    });
    let direct = request.extensions().get::<ConnectInfo<Peer>>();
    forwarded
        .flatten()
        .or_else(|| direct.map(|info| info.0.0.ip()))
        .map_or_else(|| "unknown".to_owned(), |ip| ip.to_string())
}

/// Text only, and only ours: bundles are compressed already and are asked for in ranges, streams of
/// events must not be held back, and what a plugin answers is passed on as it is.
fn worth_compressing(
    status: StatusCode,
    _: http::Version,
    headers: &HeaderMap,
    extensions: &http::Extensions,
) -> bool {
    let text = |kind: &str| {
        let texts = [
            "application/json",
            "application/problem+json",
            "image/svg+xml",
        ];
        let kind = kind.split(';').next().unwrap_or_default().trim();
        (kind.starts_with("text/") && kind != "text/event-stream") || texts.contains(&kind)
    };
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    status != StatusCode::PARTIAL_CONTENT
        && extensions.get::<AsIs>().is_none()
        && kind.is_some_and(text)
}

/// Trace id of a W3C `traceparent` field: `00-{trace id}-{parent id}-{flags}`.
fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let id = text.split('-').nth(1)?;
    (id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())).then_some(id)
}

fn given_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let sound = (8..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    sound.then(|| text.to_owned())
}

async fn observe<F>(
    web: &Web,
    mut request: Request,
    next: impl FnOnce(Request) -> F + Send,
) -> Response
where
    F: Future<Output = Response> + Send,
{
    let id = given_id(request.headers()).unwrap_or_else(|| web.env().uuid().simple().to_string());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let trace = trace_id(request.headers());
    let span = tracing::info_span!("request", id, %method, path = request.uri().path(), trace);
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(web.clone());
    let begun = web.env().now();
    let mut answer = next(request).instrument(span.clone()).await;
    let took = web.env().now().duration_since(begun);
    let status = answer.status().as_u16();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    web.meter()
        .answered(&method, route, status, took.as_secs_f64());
    span.in_scope(|| tracing::debug!(status, ms = took.as_millis() as i64, "answered"));
    if let Ok(value) = HeaderValue::try_from(id) {
        answer.headers_mut().insert(REQUEST_ID, value);
    }
    answer
}

fn guard(web: &Web, mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    let mut put = |name, value| headers.insert(name, HeaderValue::from_static(value));
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::REFERRER_POLICY, "same-origin");
    if web.secure_cookies() {
        put(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    // A handler that serves something else than our pages states its own policy.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(CSP),
        );
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    answer
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = text, "a handler panicked");
    Failure::new(
        Code::Internal,
        "Nothing was changed. Try again; if it stays, give the request id to the operator.",
    )
    .into_response()
}

/// The refusal, when an address asks too often.
fn limit_address(web: &Web, request: &Request) -> Option<Response> {
    let free = ["/assets/", "/livez", "/readyz", "/metrics"];
    if free.iter().any(|p| request.uri().path().starts_with(p)) {
        return None;
    }
    let address = client_address(web, request);
    let verdict = web.by_address().take(&address, web.env().now());
    (!verdict.allowed).then(|| too_many(verdict))
}

fn too_many(verdict: Verdict) -> Response {
    let wait = verdict.reset.max(1);
    let problem = px_api::Problem::new(
        Code::TooMany,
        format!(
            "More than {} requests at once; wait {wait} s.",
            verdict.limit
        ),
    )
    .with_current(serde_json::json!({ "limit": verdict.limit, "retryAfterSeconds": wait }));
    let mut answer = Failure::from(problem).retry_after(wait).into_response();
    limit_headers(&mut answer, verdict);
    answer
}

fn limit_headers(answer: &mut Response, verdict: Verdict) {
    let fields = [
        ("ratelimit-limit", u64::from(verdict.limit)),
        ("ratelimit-remaining", u64::from(verdict.remaining)),
        ("ratelimit-reset", verdict.reset),
    ];
    for (name, value) in fields {
        let name = HeaderName::from_static(name);
        answer.headers_mut().insert(name, HeaderValue::from(value));
    }
}

async fn identify<F>(
    web: &Web,
    request: Request,
    next: impl FnOnce(Request) -> F + Send,
) -> Response
where
    F: Future<Output = Response> + Send,
{
    // Files are the same for everybody: no database on their path.
    if request.uri().path().starts_with("/assets/") {
        return next(request).await;
    }
    let request = match resolve::admit(web, request).await {
        Ok(request) => request,
        Err(failure) => return failure.into_response(),
    };
    let caller = request.extensions().get::<Caller>();
    let Some(key) = caller.and_then(Caller::limit_key) else {
        return next(request).await;
    };
    let person = caller.filter(|_| wants_page(request.uri().path(), request.headers()));
    let person = person.cloned();
    let verdict = web.by_caller().take(&key, web.env().now());
    let mut answer = if verdict.allowed {
        let reader = resolve::Reader::of(web, &request);
        let mut answer = reader.watch(next(request).await);
        limit_headers(&mut answer, verdict);
        answer
    } else {
        too_many(verdict)
    };
    // Whoever reads the page of a problem sees it as themselves.
    if let Some(person) = person.filter(|_| !answer.status().is_success()) {
        answer.extensions_mut().insert(person);
    }
    answer
}

/// Whether a person reads the answer in a browser.
fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    let api = path.starts_with("/api/") || path.starts_with("/oauth/");
    !api && accept.is_some_and(|a| a.contains("text/html"))
}

/// Gives every problem its request id and shape, and turns bare refusals into problems.
async fn finish<F>(web: &Web, request: Request, next: impl FnOnce(Request) -> F + Send) -> Response
where
    F: Future<Output = Response> + Send,
{
    let (parts, body) = request.into_parts();
    let kept = wants_page(parts.uri.path(), &parts.headers).then(|| parts.clone());
    let id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
    let uri = parts.uri.clone();
    let answer = next(Request::from_parts(parts, body)).await;
    let Some((failure, mut headers)) = failure_of(&answer, uri.path()) else {
        return answer;
    };
    let caller = answer.extensions().get::<Caller>().cloned();
    let mut problem = failure.problem().clone();
    problem.request_id = id;
    headers.remove(header::CONTENT_LENGTH);
    let mut made = match kept {
        Some(mut parts) => {
            headers.remove(header::CONTENT_TYPE);
            parts.extensions.insert(caller.unwrap_or_default());
            problem_page::show(&reader(web, &parts, problem.status).await, &problem)
        }
        None => Failure::from(problem).into_response(),
    };
    for (name, value) in &headers {
        if !made.headers().contains_key(name) {
            made.headers_mut().append(name, value.clone());
        }
    }
    made
}

/// Who reads a problem's page. Nothing is counted for it while the server itself is in trouble.
async fn reader(web: &Web, parts: &Parts, status: u16) -> Ui {
    if status < 500 {
        Ui::counted(web, parts).await
    } else {
        Ui::from_parts(web, parts)
    }
}

fn failure_of(answer: &Response, path: &str) -> Option<(Failure, HeaderMap)> {
    if answer.extensions().get::<AsIs>().is_some() {
        return None;
    }
    let headers = || answer.headers().clone();
    if let Some(failure) = answer.extensions().get::<Failure>() {
        return Some((failure.clone(), headers()));
    }
    let empty = axum::body::HttpBody::size_hint(answer.body()).exact() == Some(0);
    let plain = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|v| v.as_bytes().starts_with(b"text/plain"));
    let (code, detail) = match answer.status() {
        StatusCode::NOT_FOUND if empty => (Code::NotFound, format!("`{path}` names nothing here.")),
        StatusCode::METHOD_NOT_ALLOWED if empty => (
            Code::MethodNotAllowed,
            format!("`{path}` does not take this method; see the Allow header."),
        ),
        StatusCode::PAYLOAD_TOO_LARGE if empty || plain => (
            Code::TooLarge,
            format!("Bodies are limited to {BODY_LIMIT} bytes here."),
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE if empty || plain => (
            Code::UnsupportedMedia,
            "This content type is not taken here.".to_owned(),
        ),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY if plain && !empty => (
            Code::MalformedBody,
            "The address or body does not have the expected form.".to_owned(),
        ),
        _ => return None,
    };
    Some((Failure::new(code, detail), headers()))
}
