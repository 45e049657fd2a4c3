//! Text with meaning: words carry a tone, colour is only one way to show it.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// The thing the line is about.
    Strong,
    /// Less important than its surroundings.
    Dim,
    /// Went well.
    Good,
    /// Deserves a look.
    Warn,
    /// Went wrong.
    Bad,
    /// Something to type or copy.
    Code,
}

impl Tone {
    const fn escape(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "\u{1b}[1m",
            Self::Dim => "\u{1b}[2m",
            Self::Good => "\u{1b}[32m",
            Self::Warn => "\u{1b}[33m",
            Self::Bad => "\u{1b}[1;31m",
            Self::Code => "\u{1b}[36m",
        }
    }
}

/// A paragraph of toned pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text(Vec<(Tone, String)>);

impl Text {
    /// A piece in a tone.
    #[must_use]
    pub fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self(vec![(tone, text.into())])
    }

    /// Adds a piece in a tone.
    #[must_use]
    pub fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push((tone, text.into()));
        self
    }

    /// Adds a plain piece.
    #[must_use]
    pub fn plain(self, text: impl Into<String>) -> Self {
        self.and(Tone::Plain, text)
    }

    /// Columns it takes on one line.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.0.iter().map(|(_, text)| text.width()).sum()
    }

    /// Whether there is nothing to see.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, text)| text.is_empty())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::toned(Tone::Plain, text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::toned(Tone::Plain, text)
    }
}

/// How much room and colour there is.
#[derive(Debug, Clone, Copy)]
pub struct Canvas {
    /// Columns; none when lines are not to be broken.
    pub columns: Option<usize>,
    /// Whether colours may be used.
    pub colour: bool,
    /// Whether marks may be outside ASCII.
    pub unicode: bool,
}

impl Canvas {
    /// Writes a paragraph, broken to the width, each line after the first indented by `hang`.
    /// The caller has written `used` columns of the first line. Ends with a newline.
    pub fn paragraph(self, out: &mut String, text: &Text, used: usize, hang: usize) {
        let limit = self.columns.unwrap_or(usize::MAX);
        let (mut column, mut fresh) = (used, true);
        for word in words(text) {
            let width = word.columns();
            if word.breaks || (!fresh && column + word.spaces + width > limit) {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', hang));
                column = hang;
            } else {
                out.extend(std::iter::repeat_n(' ', word.spaces));
                column += word.spaces;
            }
            for (tone, part) in &word.parts {
                self.word(out, *tone, part);
            }
            column += width;
            fresh = false;
        }
        out.push('\n');
    }

    fn word(self, out: &mut String, tone: Tone, word: &str) {
        if self.colour && tone != Tone::Plain && !word.is_empty() {
            let _ = write!(out, "{}{word}\u{1b}[0m", tone.escape()); // writing to a String cannot fail
        } else {
            out.push_str(word);
        }
    }
}

/// Whether a character changes the direction of what follows.
pub(super) const fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What is never broken: pieces without a space between them.
#[derive(Default)]
struct Word {
    parts: Vec<(Tone, String)>,
    /// Spaces before it, when it stays on the line.
    spaces: usize,
    /// A line break stands before it.
    breaks: bool,
}

impl Word {
    fn columns(&self) -> usize {
        self.parts.iter().map(|(_, part)| part.width()).sum()
    }
}

fn words(text: &Text) -> Vec<Word> {
    let mut words = vec![Word::default()];
    for (tone, piece) in &text.0 {
        for c in printable(piece).chars() {
            let last = words.last_mut();
            let Some(word) = last else { break };
            match (c, word.parts.is_empty()) {
                ('\n', _) => words.push(Word {
                    breaks: true,
                    ..Word::default()
                }),
                (' ', true) => word.spaces += 1,
                (' ', false) => words.push(Word {
                    spaces: 1,
                    ..Word::default()
                }),
                (c, _) => match word.parts.last_mut() {
                    Some((same, part)) if same == tone => part.push(c),
                    _ => word.parts.push((*tone, c.to_string())),
                },
            }
        }
    }
    words
}

/// Text from elsewhere (manifests, servers) must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' => Some('\n'),
            '\t' => Some(' '),
            c if c.is_control() => None,
            c if turns(c) => Some('\u{fffd}'),
            c => Some(c),
        })
        .collect()
}

impl Text {
    /// Adds the pieces of another text.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Canvas, Text, Tone};
    use unicode_width::UnicodeWidthStr;

    proptest! {
        #[test]
        fn lines_fit_or_are_one_word_and_nothing_steers_the_terminal(
            pieces in proptest::collection::vec(".{0,40}", 0..6), columns in 8_usize..60, hang in 0_usize..6,
        ) {
            let text = pieces.iter().fold(Text::default(), |text, piece| text.and(Tone::Strong, piece.as_str()));
            let canvas = Canvas { columns: Some(columns), colour: false, unicode: true };
            let mut out = String::new();
            canvas.paragraph(&mut out, &text, 0, hang);
            prop_assert!(!out.chars().any(|c| c != '\n' && c.is_control()));
            for line in out.lines() {
                let word = line.trim_start_matches(' ');
                prop_assert!(line.width() <= columns || !word.contains(' '), "{line:?}");
            }
        }
    }

    #[test]
    fn colour_is_all_that_differs() {
        let text = Text::from("a plain ").and(Tone::Bad, "red word");
        let draw = |colour| {
            let mut out = String::new();
            Canvas {
                columns: None,
                colour,
                unicode: true,
            }
            .paragraph(&mut out, &text, 0, 0);
            out
        };
        assert_eq!(draw(false), "a plain red word\n");
        assert_eq!(
            draw(true),
            "a plain \u{1b}[1;31mred\u{1b}[0m \u{1b}[1;31mword\u{1b}[0m\n"
        );
    }
}
