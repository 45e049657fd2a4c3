//! Errors of handlers: a problem for the caller, the chain of causes for the log, once.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use px_api::{Code, Problem};
use px_store::StoreError;
use std::fmt;

/// What a handler answers: a value, or a [`Failure`].
pub type Answer<T = Response> = Result<T, Failure>;

/// A problem on its way to the caller. [`crate::wrap`] adds the request id and shows it as a page
/// where a browser asks.
#[derive(Debug, Clone)]
pub struct Failure {
    problem: Box<Problem>,
    retry_after: Option<u64>,
}

impl Failure {
    /// A problem of a kind, with what happened this time.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Problem::new(code, detail).into()
    }

    /// There is no such thing, or the caller may not know of it.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// A fault of ours: the error's chain goes to the log, the caller gets the request id.
    #[must_use]
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = error.to_string();
        let mut at = error.source();
        while let Some(cause) = at {
            chain.push_str(": ");
            chain.push_str(&cause.to_string());
            at = cause.source();
        }
        tracing::error!(error = chain, "request failed");
        Self::new(
            Code::Internal,
            "Nothing was changed. Try again; if it stays, give the request id to the operator.",
        )
    }

    /// Says after how many seconds to try again (`Retry-After`).
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The problem.
    #[must_use]
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            retry_after: None,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Missing(what) => Self::not_found(what),
            StoreError::Stale(what) => Self::new(
                Code::PreconditionFailed,
                format!("Somebody else changed the {what} in the meantime. Load it again."),
            ),
            StoreError::KeyReused(key) => Self::new(
                Code::IdempotencyReused,
                format!("`{key}` came before with another body."),
            ),
            _ if error.is_transient() => {
                tracing::warn!(%error, "the database is busy or away");
                Self::new(Code::Unavailable, "The database does not answer in time.").retry_after(5)
            }
            _ => Self::internal(&error),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&*self.problem).unwrap_or_default();
        let mut answer = (status, body).into_response();
        let headers = answer.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"powerx\""),
            );
        }
        // For the layer that adds the request id and knows whether a person reads.
        answer.extensions_mut().insert(self);
        answer
    }
}
