//! Lists in pages: `limit` and `cursor` in, `items` and `next` out.

use super::failure::Failure;
use crate::hashing::{base64url, from_base64url};
use axum::extract::FromRequestParts;
use http::request::Parts;
use px_api::{Code, Problem};
use serde::{Deserialize, Serialize};

/// Rows of a page when the caller does not say.
const DEFAULT_LIMIT: u32 = 50;
/// Most rows of a page.
const MAX_LIMIT: u32 = 200;

/// Where a page ends: the sort values of its last row, opaque to callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(Vec<String>);

impl Cursor {
    /// From the last row's sort values, most significant first.
    #[must_use]
    pub const fn new(values: Vec<String>) -> Self {
        Self(values)
    }

    /// The sort values.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.0
    }

    /// The text callers hand back.
    #[must_use]
    pub fn encode(&self) -> String {
        base64url(&serde_json::to_vec(&self.0).unwrap_or_default())
    }

    /// Reads what [`Cursor::encode`] wrote.
    ///
    /// # Errors
    /// 422 when the text is something else.
    pub fn decode(text: &str) -> Result<Self, Failure> {
        from_base64url(text)
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .map(Self)
            .ok_or_else(|| {
                let detail = "`cursor` is not one this list gave out.";
                Problem::new(Code::InvalidField, detail)
                    .field("/cursor", detail, "Begin without a cursor.")
                    .into()
            })
    }
}

/// Which page is asked for: `limit` (1 to 200, 50 unless told) and `cursor` of the query string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Most rows of the page.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
}

impl PageRequest {
    /// Reads the two fields of a query string.
    ///
    /// # Errors
    /// 422 when one is not acceptable.
    pub fn from_query(query: &str) -> Result<Self, Failure> {
        let (mut limit, mut cursor) = (DEFAULT_LIMIT, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "limit" if !value.is_empty() => limit = read_limit(&value)?,
                "cursor" if !value.is_empty() => cursor = Some(Cursor::decode(&value)?),
                _ => {}
            }
        }
        Ok(Self { limit, cursor })
    }

    /// Cuts a page out of rows of which one more than `limit` was read, and says where the next
    /// page begins.
    pub fn page<T>(&self, mut rows: Vec<T>, cursor: impl Fn(&T) -> Cursor) -> Listing<T> {
        let limit = self.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| cursor(row).encode());
        Listing { items: rows, next }
    }
}

fn read_limit(text: &str) -> Result<u32, Failure> {
    match text.parse() {
        Ok(n @ 1..=MAX_LIMIT) => Ok(n),
        _ => {
            let detail = format!("`limit` must be a number from 1 to {MAX_LIMIT}.");
            Err(Problem::new(Code::InvalidField, detail.as_str())
                .field("/limit", detail, "Leave it out for 50.")
                .into())
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PageRequest {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Self::from_query(parts.uri.query().unwrap_or_default())
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Listing<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
}

impl<T> Listing<T> {
    /// Converts the rows.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Listing<U> {
        Listing {
            items: self.items.into_iter().map(convert).collect(),
            next: self.next,
        }
    }
}
