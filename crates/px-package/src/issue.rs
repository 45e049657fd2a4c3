//! Findings about a file: which rule, where, what, and how to mend it.

use serde::Serialize;
use std::fmt;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Never listed.
    Block,
    /// The author must rework it.
    Error,
    /// A person must look.
    Hold,
    /// Worth mending.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// The word used in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Error => "error",
            Self::Hold => "hold",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }

    /// Whether a file with such a finding is unusable.
    #[must_use]
    pub const fn is_fatal(self) -> bool {
        matches!(self, Self::Block | Self::Error)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One finding about one place of a manifest or publish plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// Check id such as `MAN-01`.
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// Dotted path of the field, such as `frontend.admin.menus[0].title`; empty for the whole file.
    pub field: String,
    /// Line, from 1; 0 when the place is not in the text.
    pub line: usize,
    /// Column in characters, from 1; 0 when the place is not in the text.
    pub column: usize,
    /// What was seen.
    pub message: String,
    /// How to mend it.
    pub remedy: String,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rule, self.severity)?;
        if self.line > 0 {
            write!(f, " {}:{}", self.line, self.column)?;
        }
        if !self.field.is_empty() {
            write!(f, " {}", self.field)?;
        }
        write!(f, ": {} ({})", self.message, self.remedy)
    }
}
