//! Markup that is already safe to write into a page.

use askama::Template;
use std::fmt;

/// A piece of HTML. Text becomes one only through escaping ([`Html::text`]), through a template
/// ([`Html::render`]) or by saying in the code that it is trusted ([`Html::trusted`]).
///
/// Templates of any crate write it with `{{ piece }}`: askama does not escape it again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(String);

impl askama::filters::HtmlSafe for Html {}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Html {
    /// Escapes text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
        Self(out)
    }

    /// Takes markup written by this program; never give it anything a user typed.
    #[must_use]
    pub fn trusted(markup: impl Into<String>) -> Self {
        Self(markup.into())
    }

    /// Nothing.
    #[must_use]
    pub const fn empty() -> Self {
        Self(String::new())
    }

    /// Renders a template, which escapes the values it shows.
    #[must_use]
    pub fn render(template: &impl Template) -> Self {
        match template.render() {
            Ok(text) => Self(text),
            Err(error) => {
                tracing::error!(%error, "a template failed to render");
                Self::default()
            }
        }
    }

    /// Puts pieces after each other.
    #[must_use]
    pub fn join(pieces: impl IntoIterator<Item = Self>) -> Self {
        Self(pieces.into_iter().map(|p| p.0).collect())
    }

    /// Whether nothing would be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The markup, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<&str> for Html {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Html {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}
