//! Which bytes a request asks for (RFC 9110 sections 13 and 14).

use std::ops::Range;

use http::{HeaderMap, header};

/// What to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The client has it already (304).
    NotModified,
    /// Everything (200).
    Whole,
    /// A part (206).
    Part(Range<u64>),
    /// Bytes that do not exist (416).
    Unsatisfiable,
}

/// Reads `If-None-Match`, `Range` and `If-Range` for an immutable resource with this tag.
pub(super) fn wanted(headers: &HeaderMap, etag: &str, size: u64) -> Wanted {
    let text = |name| {
        headers
            .get(name)
            .and_then(|v: &http::HeaderValue| v.to_str().ok())
    };
    let known = text(header::IF_NONE_MATCH)
        .is_some_and(|tags| tags.split(',').any(|t| matches(t.trim(), etag)));
    if known {
        return Wanted::NotModified;
    }
    let Some(range) = text(header::RANGE) else {
        return Wanted::Whole;
    };
    // Another tag, or a date: the part may belong to other bytes, so everything is sent.
    if text(header::IF_RANGE).is_some_and(|tag| tag.trim() != etag) {
        return Wanted::Whole;
    }
    part(range, size)
}

fn matches(tag: &str, etag: &str) -> bool {
    tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
}

/// One range; several, other units and nonsense are answered with everything, as the RFC allows.
fn part(text: &str, size: u64) -> Wanted {
    let Some(range) = text.strip_prefix("bytes=") else {
        return Wanted::Whole;
    };
    let Some((first, last)) = range.trim().split_once('-') else {
        return Wanted::Whole;
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let (start, end) = match (first.is_empty(), last.is_empty()) {
        (true, false) => match number(last) {
            Some(0) => return Wanted::Unsatisfiable,
            Some(n) => (size.saturating_sub(n), size),
            None => return Wanted::Whole,
        },
        (false, true) => match number(first) {
            Some(n) => (n, size),
            None => return Wanted::Whole,
        },
        (false, false) => match (number(first), number(last)) {
            (Some(a), Some(b)) if a <= b => (a, b.saturating_add(1).min(size)),
            _ => return Wanted::Whole,
        },
        (true, true) => return Wanted::Whole,
    };
    if start < size && start < end {
        Wanted::Part(start..end)
    } else {
        Wanted::Unsatisfiable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(fields: &[(header::HeaderName, &str)]) -> Wanted {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(name, value.parse().unwrap());
        }
        wanted(&headers, "\"tag\"", 100)
    }

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        let range = |text| ask(&[(header::RANGE, text)]);
        assert_eq!(range("bytes=0-9"), Wanted::Part(0..10));
        assert_eq!(range("bytes=90-"), Wanted::Part(90..100));
        assert_eq!(range("bytes=-5"), Wanted::Part(95..100));
        assert_eq!(range("bytes=50-1000"), Wanted::Part(50..100));
        for unsatisfiable in ["bytes=100-", "bytes=-0", "bytes=200-300"] {
            assert_eq!(
                range(unsatisfiable),
                Wanted::Unsatisfiable,
                "{unsatisfiable}"
            );
        }
        for whole in [
            "bytes=9-0",
            "bytes=a-b",
            "lines=1-2",
            "bytes=0-1,5-6",
            "bytes=-",
        ] {
            assert_eq!(range(whole), Wanted::Whole, "{whole}");
        }
    }

    #[test]
    fn a_part_is_sent_only_of_the_bytes_the_client_has() {
        let with = |tag| ask(&[(header::RANGE, "bytes=1-2"), (header::IF_RANGE, tag)]);
        assert_eq!(with("\"tag\""), Wanted::Part(1..3));
        assert_eq!(with("\"other\""), Wanted::Whole);
        assert_eq!(with("W/\"tag\""), Wanted::Whole);
        assert_eq!(
            ask(&[(header::IF_NONE_MATCH, "\"x\", W/\"tag\"")]),
            Wanted::NotModified
        );
    }
}
