//! What is answered to whom. Pure: everything it depends on is in [`Facts`].

/// What the plugin was told by its host.
#[derive(Debug, Default, Clone)]
pub struct Facts {
    /// `POWERX_PLUGIN_VERSION`.
    pub version: String,
    /// `POWERX_TENANT`.
    pub tenant: String,
    /// `GREETING`, the word before the name.
    pub greeting: String,
    /// `FAULT`: empty, `unhealthy`, `traps` or `dies`.
    pub fault: String,
    /// `TRAP_PERCENT`: how many requests of a hundred trap when `FAULT=traps`.
    pub trap_percent: u64,
    /// `DIES_AFTER_SECONDS`: how long it works when `FAULT=dies`.
    pub dies_after_seconds: u64,
    /// Seconds since the host started this plugin.
    pub age_seconds: u64,
    /// A random number.
    pub dice: u64,
}

/// An answer to a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Status and JSON text.
    Json(u16, String),
    /// The plugin breaks: a trap.
    Trap(&'static str),
    /// The quote of another host is asked for.
    Quote,
}

/// Answers `path?query`.
pub fn answer(path_and_query: &str, facts: &Facts) -> Answer {
    let (path, query) = path_and_query
        .split_once('?')
        .unwrap_or((path_and_query, ""));
    if facts.fault == "dies" && facts.age_seconds >= facts.dies_after_seconds {
        return Answer::Trap("the sample fault `dies` has struck");
    }
    match path {
        "/healthz" if facts.fault == "unhealthy" => {
            Answer::Json(503, r#"{"status":"unhealthy"}"#.to_owned())
        }
        "/healthz" => Answer::Json(200, r#"{"status":"ok"}"#.to_owned()),
        _ if facts.fault == "traps" && facts.dice % 100 < facts.trap_percent => {
            Answer::Trap("the sample fault `traps` has struck")
        }
        "/api/v1/hello" => Answer::Json(200, hello(query, facts)),
        "/api/v1/quote" if cfg!(feature = "outbound") => Answer::Quote,
        _ => Answer::Json(404, r#"{"error":"no such path"}"#.to_owned()),
    }
}

fn hello(query: &str, facts: &Facts) -> String {
    let name = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("name="))
        .filter(|name| !name.is_empty())
        .map_or_else(|| "world".to_owned(), decode);
    format!(
        r#"{{"message":{},"plugin":"com.powerx.samples.greeter","version":{},"tenant":{}}}"#,
        quoted(&format!("{}, {name}!", facts.greeting)),
        quoted(&facts.version),
        quoted(&facts.tenant),
    )
}

/// Undoes percent-encoding and `+`; bytes that are not UTF-8 become U+FFFD.
fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        out.push(match byte {
            b'+' => b' ',
            b'%' => match tail {
                [high, low, after @ ..] if hex(*high).is_some() && hex(*low).is_some() => {
                    rest = after;
                    hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0)
                }
                _ => b'%',
            },
            other => *other,
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// JSON string (RFC 8259 section 7).
pub fn quoted(text: &str) -> String {
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

    fn facts() -> Facts {
        Facts {
            version: "1.0.0".into(),
            tenant: "acme".into(),
            greeting: "Hello".into(),
            trap_percent: 5,
            dies_after_seconds: 60,
            ..Facts::default()
        }
    }

    fn status(path: &str, facts: &Facts) -> Option<u16> {
        match answer(path, facts) {
            Answer::Json(status, _) => Some(status),
            _ => None,
        }
    }

    #[test]
    fn greets_by_name_and_says_who_it_is() {
        let Answer::Json(200, text) = answer("/api/v1/hello?x=1&name=W%c3%a4rme+%22%zz", &facts())
        else {
            panic!("expected a greeting")
        };
        assert_eq!(
            text,
            "{\"message\":\"Hello, Wärme \\\"%zz!\",\"plugin\":\"com.powerx.samples.greeter\",\
             \"version\":\"1.0.0\",\"tenant\":\"acme\"}"
        );
        assert_eq!(status("/nowhere", &facts()), Some(404));
        assert_eq!(quoted("a\\\n"), "\"a\\\\\\u000a\"");
        assert!(
            matches!(answer("/api/v1/hello", &facts()), Answer::Json(200, t) if t.contains("world"))
        );
    }

    #[test]
    fn each_fault_breaks_what_it_says() {
        let with = |fault: &str| Facts {
            fault: fault.into(),
            ..facts()
        };
        assert_eq!(status("/healthz", &facts()), Some(200));
        assert_eq!(status("/healthz", &with("unhealthy")), Some(503));
        let traps = with("traps");
        let broken = (0..100).filter(|dice| {
            status(
                "/api/v1/hello",
                &Facts {
                    dice: *dice,
                    ..traps.clone()
                },
            )
            .is_none()
        });
        assert_eq!(broken.count(), 5);
        assert_eq!(status("/healthz", &traps), Some(200));
        let dies = |age_seconds| Facts {
            age_seconds,
            ..with("dies")
        };
        assert_eq!(status("/healthz", &dies(59)), Some(200));
        assert_eq!(status("/healthz", &dies(60)), None);
    }
}
