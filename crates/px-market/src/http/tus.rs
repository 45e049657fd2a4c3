//! Header fields of tus 1.0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::fmt::rfc2822;
use px_api::{Code, Problem, tus};
use px_model::VersionId;
use px_web::Failure;

use crate::app::checksum::Checksum;
use crate::app::upload::UploadInfo;

/// Refuses other protocol versions; a plain HTTP client need not name one.
pub(super) fn check_version(headers: &HeaderMap) -> Result<(), Failure> {
    match text(headers, tus::RESUMABLE) {
        None | Some(tus::VERSION) => Ok(()),
        Some(other) => {
            let detail = format!("tus `{other}` is not spoken here, only {}", tus::VERSION);
            Err(Failure::new(Code::PreconditionFailed, detail))
        }
    }
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

/// A header that must hold a number of bytes.
pub(super) fn number(headers: &HeaderMap, name: &str) -> Result<u64, Failure> {
    text(headers, name)
        .and_then(|v| v.trim().parse().ok())
        .ok_or_else(|| {
            let detail = format!("the header `{name}` must hold a number of bytes");
            Problem::new(Code::InvalidField, detail.clone())
                .field(&format!("/{name}"), detail, "Any tus 1.0 client sends it")
                .into()
        })
}

/// The checksum a chunk was promised with, if any.
pub(super) fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Failure> {
    let Some(value) = text(headers, tus::CHECKSUM) else {
        return Ok(None);
    };
    Checksum::parse(value).map(Some).ok_or_else(|| {
        let detail = format!(
            "the checksum is not `ALGORITHM BASE64` with one of {}",
            tus::CHECKSUMS
        );
        Problem::new(Code::InvalidField, detail.clone())
            .field("/upload-checksum", detail, "Use sha256")
            .into()
    })
}

/// `versionId` of `Upload-Metadata`: pairs of a key and base64, separated by commas.
pub(super) fn version_id(headers: &HeaderMap) -> Result<VersionId, Failure> {
    let metadata = text(headers, "upload-metadata").unwrap_or_default();
    let value = metadata.split(',').find_map(|pair| {
        let (key, value) = pair.trim().split_once(' ')?;
        (key == "versionId").then_some(value.trim())
    });
    value
        .and_then(|value| String::from_utf8(STANDARD.decode(value).ok()?).ok())
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| {
            let detail = "`Upload-Metadata` must name the registered `versionId`";
            Problem::new(Code::InvalidField, detail)
                .field(
                    "/upload-metadata",
                    detail,
                    "Register the version first, then send `versionId BASE64`",
                )
                .into()
        })
}

/// Header fields that tell how far an upload is.
pub(super) fn describe(headers: &mut HeaderMap, info: &UploadInfo) {
    put(headers, tus::OFFSET, &info.offset.to_string());
    if info.offset < info.size
        && let Ok(date) = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&info.expires)
    {
        put(headers, tus::EXPIRES, &date);
    }
}

pub(super) fn put(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}
