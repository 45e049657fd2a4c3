//! Preconditions on what people edit (RFC 9110 section 13).

use super::failure::Failure;
use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use px_api::Code;

/// The strong entity tag for a version number of a row.
#[must_use]
pub fn etag(version: i64) -> String {
    format!("\"v{version}\"")
}

/// The version a change was made from, out of `If-Match`; 428 without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Vec<String>);

impl IfMatch {
    /// Refuses a change that was made from another version than the present one.
    ///
    /// # Errors
    /// 412 with the present tag.
    pub fn check(&self, present: i64) -> Result<(), Failure> {
        let tag = etag(present);
        if self.0.iter().any(|t| *t == tag || t == "*") {
            return Ok(());
        }
        let detail = format!("It is at {tag} now. Read it again, then repeat the change.");
        let problem = px_api::Problem::new(Code::PreconditionFailed, detail)
            .with_current(serde_json::json!({ "etag": tag }));
        Err(problem.into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let tags: Vec<String> = parts
            .headers
            .get_all(header::IF_MATCH)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(','))
            .map(|tag| tag.trim().to_owned())
            .filter(|tag| !tag.is_empty())
            .collect();
        if tags.is_empty() {
            return Err(Failure::new(
                Code::PreconditionRequired,
                "Send the ETag you read in `If-Match`.",
            ));
        }
        Ok(Self(tags))
    }
}
