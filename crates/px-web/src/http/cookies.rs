//! Cookies (RFC 6265): reading one by name, writing them with the flags we always use.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

/// The value of a cookie, if the browser sent it.
#[must_use]
pub fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A cookie to be set: `HttpOnly`, `SameSite=Lax`, for the whole site, until the browser closes
/// unless told.
#[derive(Debug, Clone)]
pub struct Cookie {
    name: String,
    value: String,
    seconds: Option<i64>,
    secure: bool,
}

impl Cookie {
    /// A cookie; the value must be made of URL-safe characters.
    #[must_use]
    pub fn new(name: impl Into<String>, value: &str) -> Self {
        Self {
            name: name.into(),
            value: value.to_owned(),
            seconds: None,
            secure: false,
        }
    }

    /// Removes a cookie.
    #[must_use]
    pub fn gone(name: impl Into<String>) -> Self {
        Self::new(name, "").seconds(0)
    }

    /// How long the browser keeps it.
    #[must_use]
    pub const fn seconds(mut self, seconds: i64) -> Self {
        self.seconds = Some(seconds);
        self
    }

    /// Only over TLS.
    #[must_use]
    pub const fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    fn text(&self) -> String {
        let age = self.seconds.map(|s| format!("; Max-Age={s}"));
        format!(
            "{}={}; Path=/; HttpOnly; SameSite=Lax{}{}",
            self.name,
            self.value,
            age.unwrap_or_default(),
            if self.secure { "; Secure" } else { "" }
        )
    }
}

/// Adds a cookie to an answer.
pub fn set(answer: &mut Response, cookie: &Cookie) {
    if let Ok(value) = HeaderValue::from_str(&cookie.text()) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}
