//! Why a command did not run to its end: a problem with a code, a place and a remedy.

use std::path::Path;

use px_api::client::CallError;
use px_api::{Code, Problem};

/// A piece of a text file to show under a message.
#[derive(Debug, Clone)]
pub struct Excerpt {
    /// Name shown above it.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Written under the place.
    pub label: String,
}

/// A failed command.
#[derive(Debug)]
pub struct Failure {
    /// What happened, in the same form as the Marketplace's errors.
    pub problem: Box<Problem>,
    /// What to do about it.
    pub remedy: String,
    /// Where in a file.
    pub excerpt: Option<Box<Excerpt>>,
    /// 1 when something was refused, 2 for usage, files and network.
    pub exit: u8,
}

impl Failure {
    /// A failure of a kind; the remedy is the catalogue's until [`Failure::remedy`] gives a better one.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            problem: Box::new(Problem::new(code, detail)),
            remedy: code.explain().to_owned(),
            excerpt: None,
            exit: exit_of(code),
        }
    }

    /// A file that cannot be read or written.
    #[must_use]
    pub fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::new(Code::LocalFile, format!("{}: {error}", path.display()))
            .remedy("Check that the path is right and that you may read and write it.")
    }

    /// An option that cannot be followed.
    #[must_use]
    pub fn usage(detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Code::Usage, detail).remedy(remedy)
    }

    /// A setting that is not acceptable.
    #[must_use]
    pub fn setting(detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Code::ConfigInvalid, detail).remedy(remedy)
    }

    /// Says what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// Shows where.
    #[must_use]
    pub fn at(mut self, excerpt: Excerpt) -> Self {
        self.excerpt = Some(Box::new(excerpt));
        self
    }
}

/// 2 when the caller, a file or the network is at fault, 1 when something was looked at and refused.
const fn exit_of(code: Code) -> u8 {
    match code {
        Code::Usage
        | Code::LocalFile
        | Code::NetworkFailed
        | Code::ConfigInvalid
        | Code::Internal
        | Code::Unavailable
        | Code::TooMany => 2,
        _ => 1,
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Problem(problem) => {
                let code = Code::find(&problem.code);
                Self {
                    remedy: code.map_or_else(String::new, |code| code.explain().to_owned()),
                    exit: code.map_or(1, exit_of),
                    problem,
                    excerpt: None,
                }
            }
            CallError::Network { url, source } => {
                Self::new(Code::NetworkFailed, format!("{url}: {}", root(&source)))
            }
            CallError::Shape { url, reason } => Self::new(
                Code::Unavailable,
                format!("{url} did not answer like a Marketplace: {reason}"),
            )
            .remedy("Check PX_MARKETPLACE_API_URL; `px-plugin doctor` tries each step."),
        }
    }
}

/// An error with everything that led to it, on one line, repetitions left out.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = cause.source();
    }
    text
}

/// The cause at the bottom: of a failed connection it is the one people can act on.
#[must_use]
pub fn root(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
