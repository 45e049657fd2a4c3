//! Scripts: text run as code (JS-01) and code loaded from elsewhere (JS-02).

use super::View;
use super::lexer::{Kind, Lexer, Token};
use super::text::{Language, language, locate, snippet};
use crate::catalogue::CheckId;
use crate::report::{Finding, Severity};
use crate::sink::Sink;
use std::ops::Range;

/// Looks at a window of a script or of markup with scripts in it.
pub(crate) fn window(view: &View<'_>, text: &str, sink: &mut Sink) {
    match language(view.path) {
        Language::Script => script(view, text, 0..text.len(), sink),
        Language::Markup => markup(view, text, sink),
        _ => {}
    }
}

/// Script elements of HTML: their `src`, and what stands between their tags.
fn markup(view: &View<'_>, text: &str, sink: &mut Sink) {
    let lower = text.to_ascii_lowercase();
    let mut at = 0;
    while let Some(start) = lower[at..].find("<script").map(|i| at + i) {
        let Some(open) = lower[start..].find('>').map(|i| start + i + 1) else {
            return;
        };
        at = open;
        let tag = &text[start..open];
        if let Some(url) = attribute(tag, "src").filter(|url| is_remote(url)) {
            report(
                CheckId::Js02,
                format!("a script is loaded from {url}"),
                view,
                text,
                start..open,
                sink,
            );
        }
        let end = lower[open..]
            .find("</script")
            .map_or(text.len(), |i| open + i);
        let kind = attribute(tag, "type").unwrap_or("module");
        if ["module", "text/javascript", "application/javascript"].contains(&kind) {
            script(view, text, open..end, sink);
        }
        at = end.max(at);
    }
}

/// The value of an attribute of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find(name).map(|i| from + i) {
        from = at + name.len();
        let preceded = tag
            .as_bytes()
            .get(at.wrapping_sub(1))
            .is_some_and(u8::is_ascii_whitespace);
        let rest = tag[from..].trim_start();
        if let Some(value) = rest.strip_prefix('=').filter(|_| preceded) {
            let value = value.trim_start();
            let end: &[char] = match value.chars().next() {
                Some('"') => &['"'],
                Some('\'') => &['\''],
                _ => &[' ', '>', '\t', '\n'],
            };
            return value.trim_start_matches(['"', '\'']).split(end).next();
        }
    }
    None
}

fn is_remote(url: &str) -> bool {
    let url = url.trim().to_ascii_lowercase();
    ["https://", "http://", "//", "data:"]
        .iter()
        .any(|p| url.starts_with(p))
}

/// The last tokens before the one at hand.
struct Trail<'a> {
    text: &'a str,
    last: [Option<Token>; 5],
}

impl Trail<'_> {
    /// The text of the token `back` places before the newest one.
    fn text(&self, back: usize) -> &str {
        self.last
            .get(back)
            .and_then(Option::as_ref)
            .map_or("", |t| &self.text[t.range.clone()])
    }

    fn kind(&self, back: usize) -> Option<Kind> {
        self.last.get(back).and_then(Option::as_ref).map(|t| t.kind)
    }

    fn push(&mut self, token: Token) {
        self.last.rotate_right(1);
        self.last[0] = Some(token);
    }

    /// Not a property of some object, unless that is the global one.
    fn global(&self, back: usize) -> bool {
        let global = ["window", "globalThis", "self", "global", "top", "parent"];
        self.text(back) != "." || global.contains(&self.text(back + 1))
    }
}

fn script(view: &View<'_>, text: &str, range: Range<usize>, sink: &mut Sink) {
    let source = &text[range.clone()];
    let mut lexer = Lexer::new(source);
    let mut trail = Trail {
        text: source,
        last: [const { None }; 5],
    };
    while let Some(token) = lexer.next() {
        let at = token.range.clone();
        trail.push(token);
        // Looking ahead is worth its cost only while there is something to tell apart.
        let ahead = sink.room(CheckId::Js01).then_some(&lexer);
        if let Some((check, seen)) = judge(&trail, ahead) {
            let at = range.start + at.start..range.start + at.end;
            report(check, seen, view, text, at, sink);
        }
    }
}

/// What the newest token completes, if anything.
fn judge(trail: &Trail<'_>, lexer: Option<&Lexer<'_>>) -> Option<(CheckId, String)> {
    match trail.kind(0)? {
        Kind::Punct(b'(') => called(trail, lexer).map(|seen| (CheckId::Js01, seen)),
        Kind::Text => remote(trail).map(|seen| (CheckId::Js02, seen)),
        _ => None,
    }
}

