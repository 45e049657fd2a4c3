//! What an object store said when it refused, without what nobody else may read.

use std::fmt;

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// It does not answer, or with an error of its own; asking again may help.
    Away,
    /// It does not let us in: key, secret, rights or clock.
    Refused,
    /// There is no such bucket.
    NoBucket,
    /// The bucket is in another region.
    OtherRegion,
    /// The settings contradict each other.
    Settings,
}

/// An object store's error. Its answers name access keys and what was signed; only their code, such
/// as `SignatureDoesNotMatch`, is kept.
#[derive(Debug, Clone)]
pub struct Trouble {
    kind: TroubleKind,
    said: String,
}

impl Trouble {
    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> TroubleKind {
        self.kind
    }

    pub(crate) fn settings(said: &str) -> Self {
        Self {
            kind: TroubleKind::Settings,
            said: said.to_owned(),
        }
    }

    pub(crate) fn of(error: &object_store::Error) -> Self {
        use object_store::Error;
        let text = error.to_string();
        let code = code(&text);
        let kind = match (error, code) {
            (_, Some("NoSuchBucket")) => TroubleKind::NoBucket,
            (_, Some("PermanentRedirect" | "AuthorizationHeaderMalformed")) => {
                TroubleKind::OtherRegion
            }
            (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }, _) => {
                TroubleKind::Refused
            }
            // A list has one kind of error for everything.
            _ if text.contains("code: 403") || text.contains("code: 401") => TroubleKind::Refused,
            _ if text.contains("code: 404") => TroubleKind::NoBucket,
            _ if text.contains("incorrectly configured region") => TroubleKind::OtherRegion,
            (Error::InvalidPath { .. } | Error::UnknownConfigurationKey { .. }, _) => {
                TroubleKind::Settings
            }
            _ => TroubleKind::Away,
        };
        let mut said = text.split('<').next().unwrap_or_default().trim().to_owned();
        if let Some(code) = code {
            said = format!("{} {code}", said.trim_end_matches(':'));
        }
        Self { kind, said }
    }
}

/// The code in an answer of S3.
fn code(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let plain = !code.is_empty() && code.chars().all(|c| c.is_ascii_alphanumeric());
    plain.then_some(code)
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_answer_only_the_code_is_kept() {
        let body = "Server returned non-2xx status code: 403 Forbidden: <?xml version=\"1.0\"?>\
                    <Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIAEXAMPLE</AWSAccessKeyId>\
                    <StringToSign>AWS4-HMAC-SHA256</StringToSign></Error>";
        let trouble = Trouble::of(&object_store::Error::Generic {
            store: "S3",
            source: body.into(),
        });
        assert_eq!(trouble.kind(), TroubleKind::Refused);
        let text = format!("{trouble} {trouble:?}");
        assert!(
            text.contains("403 Forbidden SignatureDoesNotMatch"),
            "{text}"
        );
        assert!(
            !text.contains("AKIAEXAMPLE") && !text.contains("HMAC"),
            "{text}"
        );
    }
}
