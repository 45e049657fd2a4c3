//! Passing a request to a process over loopback.

use crate::body::{Body, BodyError, limited};
use crate::fault::RunFault;
use crate::spec::LaunchSpec;
use http::header::{self, HeaderMap, HeaderName};
use http::{HeaderValue, Request, Response, Uri};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// Headers of one connection, not of the message (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// A client with pooled connections.
#[derive(Clone)]
pub(super) struct Proxy {
    client: Client<HttpConnector, Body>,
    timeout: Duration,
    body_limit: u64,
    health_path: String,
}

impl Proxy {
    pub(super) fn new(spec: &LaunchSpec) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(2)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Self {
            client,
            timeout: spec.limits.request_timeout,
            body_limit: spec.limits.request_body_bytes,
            health_path: spec.health_path.clone(),
        }
    }

    pub(super) async fn ask(
        &self,
        port: u16,
        request: Request<Body>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Response<Body>, RunFault> {
        let too_large = Arc::new(AtomicBool::new(false));
        let body_limit = self.body_limit;
        let request = request.map(|body| limited(body, body_limit, too_large.clone()));
        let request = addressed(request, port)?;
        let answer = tokio::time::timeout(self.timeout, self.send(request)).await;
        let response = match answer {
            Err(_) => {
                return Err(RunFault::Timeout {
                    limit: self.timeout,
                });
            }
            Ok(Err(_)) if too_large.load(Ordering::Relaxed) => {
                return Err(RunFault::BodyTooLarge {
                    limit_bytes: body_limit,
                });
            }
            Ok(Err(error)) if error.is_connect() => {
                return Err(RunFault::Unavailable {
                    reason: "it does not accept connections".to_owned(),
                });
            }
            Ok(Err(error)) => {
                return Err(RunFault::BadGateway {
                    reason: chain(&error),
                });
            }
            Ok(Ok(response)) => response,
        };
        let (mut parts, body) = response.into_parts();
        strip_hop_by_hop(&mut parts.headers);
        let body = body.map_err(move |error| {
            // Held until the body is gone.
            let _running = &permit;
            BodyError::Broken(error.to_string())
        });
        Ok(Response::from_parts(parts, body.boxed_unsync()))
    }

    /// A process may close a connection that rested in the moment it is used again. What only reads
    /// and has no body is asked once more then, on another connection (RFC 9110 section 9.2.2).
    async fn send(&self, request: Request<Body>) -> Result<Response<hyper::body::Incoming>, Error> {
        let again = repeatable(&request);
        let error = match self.client.request(request).await {
            Err(error) if cut(&error) => error,
            done => return done,
        };
        match again {
            // A process that is gone now died of the first: that is what went wrong.
            Some(again) => self.client.request(again).await.map_err(|_| error),
            None => Err(error),
        }
    }

    /// Asks the health path once.
    pub(super) async fn health(&self, port: u16) -> Result<(), RunFault> {
        let request = crate::instance::health_request(&self.health_path)?;
        let limit = crate::instance::HEALTH_TIMEOUT.min(self.timeout);
        match tokio::time::timeout(limit, self.ask(port, request, None)).await {
            Ok(Ok(response)) => crate::instance::healthy(&response),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(RunFault::Timeout { limit }),
        }
    }
}

/// The same request, when it may be sent twice.
fn repeatable(request: &Request<Body>) -> Option<Request<Body>> {
    if !request.method().is_safe() || !request.body().is_end_stream() {
        return None;
    }
    let mut again = Request::new(crate::body::empty());
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.version_mut() = request.version();
    again.headers_mut().clone_from(request.headers());
    Some(again)
}

/// Whether the connection ended before there was an answer.
fn cut(error: &Error) -> bool {
    use std::io::ErrorKind;
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(error) = inner.downcast_ref::<hyper::Error>()
            && (error.is_incomplete_message() || error.is_canceled())
        {
            return true;
        }
        if let Some(error) = inner.downcast_ref::<std::io::Error>() {
            let ends = [
                ErrorKind::ConnectionReset,
                ErrorKind::BrokenPipe,
                ErrorKind::ConnectionAborted,
            ];
            return ends.contains(&error.kind());
        }
        source = inner.source();
    }
    false
}

/// The request as the process gets it.
fn addressed(request: Request<Body>, port: u16) -> Result<Request<Body>, RunFault> {
    let (mut parts, body) = request.into_parts();
    let authority = format!("127.0.0.1:{port}");
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = Uri::builder()
        .scheme("http")
        .authority(authority.as_str())
        .path_and_query(path)
        .build()
        .map_err(RunFault::host)?;
    parts.version = http::Version::HTTP_11;
    strip_hop_by_hop(&mut parts.headers);
    let host = HeaderValue::try_from(authority).map_err(RunFault::host)?;
    parts.headers.insert(header::HOST, host);
    Ok(Request::from_parts(parts, body))
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
