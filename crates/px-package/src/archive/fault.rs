//! What can be wrong with an archive.

use serde::Serialize;
use std::fmt;
use std::io;

/// One reason to refuse an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveFault {
    /// Check id `ARC-01` … `ARC-12`.
    pub rule: &'static str,
    /// Entry it is about, with unprintable characters escaped; absent when it is the archive itself.
    pub entry: Option<String>,
    /// What was seen.
    pub message: String,
    /// How to mend it.
    pub remedy: &'static str,
}

impl ArchiveFault {
    pub(crate) fn new(
        rule: &'static str,
        message: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        Self {
            rule,
            entry: None,
            message: message.into(),
            remedy,
        }
    }

    pub(crate) fn of(
        rule: &'static str,
        entry: &str,
        message: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        Self {
            entry: Some(printable(entry)),
            ..Self::new(rule, message, remedy)
        }
    }
}

/// A name as it can be shown: control and format characters escaped, cut at 200 characters.
pub(crate) fn printable(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().take(200) {
        if c.is_control() || super::path::is_invisible(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

impl fmt::Display for ArchiveFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some(entry) => write!(
                f,
                "{} `{entry}`: {} ({})",
                self.rule, self.message, self.remedy
            ),
            None => write!(f, "{}: {} ({})", self.rule, self.message, self.remedy),
        }
    }
}

impl std::error::Error for ArchiveFault {}

/// Why an archive could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The archive itself is to blame; never empty.
    #[error("{}", list(.0))]
    Faults(Vec<ArchiveFault>),
    /// There is no such entry.
    #[error("the archive has no entry `{0}`")]
    NoEntry(String),
    /// An entry is larger than the caller wants to hold in memory.
    #[error("`{entry}` has {size} bytes; at most {cap} are read")]
    TooLarge {
        /// Which entry.
        entry: String,
        /// Its size in bytes.
        size: u64,
        /// Most bytes the caller wanted.
        cap: u64,
    },
    /// The place to unpack into is not an empty folder.
    #[error("`{0}` is not an empty folder; unpack into a new one")]
    NotEmpty(String),
    /// The machine is to blame.
    #[error("the archive could not be read: {0}")]
    Io(io::Error),
}

fn list(faults: &[ArchiveFault]) -> String {
    let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

impl ArchiveError {
    /// A stable short name, for logs and error catalogues.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Faults(_) => "archive_faulty",
            Self::NoEntry(_) => "entry_missing",
            Self::TooLarge { .. } => "entry_too_large",
            Self::NotEmpty(_) => "destination_not_empty",
            Self::Io(_) => "archive_unreadable",
        }
    }

    /// The faults of the archive; none when the machine or the caller is to blame.
    #[must_use]
    pub fn faults(&self) -> &[ArchiveFault] {
        match self {
            Self::Faults(faults) => faults,
            _ => &[],
        }
    }
}

impl From<ArchiveFault> for ArchiveError {
    fn from(fault: ArchiveFault) -> Self {
        Self::Faults(vec![fault])
    }
}

impl From<io::Error> for ArchiveError {
    /// Readers of entries report faults inside an [`io::Error`]; they come out as faults again.
    fn from(error: io::Error) -> Self {
        match error.downcast::<ArchiveFault>() {
            Ok(fault) => fault.into(),
            Err(error) => Self::Io(error),
        }
    }
}
