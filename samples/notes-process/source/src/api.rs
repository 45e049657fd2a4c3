//! What is answered to whom.

use crate::http::{Request, Response};
use crate::store::{MAX_NOTES, MAX_TEXT, Note, Store};
use std::io;
use std::path::PathBuf;

/// The notes of one tenant, and who serves them.
pub struct Api {
    pub data_dir: PathBuf,
    pub schema: u32,
    pub version: String,
    pub tenant: String,
}

impl Api {
    pub fn answer(&self, request: &Request) -> Response {
        let mut store = match Store::open(&self.data_dir, self.schema) {
            Ok(store) => store,
            Err(error) => return failed(&error),
        };
        let path = request.path.trim_end_matches('/');
        let id = path.strip_prefix("/api/v1/notes/").map(str::parse::<u64>);
        match (request.method.as_str(), path, id) {
            ("GET" | "HEAD", "/healthz", _) => json(200, r#"{"status":"ok"}"#),
            ("GET" | "HEAD", "/api/v1/notes", _) => json(200, self.list(&store)),
            ("POST", "/api/v1/notes", _) => add(&mut store, request),
            ("DELETE", _, Some(Ok(id))) => match store.remove(id) {
                Ok(true) => json(200, "{}"),
                Ok(false) => problem(404, "there is no note of this id"),
                Err(error) => failed(&error),
            },
            (_, "/api/v1/notes" | "/healthz", _) | (_, _, Some(Ok(_))) => {
                problem(405, "this method has no meaning here")
            }
            _ => problem(404, "no such path"),
        }
    }

    fn list(&self, store: &Store) -> String {
        let mut notes: Vec<_> = store.notes.iter().collect();
        notes.sort_by_key(|note| (!note.pinned, note.id));
        let notes: Vec<_> = notes
            .iter()
            .map(|note| describe(note, store.has_pins()))
            .collect();
        format!(
            r#"{{"notes":[{}],"version":{},"tenant":{}}}"#,
            notes.join(","),
            quoted(&self.version),
            quoted(&self.tenant),
        )
    }
}

/// The body is the note's text; `!` in front pins it.
fn add(store: &mut Store, request: &Request) -> Response {
    let Ok(body) = std::str::from_utf8(&request.body) else {
        return problem(400, "the note is not UTF-8");
    };
    let pinned = body.starts_with('!');
    let text = body.strip_prefix('!').unwrap_or(body).trim();
    if text.is_empty() || text.len() > MAX_TEXT {
        return problem(400, "a note has between 1 and 4096 bytes");
    }
    if store.notes.len() >= MAX_NOTES {
        return problem(409, "there are too many notes; delete some");
    }
    match store.add(text, pinned) {
        Ok(note) => json(201, describe(&note, store.has_pins())),
        Err(error) => failed(&error),
    }
}

fn describe(note: &Note, pins: bool) -> String {
    let pinned = if pins {
        format!(r#","pinned":{}"#, note.pinned)
    } else {
        String::new()
    };
    format!(
        r#"{{"id":{},"text":{}{pinned}}}"#,
        note.id,
        quoted(&note.text)
    )
}

fn json(status: u16, json: impl Into<String>) -> Response {
    Response {
        status,
        json: json.into(),
    }
}

fn problem(status: u16, text: &str) -> Response {
    json(status, format!(r#"{{"error":{}}}"#, quoted(text)))
}

fn failed(error: &io::Error) -> Response {
    eprintln!("notes: {error}");
    problem(500, "the notes cannot be read or written; see the log")
}

/// JSON string (RFC 8259 section 7).
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(name: &str, schema: u32) -> Api {
        let dir = std::env::temp_dir().join(format!("notes-api-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        Api {
            data_dir: dir,
            schema,
            version: "1.1.0".into(),
            tenant: "acme".into(),
        }
    }

    fn ask(api: &Api, method: &str, path: &str, body: &str) -> (u16, String) {
        let request = Request {
            method: method.into(),
            path: path.into(),
            body: body.into(),
        };
        let response = api.answer(&request);
        (response.status, response.json)
    }

    #[test]
    fn notes_come_and_go() {
        let api = api("go", 2);
        let created = ask(&api, "POST", "/api/v1/notes", "say \"hi\"\n");
        assert_eq!(
            created,
            (
                201,
                r#"{"id":1,"text":"say \"hi\"","pinned":false}"#.to_owned()
            )
        );
        assert_eq!(ask(&api, "POST", "/api/v1/notes/", "!first\u{1}").0, 201);
        let (_, list) = ask(&api, "GET", "/api/v1/notes", "");
        assert!(
            list.starts_with(r#"{"notes":[{"id":2,"text":"first\u0001","pinned":true}"#),
            "{list}"
        );
        assert!(list.ends_with(r#""version":"1.1.0","tenant":"acme"}"#));
        assert_eq!(ask(&api, "DELETE", "/api/v1/notes/1", "").0, 200);
        assert_eq!(ask(&api, "DELETE", "/api/v1/notes/1", "").0, 404);
        assert_eq!(ask(&api, "GET", "/healthz", "").0, 200);
        std::fs::write(api.data_dir.join("notes.tsv"), "damaged").unwrap();
        assert_eq!(ask(&api, "GET", "/healthz", "").0, 500);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let api = api("refused", 1);
        assert_eq!(ask(&api, "POST", "/api/v1/notes", " ").0, 400);
        assert_eq!(ask(&api, "POST", "/api/v1/notes", &"x".repeat(5000)).0, 400);
        let request = Request {
            method: "POST".into(),
            path: "/api/v1/notes".into(),
            body: vec![255],
        };
        assert_eq!(api.answer(&request).status, 400);
        assert_eq!(ask(&api, "PUT", "/api/v1/notes", "").0, 405);
        assert_eq!(ask(&api, "GET", "/api/v1/notes/x", "").0, 404);
        assert_eq!(ask(&api, "GET", "/", "").0, 404);
        let (_, created) = ask(&api, "POST", "/api/v1/notes", "!pinned?");
        assert!(
            !created.contains("\"pinned\":"),
            "schema 1 has no pins: {created}"
        );
    }
}
