//! Running a plugin for the review: what the Marketplace asks of the sandbox.

use async_trait::async_trait;

use crate::store::row::VersionRow;

/// What is to be run.
#[derive(Debug, Clone)]
pub struct CompatibilitySubject {
    /// The bundle, a local file.
    pub bundle: std::path::PathBuf,
    /// The version it belongs to.
    pub row: VersionRow,
}

/// tmp
#[derive(Debug, Clone)]
pub struct CompatibilityReport {}

/// tmp
#[async_trait]
pub trait CompatibilityRunner: Send + Sync {
    /// tmp
    async fn run(&self, subject: &CompatibilitySubject) -> Result<CompatibilityReport, String>;
}
