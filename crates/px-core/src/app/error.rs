//! How a use case ends badly.

use px_api::{Code, Problem};
use px_store::StoreError;

use super::fault::Fault;

/// A problem for the caller, or a fault of the storage.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// What the caller is answered.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// The database refused or is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AppError {
    /// A problem of a kind, with what happened this time.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Problem::new(code, detail).into()
    }

    /// There is no such thing within the caller's reach.
    #[must_use]
    pub fn missing(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}."))
    }
}

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<Fault> for AppError {
    fn from(fault: Fault) -> Self {
        fault.problem().into()
    }
}

/// Result of a use case.
pub type AppResult<T> = Result<T, AppError>;
