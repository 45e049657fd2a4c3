//! A webhook receiver that keeps what it is given and can misbehave.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, StatusCode, Uri, header};
use serde_json::Value;
use tokio::task::JoinHandle;
use url::Url;

use crate::eventually;

/// How the receiver answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// With a status and an empty body.
    Status(u16),
    /// With a status and `Retry-After` in seconds.
    RetryAfter(u16, u32),
    /// With `301` to that place.
    Redirect(String),
    /// Never.
    Hang,
    /// With a status and a body that does not end.
    Endless(u16),
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Path and query.
    pub uri: Uri,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Received {
    /// Checks the signature by Standard Webhooks, the timestamp against the machine's clock.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify(&self, secret: &str) -> Result<(), standardwebhooks::WebhookError> {
        standardwebhooks::Webhook::new(secret)?.verify(&self.body, &self.headers)
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// A header as text; empty when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

#[derive(Debug)]
struct Inner {
    received: Vec<Received>,
    next: VecDeque<Answer>,
    otherwise: Answer,
}

type Shared = Arc<Mutex<Inner>>;

/// A listening receiver; dropping it closes the port.
#[derive(Debug)]
pub struct WebhookReceiver {
    address: SocketAddr,
    inner: Shared,
    server: JoinHandle<()>,
}

impl WebhookReceiver {
    /// Listens on a free loopback port and answers `204` until told otherwise.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        let inner = Arc::new(Mutex::new(Inner {
            received: Vec::new(),
            next: VecDeque::new(),
            otherwise: Answer::Status(204),
        }));
        let app = Router::new().fallback(take).with_state(Arc::clone(&inner));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self {
            address,
            inner,
            server,
        })
    }

    /// Address of a path (with leading slash) at this receiver.
    ///
    /// # Panics
    /// When the path cannot stand in a URL.
    #[must_use]
    pub fn url(&self, path: &str) -> Url {
        let text = format!("http://{}{path}", self.address);
        text.parse().expect("a path")
    }

    /// Answers for the next requests, in order.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = Answer>) {
        lock(&self.inner).next.extend(answers);
    }

    /// The answer when no other is queued.
    pub fn answer_always(&self, answer: Answer) {
        lock(&self.inner).otherwise = answer;
    }

    /// Requests so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        lock(&self.inner).received.clone()
    }

    /// Waits until at least `count` requests came.
    ///
    /// # Panics
    /// When they do not come in 20 s.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        eventually("webhooks", || async {
            Some(self.received()).filter(|all| all.len() >= count)
        })
        .await
    }
}

impl Drop for WebhookReceiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(inner: &Shared) -> std::sync::MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn take(State(inner): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let answer = {
        let mut inner = lock(&inner);
        inner.received.push(Received { uri, headers, body });
        inner
            .next
            .pop_front()
            .unwrap_or_else(|| inner.otherwise.clone())
    };
    let status = |code| StatusCode::from_u16(code).expect("a status");
    match answer {
        Answer::Status(code) => status(code).into_response(),
        Answer::RetryAfter(code, seconds) => {
            (status(code), [(header::RETRY_AFTER, seconds.to_string())]).into_response()
        }
        Answer::Redirect(to) => {
            (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]).into_response()
        }
        Answer::Hang => std::future::pending().await,
        Answer::Endless(code) => {
            let piece = Bytes::from_static(&[b'.'; 4096]);
            let body = stream::repeat_with(move || Ok::<_, Infallible>(piece.clone()));
            (status(code), Body::from_stream(body)).into_response()
        }
    }
}
