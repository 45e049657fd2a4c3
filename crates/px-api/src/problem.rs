//! Problem documents (RFC 9457) with our codes.

use serde::{Deserialize, Serialize};

use crate::Code;

/// An error answer, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Address that identifies the kind of problem: `/problems/PX-0101`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short summary of the kind, the same for every occurrence.
    pub title: String,
    /// HTTP status code.
    pub status: u16,
    /// What happened this time and what to do about it.
    pub detail: String,
    /// Stable code; `px-plugin explain CODE` tells more.
    pub code: String,
    /// Names the request in the server's log.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
    /// One entry per offending field.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<FieldError>,
    /// State of the thing in conflict, with 409; the limit, with 413 and 429.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub current: Option<serde_json::Value>,
}

/// One offending field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) into the request.
    pub pointer: String,
    /// Stable code.
    pub code: String,
    /// What is wrong with it.
    pub detail: String,
    /// How to mend it.
    pub remedy: String,
}

impl Problem {
    /// A problem of a kind, with what happened this time.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code: code.as_str().to_owned(),
            request_id: None,
            errors: Vec::new(),
            current: None,
        }
    }

    /// Adds an offending field.
    #[must_use]
    pub fn field(
        mut self,
        pointer: &str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        self.errors.push(FieldError {
            pointer: pointer.to_owned(),
            code: self.code.clone(),
            detail: detail.into(),
            remedy: remedy.into(),
        });
        self
    }

    /// Adds the current state of the thing the request conflicts with, or the limit that was hit.
    #[must_use]
    pub fn with_current(mut self, current: serde_json::Value) -> Self {
        self.current = Some(current);
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.code, self.title, self.detail)?;
        for error in &self.errors {
            write!(
                f,
                "\n  {}: {} ({})",
                error.pointer, error.detail, error.remedy
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
