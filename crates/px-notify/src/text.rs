//! Words for people, in the languages the product speaks, and how loud they are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One text in English and Simplified Chinese.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text2 {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

impl Text2 {
    /// Both languages at once.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            zh: zh.into(),
        }
    }

    /// The text for a BCP 47 language tag: Chinese for `zh…`, English for everything else.
    #[must_use]
    pub fn get(&self, language: &str) -> &str {
        if language
            .get(..2)
            .is_some_and(|l| l.eq_ignore_ascii_case("zh"))
        {
            &self.zh
        } else {
            &self.en
        }
    }
}

/// Defines an enumeration of words: one spelling in the database, on the wire and on the page.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// The word stored and shown.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::WordError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err($crate::text::WordError {
                        text: text.chars().take(40).collect(),
                        known: &[$($word),*],
                    }),
                }
            }
        }
    };
}
pub(crate) use words;

/// A word that is not one of an enumeration's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordError {
    pub(crate) text: String,
    pub(crate) known: &'static [&'static str],
}

impl fmt::Display for WordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not one of {}", self.text, self.known.join(", "))
    }
}

impl std::error::Error for WordError {}

words! {
    /// How loud an alert or a message is, from quiet to loud.
    Severity {
        /// Good to know.
        Info = "info",
        /// Should be looked at soon.
        Warning = "warning",
        /// Something is broken for somebody.
        Critical = "critical",
        /// Wake a person.
        Page = "page",
    }
}

/// Makes one short line of foreign text before it is stored or shown.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    let mut characters = text.chars();
    let mut out: String = characters
        .by_ref()
        .take(limit)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if characters.next().is_some() {
        out.push('…');
    }
    out
}

/// Reads a word back, for places where only a default makes sense.
pub(crate) fn parse_or<T: FromStr>(text: Option<&str>, default: T) -> T {
    text.and_then(|t| t.parse().ok()).unwrap_or(default)
}
