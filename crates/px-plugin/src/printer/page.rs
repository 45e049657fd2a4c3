//! A page for people: a few kinds of blocks, laid out for the width of the terminal.

use super::text::{Canvas, Text, Tone};

/// How an item went; shown as a sign and a word, never by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Done, or in order.
    Good,
    /// Deserves a look.
    Warn,
    /// Wrong.
    Bad,
    /// Neither.
    Point,
}

impl Mark {
    const fn sign(self, unicode: bool) -> &'static str {
        match (self, unicode) {
            (Self::Good, true) => "✓",
            (Self::Warn, true) => "!",
            (Self::Bad, true) => "✗",
            (Self::Point, true) => "·",
            (Self::Good, false) => "+",
            (Self::Warn, false) => "!",
            (Self::Bad, false) => "x",
            (Self::Point, false) => "-",
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Good => Tone::Good,
            Self::Warn => Tone::Warn,
            Self::Bad => Tone::Bad,
            Self::Point => Tone::Dim,
        }
    }
}

#[derive(Debug, Clone)]
enum Block {
    Blank,
    Line(Text),
    Pairs(Vec<(String, Text)>),
    Item(Mark, Text, Vec<Text>),
    Excerpt(Box<crate::failure::Excerpt>),
    Raw(String),
}

/// Blocks in order.
#[derive(Debug, Clone, Default)]
pub struct Page(Vec<Block>);

impl Page {
    /// An empty page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A paragraph.
    #[must_use]
    pub fn line(mut self, text: impl Into<Text>) -> Self {
        self.0.push(Block::Line(text.into()));
        self
    }

    /// A heading with a blank line before it.
    #[must_use]
    pub fn heading(self, text: impl Into<String>) -> Self {
        self.blank().line(Text::toned(Tone::Strong, text))
    }

    /// A blank line; shown neither at the beginning nor twice.
    #[must_use]
    pub fn blank(mut self) -> Self {
        self.0.push(Block::Blank);
        self
    }

    /// Names and values, the values aligned where there is room.
    #[must_use]
    pub fn pairs<K: Into<String>, V: Into<Text>>(
        mut self,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pairs = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(_, value): &(String, Text)| !value.is_empty())
            .collect();
        self.0.push(Block::Pairs(pairs));
        self
    }

    /// A line with a mark.
    #[must_use]
    pub fn item(self, mark: Mark, text: impl Into<Text>) -> Self {
        self.detailed(mark, text, Vec::new())
    }

    /// A line with a mark and indented paragraphs below it.
    #[must_use]
    pub fn detailed(mut self, mark: Mark, text: impl Into<Text>, details: Vec<Text>) -> Self {
        self.0.push(Block::Item(mark, text.into(), details));
        self
    }

    /// A piece of a file with a place marked.
    #[must_use]
    pub fn excerpt(mut self, excerpt: crate::failure::Excerpt) -> Self {
        self.0.push(Block::Excerpt(Box::new(excerpt)));
        self
    }

    /// Text as it is: never broken, never coloured.
    #[must_use]
    pub fn raw(mut self, text: impl Into<String>) -> Self {
        self.0.push(Block::Raw(text.into()));
        self
    }

    /// Another page below this one.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The page as text.
    #[must_use]
    pub fn render(&self, canvas: Canvas) -> String {
        let mut out = String::new();
        for block in &self.0 {
            match block {
                Block::Blank if out.is_empty() || out.ends_with("\n\n") => {}
                Block::Blank => out.push('\n'),
                Block::Line(text) => canvas.paragraph(&mut out, text, 0, 0),
                Block::Pairs(pairs) => render_pairs(&mut out, pairs, canvas),
                Block::Item(mark, text, details) => {
                    let sign = Text::toned(mark.tone(), mark.sign(canvas.unicode)).plain(" ");
                    let line = sign.with(text);
                    canvas.paragraph(&mut out, &line, 0, 2);
                    for detail in details {
                        out.push_str("  ");
                        canvas.paragraph(&mut out, detail, 2, 4);
                    }
                }
                Block::Excerpt(excerpt) => out.push_str(&super::excerpt::render(excerpt, canvas)),
                Block::Raw(text) => out.push_str(text),
            }
        }
        out
    }
}

/// Aligned in two columns; on a narrow terminal each value goes below its name.
fn render_pairs(out: &mut String, pairs: &[(String, Text)], canvas: Canvas) {
    use unicode_width::UnicodeWidthStr;
    let name_width = pairs
        .iter()
        .map(|(name, _)| name.width())
        .max()
        .unwrap_or(0)
        + 2;
    let narrow = canvas.columns.is_some_and(|columns| columns < 60);
    for (name, value) in pairs {
        let label = Text::toned(Tone::Dim, name.as_str());
        if narrow && name_width + value.columns() > canvas.columns.unwrap_or(0) {
            canvas.paragraph(out, &label, 0, 0);
            out.push_str("  ");
            canvas.paragraph(out, value, 2, 2);
        } else {
            let pad = " ".repeat(name_width - name.width());
            canvas.paragraph(out, &label.plain(pad).with(value), 0, name_width);
        }
    }
}