/// The newest token opens a call's arguments.
fn called(trail: &Trail<'_>, lexer: Option<&Lexer<'_>>) -> Option<String> {
    let name = trail.text(1);
    match name {
        "eval" if trail.global(2) && trail.text(2) != "function" && !lexer.is_some_and(defines) => {
            Some("`eval` runs text as code".to_owned())
        }
        ")" if trail.text(2) == "eval" && trail.text(3) == "," => {
            Some("`eval` is called indirectly".to_owned())
        }
        "Function"
            if trail.global(2)
                && !lexer.is_some_and(harmless_function)
                && !matches!(trail.text(2), "function" | "class") =>
        {
            Some("`Function` makes code from text".to_owned())
        }
        "write" | "writeln" if trail.text(2) == "." && trail.text(3) == "document" => Some(
            format!("`document.{name}` writes markup that can hold scripts"),
        ),
        "setTimeout" | "setInterval" if trail.global(2) && lexer.is_some_and(text_first) => {
            Some(format!("`{name}` is given text instead of a function"))
        }
        _ => None,
    }
}

/// Whether the parentheses are followed by a body: then this defines a method of that name.
fn defines(lexer: &Lexer<'_>) -> bool {
    let mut depth = 1;
    let mut ahead = lexer.clone().take(200);
    while let Some(token) = ahead.next() {
        match token.kind {
            Kind::Punct(b'(') => depth += 1,
            Kind::Punct(b')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return ahead.next().is_some_and(|t| t.kind == Kind::Punct(b'{'));
        }
    }
    false
}

/// `Function("return this")` finds the global object in old engines, and an empty one does nothing.
fn harmless_function(lexer: &Lexer<'_>) -> bool {
    let mut ahead = lexer.clone();
    match ahead.next() {
        Some(token) if token.kind == Kind::Text => {
            let text = lexer.slice(token.range);
            let text = text.trim_matches(['"', '\'', '`']);
            text.trim_end_matches(';').trim() == "return this"
                && ahead.next().is_some_and(|t| t.kind == Kind::Punct(b')'))
        }
        Some(token) => token.kind == Kind::Punct(b')'),
        None => false,
    }
}

fn text_first(lexer: &Lexer<'_>) -> bool {
    let mut ahead = lexer.clone();
    ahead.next().is_some_and(|t| t.kind == Kind::Text)
        && ahead
            .next()
            .is_some_and(|t| matches!(t.kind, Kind::Punct(b',' | b')')))
}

/// The newest token is a text that names a remote script.
fn remote(trail: &Trail<'_>) -> Option<String> {
    let url = trail.text(0).trim_matches(['"', '\'', '`']);
    if !is_remote(url) {
        return None;
    }
    let import = match (trail.text(1), trail.text(2)) {
        ("(", "import" | "importScripts") => trail.text(3) != ".",
        ("from", before) => before == "}" || trail.kind(2) == Some(Kind::Word) || before == "*",
        ("import", before) => before != ".",
        ("=", "src") => trail.text(3) == "." && is_script(url),
        _ => false,
    };
    import.then(|| {
        format!(
            "a script is loaded from {}",
            url.chars().take(120).collect::<String>()
        )
    })
}

fn is_script(url: &str) -> bool {
    let path = url
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    [".js", ".mjs", "/js"].iter().any(|e| path.ends_with(e))
}

fn report(
    check: CheckId,
    seen: String,
    view: &View<'_>,
    text: &str,
    at: Range<usize>,
    sink: &mut Sink,
) {
    if !sink.room(check) {
        return sink.omit(check);
    }
    // `eval` is the author's to mend. The other forms of JS-01 stand in many honest libraries (templates, old
    // engines), and the policy under which pages are served forbids them anyway: a person looks.
    let (severity, remedy) = match check {
        CheckId::Js02 => (
            Severity::Block,
            "put the script into the bundle and load it from there",
        ),
        _ if seen.contains("`eval`") => (
            Severity::Error,
            "write the code out, or use a function value",
        ),
        _ => (
            Severity::Hold,
            "write the code out, or use a function value",
        ),
    };
    let code = snippet(text.as_bytes(), at.start, at.end);
    let location = locate(view, text, at.start, at.end);
    sink.add(
        Finding::new(check, seen, remedy)
            .at(location)
            .code(code)
            .severity(severity),
    );
}
