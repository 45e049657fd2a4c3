//! The identity header: who asks, signed so that a plugin can tell it from a forged one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use sha2::Sha256;
use std::fmt;

/// Base64 of the JSON that describes tenant and user.
pub const CTX_HEADER: HeaderName = HeaderName::from_static("x-powerx-ctx");
/// Base64 of the HMAC-SHA256 (RFC 2104) over the text of [`CTX_HEADER`].
pub const CTX_SIGNATURE_HEADER: HeaderName = HeaderName::from_static("x-powerx-ctx-sig");

/// Key of the identity header of one plugin of one tenant; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct CtxSecret(String);

impl CtxSecret {
    /// Wraps the text; its UTF-8 bytes are the key.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    fn mac(&self, text: &[u8]) -> Hmac<Sha256> {
        // HMAC takes a key of any length.
        #[expect(clippy::expect_used, reason = "HMAC accepts keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("any key length");
        mac.update(text);
        mac
    }
}

impl fmt::Debug for CtxSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CtxSecret(…)")
    }
}

/// Removes both headers, however they came in.
pub fn strip_context(headers: &mut HeaderMap) {
    headers.remove(&CTX_HEADER);
    headers.remove(&CTX_SIGNATURE_HEADER);
}

/// Replaces both headers by `context`, signed with the plugin's secret. What cannot be written as JSON
/// (a map with keys that are no text) leaves none.
pub fn set_context(
    headers: &mut HeaderMap,
    secret: &CtxSecret,
    context: &(impl Serialize + ?Sized),
) {
    strip_context(headers);
    let Ok(json) = serde_json::to_vec(context) else {
        return;
    };
    let text = STANDARD.encode(json);
    let signature = STANDARD.encode(secret.mac(text.as_bytes()).finalize().into_bytes());
    for (name, value) in [(CTX_HEADER, text), (CTX_SIGNATURE_HEADER, signature)] {
        // Base64 consists of visible ASCII only.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}

/// The context in `headers`, when its signature is right; what a plugin does on its side.
#[must_use]
pub fn verify_context(headers: &HeaderMap, secret: &CtxSecret) -> Option<serde_json::Value> {
    let text = headers.get(&CTX_HEADER)?.as_bytes();
    let signature = STANDARD.decode(headers.get(&CTX_SIGNATURE_HEADER)?).ok()?;
    secret.mac(text).verify_slice(&signature).ok()?;
    serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_context_is_not_believed() {
        let secret = CtxSecret::new("of-this-tenant");
        let context = serde_json::json!({"tenant": "acme", "user": "王"});
        let mut headers = HeaderMap::new();
        headers.append(CTX_HEADER, HeaderValue::from_static("Zm9yZ2Vk"));
        set_context(&mut headers, &secret, &context);
        assert_eq!(headers.get_all(&CTX_HEADER).iter().count(), 1);
        assert_eq!(verify_context(&headers, &secret), Some(context));
        assert_eq!(verify_context(&headers, &CtxSecret::new("another")), None);
        assert_eq!(format!("{secret:?}"), "CtxSecret(…)");
        strip_context(&mut headers);
        assert!(headers.is_empty());
    }

    /// RFC 4231 test case 2.
    #[test]
    fn the_signature_is_hmac_sha256() {
        let mac = CtxSecret::new("Jefe").mac(b"what do ya want for nothing?");
        assert_eq!(
            hex::encode(mac.finalize().into_bytes()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
