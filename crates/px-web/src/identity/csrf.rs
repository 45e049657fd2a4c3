//! Keeps other sites from acting in a browser's name: the `Origin` must be ours, and a form or
//! script must know the token of the cookie.

use super::Caller;
use crate::hashing::same;
use crate::http::{Failure, cookies};
use crate::web::Web;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use http::request::Parts;
use http::{HeaderMap, Method, header};
use px_api::Code;

/// Largest form that is read to find its token.
const FORM_LIMIT: usize = 1024 * 1024;

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

fn same_origin(parts: &Parts) -> bool {
    if let Some(site) = text(&parts.headers, "sec-fetch-site")
        && !matches!(site, "same-origin" | "none")
    {
        return false;
    }
    let Some(origin) = text(&parts.headers, "origin") else {
        return true;
    };
    let host = text(&parts.headers, "host").or_else(|| parts.uri.authority().map(|a| a.as_str()));
    let theirs = origin.split_once("://").map(|(_, authority)| authority);
    theirs.is_some() && theirs == host
}

/// Lets a request pass that changes nothing, comes with a token instead of a cookie, or proves
/// that it comes from a page of ours.
pub(super) async fn check(
    web: &Web,
    request: Request,
    caller: &Caller,
) -> Result<Request, Failure> {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS];
    if safe.contains(request.method()) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    if !same_origin(&parts) {
        return Err(mismatch("The request comes from another site."));
    }
    let cookie = cookies::get(&parts.headers, &web.site().csrf_cookie()).map(str::to_owned);
    // Without identity and without cookie there is nothing to abuse. What plugins' own pages send
    // to their plugins is theirs; the origin was checked.
    let nothing = cookie.is_none() && !caller.is_signed_in();
    let path = parts.uri.path();
    if nothing || path.starts_with("/_p/") || path == "/oauth/token" {
        return Ok(Request::from_parts(parts, body));
    }
    let expected = cookie.ok_or_else(|| mismatch("The browser sent no form cookie."))?;
    if let Some(token) = text(&parts.headers, "x-csrf-token") {
        return if same(token.as_bytes(), expected.as_bytes()) {
            Ok(Request::from_parts(parts, body))
        } else {
            Err(mismatch("`X-CSRF-Token` is not the form cookie's."))
        };
    }
    let form = text(&parts.headers, header::CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !form {
        return Err(mismatch("Send the form cookie's value in `X-CSRF-Token`."));
    }
    let bytes = to_bytes(body, FORM_LIMIT)
        .await
        .map_err(|_| Failure::new(Code::TooLarge, "Forms are limited to 1 MiB."))?;
    let fits = form_urlencoded::parse(&bytes)
        .find(|(name, _)| name == "csrf")
        .is_some_and(|(_, token)| same(token.as_bytes(), expected.as_bytes()));
    if fits {
        Ok(Request::from_parts(parts, Body::from(bytes)))
    } else {
        Err(mismatch(
            "The form's token does not fit the browser's cookie.",
        ))
    }
}

fn mismatch(why: &str) -> Failure {
    Failure::new(
        Code::CsrfMismatch,
        format!("{why} Load the page again and repeat."),
    )
}
