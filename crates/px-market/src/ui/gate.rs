//! Whoever is not signed in and asks for a page that needs it is led to the sign-in page and back.

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
        return Redirect::to(&sign_in(&back)).into_response();
    }
    answer
}

fn sign_in(back: &Uri) -> String {
    let next: String = url::form_urlencoded::byte_serialize(back.to_string().as_bytes()).collect();
    format!("/sign-in?next={next}")
}
