//! Whoever is not signed in and asks for a page is led to the sign-in page and back; pages the
//! operator has closed say so.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, StatusCode, Uri, header};
use px_api::Code;
use px_web::Failure;
use px_web::identity::Caller;

use crate::Core;

/// Lets those through who may see the marketplace's pages; who is not signed in passes on to be
/// led to the sign-in page.
pub(super) async fn marketplace(
    State(core): State<Core>,
    request: Request,
    next: Next,
) -> Response {
    let caller = request.extensions().get::<Caller>();
    let console = &core.config().console;
    let closed = caller
        .filter(|caller| caller.is_signed_in())
        .is_some_and(|caller| !console.shows_marketplace(|role| caller.has_role(role)));
    if closed {
        let text = "The operator has closed the marketplace pages for your role \
            (PX_MARKETPLACE_UI, PX_MARKETPLACE_UI_ALLOWED_ROLES).";
        return Failure::new(Code::Forbidden, text).into_response();
    }
    next.run(request).await
}

/// Turns 401 on a page into the way to the sign-in page; other answers pass.
pub(super) async fn to_sign_in(request: Request, next: Next) -> Response {
    let reads = request.method() == Method::GET;
    let accept = request.headers().get(header::ACCEPT);
    let page = accept
        .and_then(|v| v.to_str().ok())
        .is_some_and(|a| a.contains("text/html"));
    let uri = request.uri().clone();
    let answer = next.run(request).await;
    if answer.status() == StatusCode::UNAUTHORIZED && page {
        let back = if reads { uri } else { Uri::from_static("/") };
        let path = back.to_string();
        let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        return Redirect::to(&format!("/sign-in?next={next}")).into_response();
    }
    answer
}
