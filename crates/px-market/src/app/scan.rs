//! Beginning and concluding the automated part of a review.

use px_model::{VersionState, event_type};
use px_notify::{NewMessage, Severity, Text2, post_inbox};
use px_store::{Actor, NewEvent, Tx, When};
use serde_json::{Value, json};

use super::decide::with_reason;
use super::error::AppResult;
use super::facts::BundleFacts;
use super::messages::REVIEWERS;
use super::transition::{Step, step};
use crate::Market;
use crate::jobs::Pipeline;
use crate::store::reports::{self, ReportRow};
use crate::store::row::VersionRow;
use crate::store::versions;

/// What the automated part came to.
#[derive(Debug, Clone)]
pub struct Conclusion {
    /// `clean`, `needs_person` or `blocked`; never `held`, which concludes nothing.
    pub verdict: &'static str,
    /// The report.
    pub report: Value,
    /// Findings that block, are errors, or ask for a person.
    pub findings: u32,
    /// What the bundle says about itself; none when it cannot be read.
    pub facts: Option<BundleFacts>,
    /// For the author, when it is blocked.
    pub reason: String,
}

impl Market {
    /// Takes a submitted version into the scan; `None` when there is nothing to do any more
    /// because it was withdrawn or published again.
    ///
    /// # Errors
    /// When the database is away, or the version changes at this moment.
    pub async fn begin_scan(&self, pipeline: &Pipeline) -> AppResult<Option<VersionRow>> {
        let row = versions::get(self.db(), pipeline.version_id).await?;
        if row.round != pipeline.round {
            return Ok(None);
        }
        match row.state {
            VersionState::Scanning => Ok(Some(row)),
            VersionState::Submitted => {
                self.pass(&row, "submitted", When::Before).await?;
                let mut tx = self.db().begin().await?;
                let change = Step {
                    actor: &Actor::system("intake"),
                    to: VersionState::Scanning,
                    action: "version.scanning",
                    note: None,
                    detail: json!({ "round": row.round }),
                };
                let row = step(&mut tx, &row, change).await?;
                tx.commit().await?;
                Ok(Some(row))
            }
            _ => Ok(None),
        }
    }

    /// Writes the signed report and moves the version to the reviewers, or blocks it.
    ///
    /// # Errors
    /// [`px_store::StoreError::Stale`] when the version left the scan in the meantime.
    pub async fn conclude_scan(
        &self,
        tx: &mut Tx,
        row: &VersionRow,
        conclusion: &Conclusion,
    ) -> AppResult<()> {
        if let Some(facts) = &conclusion.facts {
            versions::set_facts(tx, row, facts).await?;
        }
        let envelope = self.keys().sign_report(&conclusion.report);
        let report = ReportRow {
            sha256: row.sha256,
            verdict: conclusion.verdict.to_owned(),
            body: conclusion.report.clone(),
            envelope: Some(serde_json::from_str(&envelope)?),
        };
        reports::put(tx, row, &report, conclusion.findings).await?;
        let row = versions::get_tx(tx, row.id).await?;
        if conclusion.verdict == "blocked" {
            self.block(tx, &row, &conclusion.reason).await
        } else {
            self.to_reviewers(tx, &row, conclusion.verdict).await
        }
    }

    /// Gives a version to the reviewers.
    pub(crate) async fn to_reviewers(
        &self,
        tx: &mut Tx,
        row: &VersionRow,
        verdict: &str,
    ) -> AppResult<()> {
        let change = Step {
            actor: &Actor::system("checks"),
            to: VersionState::InReview,
            action: "version.in_review",
            note: None,
            detail: json!({ "verdict": verdict, "risk": row.risk, "findings": row.findings }),
        };
        let row = step(tx, row, change).await?;
        let title = Text2::new(
            format!("{} {} waits for a reviewer", row.name(), row.version),
            format!("{} {} 等待审核", row.name(), row.version),
        );
        let body = Text2::new(
            format!("Risk {}, {} findings to look at.", row.risk, row.findings),
            format!("风险等级 {}，待查看问题 {} 个。", row.risk, row.findings),
        );
        let message = NewMessage {
            audience: REVIEWERS.to_owned(),
            level: Severity::Info,
            title,
            body,
            subject: Some(row.review.to_string()),
            dedup: Some(format!("in_review:{}:{}", row.id, row.round)),
        };
        post_inbox(tx, message).await?;
        Ok(())
    }

    async fn block(&self, tx: &mut Tx, row: &VersionRow, reason: &str) -> AppResult<()> {
        let change = Step {
            actor: &Actor::system("checks"),
            to: VersionState::Blocked,
            action: "version.blocked",
            note: Some(reason),
            detail: json!({ "findings": row.findings }),
        };
        let row = step(tx, row, change).await?;
        self.stop_clock(tx, &row).await?;
        tx.emit(NewEvent {
            kind: event_type::REJECTED,
            source: self.source(),
            subject: row.id.to_string(),
            data: with_reason(&row, reason),
        })
        .await?;
        self.tell_publisher_sent_back(tx, &row, reason).await
    }
}
