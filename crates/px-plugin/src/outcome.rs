//! What a command hands back when it ran to its end.

use serde::Serialize;
use serde_json::Value;

use crate::printer::Page;

/// The result of a command: one document for programs and one page for people.
#[derive(Debug)]
pub struct Outcome {
    /// For `--format json`.
    pub document: Value,
    /// For people.
    pub page: Page,
    /// What `--quiet` still prints: the one line a script is after.
    pub essence: Option<String>,
    /// 0, or 1 when the command did its work and found something that blocks.
    pub exit: u8,
}

impl Outcome {
    /// A clean result.
    ///
    /// `document` is serialised here; the types used have only text keys, for which this cannot fail.
    #[must_use]
    pub fn new(document: &impl Serialize, page: Page) -> Self {
        Self {
            document: serde_json::to_value(document).unwrap_or_default(),
            page,
            essence: None,
            exit: 0,
        }
    }

    /// Says what is left of it with `--quiet`.
    #[must_use]
    pub fn essence(mut self, line: impl Into<String>) -> Self {
        self.essence = Some(line.into());
        self
    }

    /// Marks it as blocked (exit code 1) when `blocked` holds.
    #[must_use]
    pub fn blocked_if(mut self, blocked: bool) -> Self {
        self.exit = u8::from(blocked);
        self
    }
}
