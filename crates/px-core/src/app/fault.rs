//! Why a step of an install did not succeed.

use std::time::Duration;

use px_api::{Code, Problem};

/// Who has to mend it; decides about retries and about what counts against a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The plugin's version itself: counts against the release, never retried.
    Plugin,
    /// The tenant's own choice or state: does not count, not retried.
    Tenant,
    /// Origin, disk, database, this host: does not count, retried with backoff.
    Infrastructure,
}

impl Blame {
    /// The word stored with the install.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Tenant => "tenant",
            Self::Infrastructure => "infrastructure",
        }
    }

    /// Reads the stored word; anything unknown is nobody's fault but ours.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "plugin" => Self::Plugin,
            "tenant" => Self::Tenant,
            _ => Self::Infrastructure,
        }
    }
}

/// A failed step: for the caller (code and detail), for comparing failures (cause).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {detail}", code.as_str())]
pub struct Fault {
    /// Code of the problem people are shown.
    pub code: Code,
    /// What happened this time, without tenant data.
    pub detail: String,
    /// Stable word: two failures with the same cause are the same failure.
    pub cause: String,
    /// Who has to mend it.
    pub blame: Blame,
    /// How long the other side asks to be left alone (`Retry-After`).
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A fault of the plugin's version.
    #[must_use]
    pub fn plugin(code: Code, cause: &str, detail: impl Into<String>) -> Self {
        Self::of(Blame::Plugin, code, cause, detail)
    }

    /// A matter of the tenant's own choice or state.
    #[must_use]
    pub fn tenant(code: Code, cause: &str, detail: impl Into<String>) -> Self {
        Self::of(Blame::Tenant, code, cause, detail)
    }

    /// A fault of the surroundings.
    #[must_use]
    pub fn infrastructure(code: Code, cause: &str, detail: impl Into<String>) -> Self {
        Self::of(Blame::Infrastructure, code, cause, detail)
    }

    fn of(blame: Blame, code: Code, cause: &str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            cause: cause.to_owned(),
            blame,
            retry_after: None,
        }
    }

    /// The same, not to be tried again before that time is over.
    #[must_use]
    pub const fn after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Whether the same step may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self.blame, Blame::Infrastructure)
    }

    /// The document people are shown.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem::new(self.code, self.detail.clone())
    }
}
