//! How a job ends badly.

use std::time::Duration;

use px_store::StoreError;

/// Why a run of a job did not complete it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JobError {
    /// Try again after the usual back-off.
    #[error("{0}")]
    Retry(String),
    /// Try again after this time, without counting an attempt as failed.
    #[error("{0}")]
    RetryAfter(String, Duration),
    /// Trying again cannot help.
    #[error("{0}")]
    Fatal(String),
}

impl From<StoreError> for JobError {
    fn from(e: StoreError) -> Self {
        Self::Retry(e.to_string())
    }
}

impl From<std::io::Error> for JobError {
    fn from(e: std::io::Error) -> Self {
        Self::Retry(e.to_string())
    }
}
