//! Reports outcomes to the Marketplace until it has them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use px_api::market::OutcomeReport;
use px_work::{Job, JobError, JobHandler};

use crate::app::ports::Marketplace;
use crate::store::aftermath::REPORT_JOB;

/// Sends one report per job; the report's id makes repeating it harmless.
pub struct Reporter(pub Arc<dyn Marketplace>);

#[async_trait]
impl JobHandler for Reporter {
    fn kind(&self) -> &'static str {
        REPORT_JOB
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let report: OutcomeReport = job.read()?;
        match self.0.report(&report).await {
            Ok(()) => Ok(()),
            Err(fault) if fault.is_transient() && job.attempt < 4 => {
                Err(JobError::Retry(fault.to_string()))
            }
            // An outage of hours must not use up the attempts.
            Err(fault) if fault.is_transient() => Err(JobError::RetryAfter(
                fault.to_string(),
                Duration::from_secs(30),
            )),
            Err(fault) => Err(JobError::Fatal(fault.to_string())),
        }
    }
}
