//! Streaming bodies.

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, Limited};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// Body of a request or response; read and written as a stream.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// Why a body ended before its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Longer than the limit, in bytes.
    #[error("the body is longer than {0} bytes")]
    TooLarge(u64),
    /// The sender broke off.
    #[error("the body was broken off: {0}")]
    Broken(String),
}

/// No bytes.
#[must_use]
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// These bytes.
#[must_use]
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// Cuts `body` off with [`BodyError::TooLarge`] after `limit` bytes, and raises `exceeded` then.
pub(crate) fn limited(body: Body, limit: u64, exceeded: Arc<AtomicBool>) -> Body {
    let bytes = usize::try_from(limit).unwrap_or(usize::MAX);
    Limited::new(body, bytes)
        .map_err(move |error| match error.downcast::<BodyError>() {
            Ok(own) => *own,
            Err(_) => {
                exceeded.store(true, Ordering::Relaxed);
                BodyError::TooLarge(limit)
            }
        })
        .boxed_unsync()
}

/// Whether the headers already announce more than `limit` bytes.
pub(crate) fn announces_more_than(headers: &http::HeaderMap, limit: u64) -> bool {
    headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok())
        .is_some_and(|length| length > limit)
}

/// A body that ends in an error when `broken` was raised before its end: a sender that dies leaves
/// a body that otherwise looks complete.
pub(crate) struct Unbroken<B> {
    inner: B,
    broken: Arc<AtomicBool>,
    reported: bool,
}

impl<B> Unbroken<B> {
    pub(crate) const fn new(inner: B, broken: Arc<AtomicBool>) -> Self {
        Self {
            inner,
            broken,
            reported: false,
        }
    }
}

impl<B> http_body::Body for Unbroken<B>
where
    B: http_body::Body<Data = Bytes, Error = BodyError> + Unpin,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.reported {
            return Poll::Ready(None);
        }
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(None) if self.broken.load(Ordering::Acquire) => {
                self.reported = true;
                let reason = "the plugin stopped while answering".to_owned();
                Poll::Ready(Some(Err(BodyError::Broken(reason))))
            }
            other => other,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && !self.broken.load(Ordering::Acquire)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
