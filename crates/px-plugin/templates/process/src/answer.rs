//! What the plugin answers: plain functions that are tested without sockets.

use std::path::Path;

use crate::count::count;
use crate::totals;

/// Answers a request: status and JSON body. `data` is the tenant's data folder.
pub fn answer(method: &str, path: &str, body: &[u8], data: &Path) -> (u16, String) {
    let path = path.split('?').next().unwrap_or_default();
    match (method, path) {
        ("GET", "/api/v1/healthz") => (200, r#"{"status":"ok"}"#.to_owned()),
        ("POST", "/api/v1/count") => match std::str::from_utf8(body) {
            Ok(text) => counted(text, data),
            Err(_) => (400, r#"{"error":"the text is not UTF-8"}"#.to_owned()),
        },
        (_, "/api/v1/count" | "/api/v1/healthz") => (405, r#"{"error":"method not allowed"}"#.to_owned()),
        _ => (404, r#"{"error":"not found"}"#.to_owned()),
    }
}

fn counted(text: &str, data: &Path) -> (u16, String) {
    let count = count(text);
    match totals::add(data, count.words) {
        Ok(_) => (200, count.json()),
        Err(_) => (500, r#"{"error":"the total cannot be kept"}"#.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_keeps_the_total_and_is_well() {
        let data = std::env::temp_dir().join(format!("answer-{}", std::process::id()));
        totals::migrate(&data).unwrap();
        let (status, body) = answer("POST", "/api/v1/count", b"two words", &data);
        assert_eq!((status, body.contains(r#""words":2"#)), (200, true));
        assert_eq!(answer("GET", "/api/v1/healthz?x=1", b"", &data).0, 200);
        std::fs::remove_dir_all(&data).unwrap();
        assert_eq!(answer("POST", "/api/v1/count", b"lost", &data).0, 500);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let data = Path::new("unused");
        assert_eq!(answer("POST", "/api/v1/count", &[0xff], data).0, 400);
        assert_eq!(answer("GET", "/api/v1/count", b"", data).0, 405);
        assert_eq!(answer("GET", "/elsewhere", b"", data).0, 404);
    }
}
