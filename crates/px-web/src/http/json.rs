//! JSON bodies in and out, refused with a pointer to the offending field.

use super::failure::Failure;
use super::layers::BODY_LIMIT;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use px_api::{Code, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A JSON body.
///
/// As an extractor it refuses other content types (415), bodies that are too large (413) or not
/// JSON (400), and values that do not fit or fields nobody knows (422, with a JSON pointer each).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            return Err(Failure::new(
                Code::UnsupportedMedia,
                "Send the body as `Content-Type: application/json`.",
            ));
        }
        // Who announces too much is told before sending it.
        if announced(request.headers()) > BODY_LIMIT {
            return Err(too_large());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                too_large()
            } else {
                Failure::new(Code::MalformedBody, "The body broke off while it was read.")
            }
        })?;
        parse(&bytes).map(Self)
    }
}

fn too_large() -> Failure {
    Problem::new(Code::TooLarge, "The body is larger than 2 MiB.")
        .with_current(serde_json::json!({ "limit": BODY_LIMIT, "unit": "bytes" }))
        .into()
}

/// The `Content-Length`, 0 when there is none.
fn announced(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH);
    length
        .and_then(|v| v.to_str().ok()?.parse().ok())
        .unwrap_or(0)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split(';').next())
        .map(|v| v.trim().to_ascii_lowercase());
    kind.is_some_and(|k| k == "application/json" || k.ends_with("+json"))
}

/// Reads JSON text as the extractor does.
///
/// # Errors
/// A 400 or 422 problem that names the place.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let mut unknown = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let traced = serde_path_to_error::Deserializer::new(&mut source, &mut track);
    let read = serde_ignored::deserialize(traced, |path| unknown.push(path.to_string()));
    let value = match read {
        Ok(value) => value,
        Err(error) => return Err(misfit(&error, &track.path())),
    };
    if let Err(error) = source.end() {
        return Err(malformed(&error));
    }
    if unknown.is_empty() {
        return Ok(value);
    }
    let mut problem = Problem::new(Code::InvalidField, "The body has fields nobody knows.");
    for path in unknown.iter().take(20) {
        let pointer = pointer(path.split('.'));
        problem = problem.field(
            &pointer,
            "unknown field",
            "Remove it, or check its spelling.",
        );
    }
    Err(problem.into())
}

fn malformed(error: &serde_json::Error) -> Failure {
    Failure::new(
        Code::MalformedBody,
        format!("The body is not JSON: {error}."),
    )
}

fn misfit(error: &serde_json::Error, path: &serde_path_to_error::Path) -> Failure {
    use serde_path_to_error::Segment;
    if !error.is_data() {
        return malformed(error);
    }
    let segments = path.iter().map(|segment| match segment {
        Segment::Seq { index } => index.to_string(),
        Segment::Map { key } => key.clone(),
        Segment::Enum { variant } => variant.clone(),
        Segment::Unknown => "?".to_owned(),
    });
    let mut parts: Vec<String> = segments.collect();
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    // The path ends at the object; the field that is missing or there twice is what is meant.
    let named = text
        .strip_prefix("missing field `")
        .or_else(|| text.strip_prefix("duplicate field `"));
    if let Some(name) = named.and_then(|rest| rest.strip_suffix('`')) {
        parts.push(name.to_owned());
    }
    let at = pointer(parts.iter().map(String::as_str));
    Problem::new(Code::InvalidField, format!("`{at}`: {text}."))
        .field(&at, text, "Give a value of the kind the API describes.")
        .into()
}

/// A JSON pointer (RFC 6901) to a path of names and indices.
fn pointer<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    parts
        .map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1")))
        .collect()
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Failure::internal(&error).into_response(),
        }
    }
}
