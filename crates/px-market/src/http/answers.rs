//! Use cases' errors as answers, and ids in addresses.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use px_web::Failure;

use crate::app::error::AppError;

impl From<AppError> for Failure {
    fn from(e: AppError) -> Self {
        if e.is_trouble() {
            tracing::error!(error = %e, "a use case failed");
        }
        let problem = e.problem();
        let away = problem.status == 503;
        let failure = Self::from(problem);
        if away {
            failure.retry_after(5)
        } else {
            failure
        }
    }
}

/// The last id in the address; one that cannot be an id names nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<T>(pub T);

impl<T, S> FromRequestParts<S> for Named<T>
where
    T: FromStr,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Failure::not_found("thing"))?;
        let text = params
            .iter()
            .last()
            .map(|(_, text)| text)
            .unwrap_or_default();
        text.parse()
            .map(Self)
            .map_err(|_| Failure::not_found("thing"))
    }
}

/// The first two ids in the address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named2<T, U>(pub T, pub U);

impl<T, U, S> FromRequestParts<S> for Named2<T, U>
where
    T: FromStr,
    U: FromStr,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Failure::not_found("thing"))?;
        let mut texts = params.iter().map(|(_, text)| text);
        let first = texts.next().and_then(|text| text.parse().ok());
        let second = texts.next().and_then(|text| text.parse().ok());
        match (first, second) {
            (Some(first), Some(second)) => Ok(Self(first, second)),
            _ => Err(Failure::not_found("thing")),
        }
    }
}
