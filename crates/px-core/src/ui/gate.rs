//! Whoever is not signed in and asks for a page is led to the sign-in page and back.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, StatusCode, Uri, header};

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
