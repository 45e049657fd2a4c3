//! A small JavaScript lexer: enough to tell code from comments, strings and regular expressions.
//!
//! It never fails: on malformed input it goes on with the next character.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Name or keyword.
    Word,
    /// Number.
    Number,
    /// String in single or double quotes, or a template without `${}`; the range includes the quotes.
    Text,
    /// Part of a template with `${}`.
    Template,
    /// Regular expression.
    Regex,
    /// One character of punctuation.
    Punct(u8),
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: Kind,
    pub range: Range<usize>,
}

/// Tokens of a script; cheap to clone for looking ahead.
#[derive(Clone)]
pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Depth of braces at which each open template continues.
    templates: Vec<u32>,
    braces: u32,
    /// Whether a `/` would divide rather than begin a regular expression.
    value: bool,
    /// Up to here no regular expression ends: looking again from each `/` would take quadratic time.
    no_regex: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
            templates: Vec::new(),
            braces: 0,
            value: false,
            no_regex: 0,
        }
    }

    /// The script's text in a token's range; empty when the range cuts a character.
    pub(crate) fn slice(&self, range: Range<usize>) -> &'a str {
        self.bytes
            .get(range)
            .and_then(|b| std::str::from_utf8(b).ok())
            .unwrap_or_default()
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip_blank(&mut self) {
        while self.at < self.bytes.len() {
            let (c, next) = (self.peek(0), self.peek(1));
            if c.is_ascii_whitespace() {
                self.at += 1;
            } else if c == b'/' && next == b'/' || c == b'#' && next == b'!' && self.at == 0 {
                self.at = self.seek(b"\n", self.at);
            } else if c == b'/' && next == b'*' {
                self.at = (self.seek(b"*/", self.at + 2) + 2).min(self.bytes.len());
            } else {
                return;
            }
        }
    }

    fn seek(&self, needle: &[u8], from: usize) -> usize {
        let from = from.min(self.bytes.len());
        self.bytes[from..]
            .windows(needle.len())
            .position(|w| w == needle)
            .map_or(self.bytes.len(), |i| from + i)
    }

    /// To the end of a quoted string, or of its line when the quote is missing.
    fn quoted(&mut self, quote: u8) {
        self.at += 1;
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.at += 1,
                b'\n' => return,
                c if c == quote => {
                    self.at += 1;
                    return;
                }
                _ => {}
            }
            self.at = (self.at + 1).min(self.bytes.len());
        }
    }

    /// To the end of a template, or to its next `${`; true when it ended.
    fn template(&mut self) -> bool {
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.at += 1,
                b'`' => {
                    self.at += 1;
                    return true;
                }
                b'$' if self.peek(1) == b'{' => {
                    self.at += 2;
                    self.templates.push(self.braces);
                    return false;
                }
                _ => {}
            }
            self.at = (self.at + 1).min(self.bytes.len());
        }
        true
    }

    /// To the end of a regular expression; false when there is none on this line.
    fn regex(&mut self) -> bool {
        if self.at < self.no_regex {
            return false;
        }
        let (mut i, mut class) = (self.at + 1, false);
        while let Some(c) = self.bytes.get(i) {
            match c {
                b'\\' => i += 1,
                b'\n' => break,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => {
                    self.at = i + 1;
                    while self.peek(0).is_ascii_alphabetic() {
                        self.at += 1;
                    }
                    return true;
                }
                _ => {}
            }
            i += 1;
        }
        self.no_regex = i;
        false
    }

    fn word(&mut self) -> bool {
        let start = self.at;
        while is_word(self.peek(0)) {
            self.at += 1;
        }
        // After these a `/` begins a regular expression.
        !matches!(
            &self.bytes[start..self.at],
            b"return"
                | b"typeof"
                | b"case"
                | b"in"
                | b"of"
                | b"do"
                | b"else"
                | b"void"
                | b"delete"
                | b"throw"
                | b"new"
                | b"await"
                | b"yield"
        )
    }

    fn punct(&mut self, c: u8) -> Kind {
        self.at += 1;
        match c {
            b'{' => self.braces += 1,
            b'}' if self.templates.last() == Some(&self.braces) => {
                self.templates.pop();
                self.value = self.template();
                return Kind::Template;
            }
            b'}' => self.braces = self.braces.saturating_sub(1),
            _ => {}
        }
        self.value = matches!(c, b')' | b']' | b'}');
        Kind::Punct(c)
    }
}

const fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c == b'$' || c >= 0x80
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_blank();
        let start = self.at;
        let first = *self.bytes.get(start)?;
        let kind = match first {
            b'"' | b'\'' => {
                self.quoted(first);
                self.value = true;
                Kind::Text
            }
            b'`' => {
                self.at += 1;
                let ended = self.template();
                self.value = ended;
                if ended { Kind::Text } else { Kind::Template }
            }
            b'/' if !self.value && self.regex() => {
                self.value = true;
                Kind::Regex
            }
            b'0'..=b'9' => {
                while is_word(self.peek(0)) || self.peek(0) == b'.' {
                    self.at += 1;
                }
                self.value = true;
                Kind::Number
            }
            c if is_word(c) => {
                self.value = self.word();
                Kind::Word
            }
            c => self.punct(c),
        };
        Some(Token {
            kind,
            range: start..self.at.min(self.bytes.len()),
        })
    }
}
