//! Error codes in the reader's language.

use super::{Lang, T};
use px_api::Code;

/// What a code means, why it happens and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeWords {
    /// What it means, in a few words.
    pub title: &'static str,
    /// Why it happens.
    pub cause: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

impl T {
    /// The words of an error code.
    #[must_use]
    pub const fn code(&self, code: Code) -> CodeWords {
        match self.lang() {
            Lang::En => CodeWords {
                title: code.title(),
                cause: code.cause(),
                remedy: code.remedy(),
            },
            Lang::ZhCn => CodeWords {
                title: code.title_zh(),
                cause: code.cause_zh(),
                remedy: code.remedy_zh(),
            },
        }
    }
}
