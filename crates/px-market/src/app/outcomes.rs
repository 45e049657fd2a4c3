//! What installations report about a version, and who is told.

use px_api::market::{Outcome, OutcomeReport};
use px_api::{Code, Problem};
use px_model::{Event, EventId, VersionId, event_type};
use px_notify::{NewAlert, Severity, raise_alert};
use px_store::{AuditEntry, Tx};
use serde_json::json;

use super::authority::{InstallationAuth, ViewerAuth};
use super::error::{AppError, AppResult};
use super::messages::{PublisherNews, Words, publisher_audience};
use crate::Market;
use crate::store::row::VersionRow;
use crate::store::{outcomes, versions};

impl Market {
    /// Takes a report; the same id of the same installation counts once. Failures and roll-backs
    /// reach the publisher's inbox, alert board and endpoints, without naming the tenant.
    ///
    /// # Errors
    /// `PX-0403` when the version was never listed, `PX-0005` when plugin and version differ.
    pub async fn report_outcome(
        &self,
        auth: &InstallationAuth,
        report: &OutcomeReport,
    ) -> AppResult<()> {
        check(report)?;
        let word = word(report.outcome);
        let mut tx = self.db().begin().await?;
        let row = versions::get_tx(&mut tx, report.version_id).await?;
        about_this(&row, report)?;
        if !outcomes::insert(&mut tx, auth.installation, word, report).await? {
            return Ok(());
        }
        if report.outcome == Outcome::Committed {
            outcomes::installed(&mut tx, auth.installation, report).await?;
        }
        tx.audit(AuditEntry {
            actor: auth.actor.clone(),
            action: format!("outcome.{word}"),
            subject: row.id.to_string(),
            tenant: None,
            detail: json!({ "reportId": report.report_id, "code": report.code, "install": report.install_id }),
        })
        .await?;
        if let Some(trouble) = trouble(report.outcome) {
            self.tell_of_trouble(&mut tx, &row, report, &trouble)
                .await?;
        }
        tx.commit().await?;
        self.measure(&row, report, word);
        Ok(())
    }

    fn measure(&self, row: &VersionRow, report: &OutcomeReport, word: &'static str) {
        metrics::counter!("marketplace_outcomes_total", "outcome" => word).increment(1);
        if let (Outcome::Installable, Some(listed)) = (report.outcome, row.listed_at) {
            let seconds = report.at.duration_since(listed).as_secs_f64().max(0.0);
            metrics::histogram!("marketplace_release_to_installable_seconds").record(seconds);
        }
    }

    async fn tell_of_trouble(
        &self,
        tx: &mut Tx,
        row: &VersionRow,
        report: &OutcomeReport,
        trouble: &Trouble,
    ) -> AppResult<()> {
        let word = word(report.outcome);
        let count = outcomes::count_tx(tx, row.id, word).await?;
        let reason = report.reason.as_deref().unwrap_or("no reason was given");
        let code = report.code.as_deref().unwrap_or("-");
        let words = Words::of(self, row)
            .with("outcome", trouble.words)
            .with("reason", reason)
            .with("code", code)
            .with("count", count.to_string());
        let event = event(self, tx, row, report, trouble);
        let news = PublisherNews {
            template: "install_trouble",
            level: trouble.severity,
            words: &words,
            event: Some(&event),
            dedup: format!("outcome:{}", report.report_id),
        };
        self.tell_publisher(tx, row, &news).await?;
        let (title, body) = self.templates().both("install_trouble", &words.list());
        let alert = NewAlert {
            audience: publisher_audience(row.publisher),
            severity: trouble.severity,
            kind: trouble.event.to_owned(),
            title,
            body,
            tenant: None,
            subject: Some(row.review.to_string()),
            dedup: Some(format!("{word}:{}", row.id)),
        };
        raise_alert(tx, alert).await?;
        Ok(())
    }

    /// Reports about a version by kind.
    ///
    /// # Errors
    /// `PX-0003` when the caller may not see the version.
    pub async fn outcome_counts(
        &self,
        auth: &ViewerAuth,
        version: VersionId,
    ) -> AppResult<Vec<(String, u64)>> {
        self.seen(auth, version).await?;
        Ok(outcomes::counts(self.db(), version).await?)
    }
}

struct Trouble {
    words: &'static str,
    severity: Severity,
    event: &'static str,
}

const fn trouble(outcome: Outcome) -> Option<Trouble> {
    match outcome {
        Outcome::Failed => Some(Trouble {
            words: "install failed",
            severity: Severity::Warning,
            event: event_type::INSTALL_FAILED,
        }),
        Outcome::RolledBack => Some(Trouble {
            words: "rolled back by itself",
            severity: Severity::Critical,
            event: event_type::INSTALL_ROLLED_BACK,
        }),
        Outcome::RolledBackByHand => Some(Trouble {
            words: "rolled back by hand",
            severity: Severity::Warning,
            event: event_type::INSTALL_ROLLED_BACK,
        }),
        Outcome::Installable | Outcome::Committed => None,
    }
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Installable => "installable",
        Outcome::Committed => "committed",
        Outcome::Failed => "failed",
        Outcome::RolledBack => "rolled_back",
        Outcome::RolledBackByHand => "rolled_back_by_hand",
    }
}

/// For the publisher's webhooks only: the public feed does not tell how tenants fare.
fn event(
    market: &Market,
    tx: &Tx,
    row: &VersionRow,
    report: &OutcomeReport,
    trouble: &Trouble,
) -> Event {
    Event {
        specversion: "1.0".to_owned(),
        id: EventId::from_uuid(tx.env().uuid()).to_string(),
        source: market.source(),
        kind: trouble.event.to_owned(),
        subject: row.id.to_string(),
        time: report.at,
        datacontenttype: "application/json".to_owned(),
        data: json!({
            "versionId": row.id, "pluginId": row.plugin, "version": row.version,
            "outcome": report.outcome, "reason": report.reason, "code": report.code,
            "seconds": report.seconds,
        }),
        sequence: None,
    }
}

fn about_this(row: &VersionRow, report: &OutcomeReport) -> AppResult<()> {
    if row.listed_at.is_none() {
        return Err(AppError::refuse(
            Code::VersionNotListed,
            format!("{} has not been listed", row.id),
        ));
    }
    if row.plugin != report.plugin_id {
        return Err(Problem::new(
            Code::InvalidField,
            "plugin and version do not belong together",
        )
        .field(
            "/pluginId",
            format!("{} is a version of {}", row.id, row.plugin),
            "Name the plugin the version belongs to",
        )
        .into());
    }
    Ok(())
}

fn check(report: &OutcomeReport) -> AppResult<()> {
    let long = |text: Option<&String>, most: usize| text.is_some_and(|t| t.len() > most);
    let mut problem = Problem::new(Code::InvalidField, "the report is not acceptable");
    if report.report_id.is_empty() || report.report_id.len() > 128 {
        problem = problem.field(
            "/reportId",
            "it has 1 to 128 characters",
            "Use a fresh UUID",
        );
    }
    if report.tenant_ref.is_empty() || report.tenant_ref.len() > 200 {
        problem = problem.field(
            "/tenantRef",
            "it has 1 to 200 characters",
            "Send the tenant's id",
        );
    }
    if long(report.reason.as_ref(), 4000) {
        problem = problem.field("/reason", "it has at most 4000 bytes", "Shorten it");
    }
    if long(report.code.as_ref(), 64) {
        problem = problem.field(
            "/code",
            "it has at most 64 bytes",
            "Send the stable code only",
        );
    }
    if problem.errors.is_empty() {
        Ok(())
    } else {
        Err(problem.into())
    }
}
