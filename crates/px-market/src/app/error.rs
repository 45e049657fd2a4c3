//! Why a use case was refused or could not be finished.

use px_api::{Code, Problem};
use px_store::{BlobError, StoreError, TroubleKind};

/// A refusal with its problem document, or trouble underneath.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The caller can do something about it.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bundle store.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The disk.
    #[error("disk: {0}")]
    Io(#[from] std::io::Error),
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
}

/// Result of a use case.
pub type AppResult<T> = Result<T, AppError>;

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<serde_json::Error> for AppError {
    fn from(e: serde_json::Error) -> Self {
        Self::Fault(format!("json: {e}"))
    }
}

impl AppError {
    /// A refusal of a kind, with what happened this time.
    #[must_use]
    pub fn refuse(code: Code, detail: impl Into<String>) -> Self {
        Problem::new(code, detail).into()
    }

    /// What the caller is told; the chain of causes is for the log.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Problem(problem) => (**problem).clone(),
            Self::Store(e) => store_problem(e),
            Self::Blob(BlobError::Missing(digest)) => {
                Problem::new(Code::NotFound, format!("there is no bundle {digest}"))
            }
            Self::Blob(BlobError::Altered(digest)) => Problem::new(
                Code::Unavailable,
                format!(
                    "the bundle store holds other bytes than bundle {digest}; its operator must put them back"
                ),
            ),
            Self::Blob(BlobError::Store(trouble)) => {
                let text = match trouble.kind() {
                    TroubleKind::Away => "the bundle store does not answer; try again shortly",
                    _ => "the bundle store refuses this server; its operator must correct that",
                };
                Problem::new(Code::Unavailable, text)
            }
            Self::Blob(BlobError::Disk(e)) | Self::Io(e) => disk_problem(e),
            Self::Fault(_) => Problem::new(Code::Internal, "nothing was changed"),
        }
    }

    /// Whether it is trouble underneath, to be logged, rather than an answer.
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        !matches!(self, Self::Problem(_))
    }

    /// Whether another request wrote the same unique value first; the whole use case may be run
    /// again and will then see it.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(e) if e.is_conflict() || matches!(e, StoreError::Stale(_)))
    }
}

fn store_problem(e: &StoreError) -> Problem {
    match e {
        StoreError::Missing(what) => {
            Problem::new(Code::NotFound, format!("there is no such {what}"))
        }
        StoreError::Stale(what) => Problem::new(
            Code::WrongState,
            format!("the {what} was changed by somebody else in the meantime; read it again"),
        ),
        StoreError::KeyReused(key) => Problem::new(
            Code::IdempotencyReused,
            format!("`{key}` was used before with another request"),
        ),
        e if e.is_transient() => {
            Problem::new(Code::Unavailable, "the database is busy; try again shortly")
        }
        _ => Problem::new(Code::Internal, "nothing was changed"),
    }
}

fn disk_problem(e: &std::io::Error) -> Problem {
    if e.kind() == std::io::ErrorKind::StorageFull {
        Problem::new(
            Code::Unavailable,
            "the server's disk is full; what arrived is kept, try again later",
        )
    } else {
        Problem::new(Code::Unavailable, "the server's disk does not answer")
    }
}
