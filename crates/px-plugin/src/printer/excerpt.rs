//! A place in a text file, drawn by miette.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
    ThemeCharacters, ThemeStyles,
};

use super::text::Canvas;
use crate::failure::Excerpt;

#[derive(Debug)]
struct Place {
    source: NamedSource<String>,
    span: LabeledSpan,
}

impl fmt::Display for Place {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(()) // the message stands above, in the printer's own form
    }
}

impl std::error::Error for Place {}

impl Diagnostic for Place {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.span.clone())))
    }
}

/// Draws the lines around the place with the label under it.
pub fn render(excerpt: &Excerpt, canvas: Canvas) -> String {
    let theme = GraphicalTheme {
        characters: if canvas.unicode {
            ThemeCharacters::unicode()
        } else {
            ThemeCharacters::ascii()
        },
        styles: if canvas.colour {
            ThemeStyles::ansi()
        } else {
            ThemeStyles::none()
        },
    };
    let text = harmless(&excerpt.text);
    let (offset, length) = span(&text, excerpt.line, excerpt.column);
    let place = Place {
        source: NamedSource::new(&excerpt.name, text),
        span: LabeledSpan::new(Some(excerpt.label.clone()), offset, length),
    };
    let mut drawn = String::new();
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(canvas.columns.unwrap_or(100).max(30))
        .with_context_lines(1);
    if handler.render_report(&mut drawn, &place).is_err() {
        return String::new();
    }
    // The handler writes an empty message first; only the drawing is wanted.
    let lines = drawn
        .lines()
        .skip_while(|line| !line.contains('['))
        .map(str::trim_end);
    lines
        .filter(|line| !line.is_empty())
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// The text without characters that steer a terminal; each stays one character, so that places fit.
fn harmless(text: &str) -> String {
    let harmless = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() || super::text::turns(c) => '\u{fffd}',
        c => c,
    };
    text.replace("\r\n", "\n").chars().map(harmless).collect()
}

/// Byte offset and length of the word at a place.
fn span(text: &str, line: usize, column: usize) -> (usize, usize) {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let content = text[before..].lines().next().unwrap_or_default();
    let skip: usize = content
        .chars()
        .take(column.saturating_sub(1))
        .map(char::len_utf8)
        .sum();
    let rest = &content[skip.min(content.len())..];
    let length = rest.split(" #").next().unwrap_or(rest).trim_end().len();
    (before + skip.min(content.len()), length)
}
