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
    /// Whether notes can be changed: the manifest that asks for `notes:note:update` says so.
    pub edits: bool,
    /// The bad versions of the sample.
    pub fault: Fault,
}

/// What is wrong with a bad version, on purpose.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// The health path answers 503 from the start.
    Unhealthy,
    /// So many of a hundred requests break the program.
    Traps(u64),
}

impl Api {
    /// Whether this request breaks the program; `dice` is any number.
    pub fn breaks(&self, request: &Request, dice: u64) -> bool {
        matches!(self.fault, Fault::Traps(percent) if dice % 100 < percent)
            && request.path != "/healthz"
    }

    pub fn answer(&self, request: &Request) -> Response {
        let mut store = match Store::open(&self.data_dir, self.schema) {
            Ok(store) => store,
            Err(error) => return failed(&error),
        };
        let path = request.path.trim_end_matches('/');
        let id = path.strip_prefix("/api/v1/notes/").map(str::parse::<u64>);
        match (request.method.as_str(), path, id) {
            (_, "/healthz", _) if self.fault == Fault::Unhealthy => {
                json(503, r#"{"status":"unhealthy"}"#)
            }
            ("GET" | "HEAD", "/healthz", _) => json(200, r#"{"status":"ok"}"#),
            ("GET" | "HEAD", "/api/v1/notes", _) => json(200, self.list(&store)),
            ("POST", "/api/v1/notes", _) => add(&mut store, request),
            ("DELETE", _, Some(Ok(id))) => match store.remove(id) {
                Ok(true) => json(200, "{}"),
                Ok(false) => problem(404, "there is no note of this id"),
                Err(error) => failed(&error),
            },
            ("PUT", _, Some(Ok(id))) if self.edits => change(&mut store, id, request),
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

/// The note in a body: its text, and whether a `!` in front pins it.
fn written(request: &Request) -> Result<(&str, bool), Response> {
    let body =
        std::str::from_utf8(&request.body).map_err(|_| problem(400, "the note is not UTF-8"))?;
    let text = body.strip_prefix('!').unwrap_or(body).trim();
    if text.is_empty() || text.len() > MAX_TEXT {
        return Err(problem(400, "a note has between 1 and 4096 bytes"));
    }
    Ok((text, body.starts_with('!')))
}

fn change(store: &mut Store, id: u64, request: &Request) -> Response {
    let (text, pinned) = match written(request) {
        Ok(written) => written,
        Err(refused) => return refused,
    };
    match store.change(id, text, pinned) {
        Ok(Some(note)) => json(200, describe(&note, store.has_pins())),
        Ok(None) => problem(404, "there is no note of this id"),
        Err(error) => failed(&error),
    }
}

fn add(store: &mut Store, request: &Request) -> Response {
    let (text, pinned) = match written(request) {
        Ok(written) => written,
        Err(refused) => return refused,
    };
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
            edits: false,
            fault: Fault::None,
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
    fn notes_change_where_the_version_may_change_them() {
        let mut api = api("edit", 2);
        assert_eq!(ask(&api, "POST", "/api/v1/notes", "first").0, 201);
        assert_eq!(ask(&api, "PUT", "/api/v1/notes/1", "second").0, 405);
        api.edits = true;
        let changed = ask(&api, "PUT", "/api/v1/notes/1", "!second");
        let note = r#"{"id":1,"text":"second","pinned":true}"#;
        assert_eq!(changed, (200, note.to_owned()));
        assert!(ask(&api, "GET", "/api/v1/notes", "").1.contains(note));
        assert_eq!(ask(&api, "PUT", "/api/v1/notes/2", "third").0, 404);
        assert_eq!(ask(&api, "PUT", "/api/v1/notes/1", " ").0, 400);
    }

    #[test]
    fn each_fault_breaks_what_it_says() {
        let mut api = api("fault", 2);
        let request = |path: &str| Request {
            method: "GET".into(),
            path: path.into(),
            body: Vec::new(),
        };
        assert!(!api.breaks(&request("/api/v1/notes"), 0));
        api.fault = Fault::Unhealthy;
        assert_eq!(ask(&api, "GET", "/healthz", "").0, 503);
        assert_eq!(ask(&api, "GET", "/api/v1/notes", "").0, 200);
        api.fault = Fault::Traps(5);
        let broken = (0..100).filter(|n| api.breaks(&request("/api/v1/notes"), *n));
        assert_eq!(broken.count(), 5);
        assert!(!api.breaks(&request("/healthz"), 0));
        assert_eq!(ask(&api, "GET", "/healthz", "").0, 200);
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
