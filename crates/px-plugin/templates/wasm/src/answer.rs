//! What the plugin answers: plain functions that are tested without a host.

use crate::count::count;

/// Answers a request: status and JSON body. The host has taken the gateway's prefix away.
pub fn answer(method: &str, path: &str, body: &[u8]) -> (u16, String) {
    let path = path.split('?').next().unwrap_or_default();
    match (method, path) {
        ("GET", "/api/v1/healthz") => (200, r#"{"status":"ok"}"#.to_owned()),
        ("POST", "/api/v1/count") => match std::str::from_utf8(body) {
            Ok(text) => (200, count(text).json()),
            Err(_) => (400, r#"{"error":"the text is not UTF-8"}"#.to_owned()),
        },
        (_, "/api/v1/count" | "/api/v1/healthz") => (405, r#"{"error":"method not allowed"}"#.to_owned()),
        _ => (404, r#"{"error":"not found"}"#.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_is_well() {
        let (status, body) = answer("POST", "/api/v1/count", b"two words");
        assert_eq!((status, body.contains(r#""words":2"#)), (200, true));
        assert_eq!(answer("GET", "/api/v1/healthz?x=1", b"").0, 200);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert_eq!(answer("POST", "/api/v1/count", &[0xff]).0, 400);
        assert_eq!(answer("GET", "/api/v1/count", b"").0, 405);
        assert_eq!(answer("GET", "/elsewhere", b"").0, 404);
    }
}
