//! Layers that are one asynchronous function each.
//!
//! A stack of `axum::middleware::from_fn` copies everything inside of each layer with every request,
//! on the heap, so that its cost grows with the square of its height. These copy once.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use futures::future::BoxFuture;
use std::convert::Infallible;
use std::task::{Context, Poll};
use tower::{BoxError, Layer, Service};

/// What is done around everything further in.
pub(super) trait Around: Clone + Send + Sync + 'static {
    /// Answers a request, with the help of `next`.
    fn around<F>(
        self,
        request: Request,
        next: impl FnOnce(Request) -> F + Send,
    ) -> impl Future<Output = Response> + Send
    where
        F: Future<Output = Response> + Send;
}

/// The layer of an [`Around`].
#[derive(Clone)]
pub(super) struct Wrapped<A>(pub(super) A);

impl<A: Clone, S> Layer<S> for Wrapped<A> {
    type Service = Wrapping<A, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Wrapping {
            around: self.0.clone(),
            inner,
        }
    }
}

/// The service of a [`Wrapped`].
#[derive(Clone)]
pub(super) struct Wrapping<A, S> {
    around: A,
    inner: S,
}

impl<A, S, B> Service<Request> for Wrapping<A, S>
where
    A: Around,
    S: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let again = self.inner.clone();
        // The one that said it is ready.
        let mut inner = std::mem::replace(&mut self.inner, again);
        let around = self.around.clone();
        Box::pin(async move {
            let next = async |request: Request| match inner.call(request).await {
                Ok(answer) => answer.map(Body::new),
                Err(never) => match never {},
            };
            Ok(around.around(request, next).await)
        })
    }
}
