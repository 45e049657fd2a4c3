//! What the site's pages show, gathered for one page each. Nothing here decides.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use px_api::market::{PluginDetail, TimelineEntry, VersionView};
use px_model::{AuditId, PluginId, PublisherId, ReviewId, VersionId, VersionState};
use px_notify::{Alert, Notice, NoticeStats, list_alerts, notice_stats};
use px_review::Report;
use px_store::{Actor, AuditFilter, AuditRecord, AuditVerdict};
use px_work::JobCount;

use super::authority::{OperatorAuth, PublisherAuth, ReviewerAuth, ViewerAuth};
use super::decide_plan::{approvers_needed, bound_to};
use super::error::{AppError, AppResult};
use super::messages::{OPERATORS, Receiver};
use super::publish::add;
use crate::Market;
use crate::store::approvals::ApprovalRow;
use crate::store::pages::{self, AuditQuery, OutcomeCount};
use crate::store::row::VersionRow;
use crate::store::{
    approvals, offers, publishers, queue, reports, subscriptions, timeline, versions,
};

/// Reviews that percentiles look back on.
const WINDOW: u32 = 200;
/// Releases whose notices are shown.
const RELEASES: u32 = 8;
/// Unfinished things shown of a kind.
const UNFINISHED: u32 = 20;

/// A plugin for everybody.
#[derive(Debug, Clone)]
pub struct PluginFile {
    /// What is listed.
    pub detail: PluginDetail,
    /// Fingerprints of the keys that signed each version.
    pub signers: BTreeMap<VersionId, Vec<String>>,
}

/// The queue with what is needed to choose from it.
#[derive(Debug, Clone)]
pub struct QueueBoard {
    /// What waits, in the order it should be taken.
    pub rows: Vec<VersionRow>,
    /// What is offered at present of the same plugins.
    pub offered: BTreeMap<PluginId, VersionRow>,
    /// Review times of the newest listings in microseconds, ascending.
    pub durations: Vec<i64>,
    /// Changes with every change of the queue.
    pub stamp: i64,
}

/// A version with everything a reviewer decides by.
#[derive(Debug, Clone)]
pub struct ReviewFile {
    /// The version.
    pub row: VersionRow,
    /// Report of the automated checks, when it has the form this program knows.
    pub report: Option<Report>,
    /// Whether there is a report at all, and whether it is signed.
    pub signed: Option<bool>,
    /// What is listed at present.
    pub previous: Option<VersionRow>,
    /// Approvals of exactly these bytes and permissions.
    pub approvals: Vec<ApprovalRow>,
    /// Approvals it needs.
    pub needed: u32,
    /// What happened so far.
    pub timeline: Vec<TimelineEntry>,
}

/// A version with everything its author wants to know.
#[derive(Debug, Clone)]
pub struct VersionFile {
    /// As the API answers it.
    pub view: VersionView,
    /// The version.
    pub row: VersionRow,
    /// Report of the automated checks, when it has the form this program knows.
    pub report: Option<Report>,
    /// Seconds a review takes as a rule.
    pub expected_seconds: u64,
    /// What tenants reported.
    pub outcomes: Vec<(String, u64)>,
}

/// A publisher's versions.
#[derive(Debug, Clone)]
pub struct MyBoard {
    /// Publisher's name.
    pub publisher: String,
    /// Whether its identity was verified.
    pub verified: bool,
    /// Newest first.
    pub rows: Vec<VersionRow>,
    /// What tenants reported.
    pub outcomes: Vec<OutcomeCount>,
}

/// How the Marketplace is doing.
#[derive(Debug, Clone)]
pub struct OpsBoard {
    /// Versions that entered each state in the last 30 days.
    pub entered: Vec<(VersionState, u64)>,
    /// Versions in each state now.
    pub states: Vec<(VersionState, u64)>,
    /// Listings of the last 14 days and the microseconds their reviews took.
    pub reviews: Vec<(Timestamp, i64)>,
    /// What waits for a reviewer.
    pub waiting: Vec<VersionRow>,
    /// Background work.
    pub jobs: Vec<JobCount>,
    /// Of how many newest reports how many did not block.
    pub pass_rate: (i64, i64),
    /// Who was told of the newest listings.
    pub releases: Vec<(VersionRow, NoticeStats)>,
    /// Alerts, latest first.
    pub alerts: Vec<Alert>,
    /// Versions in the automated part of their review, the oldest first.
    pub checking: Vec<VersionRow>,
    /// Notices that were given up, newest first.
    pub undelivered: Vec<Notice>,
    /// What people call those who were not told, by receiver.
    pub receivers: BTreeMap<String, String>,
}

impl Market {
    /// A listed plugin for its page.
    ///
    /// # Errors
    /// `PX-0003` when nothing of it is listed.
    pub async fn plugin_file(&self, plugin: &PluginId) -> AppResult<PluginFile> {
        let detail = self.plugin_detail(plugin).await?;
        let rows = offers::listed_versions(self.db(), plugin).await?;
        let signers = rows
            .into_iter()
            .map(|row| (row.id, row.signatures))
            .collect();
        Ok(PluginFile { detail, signers })
    }

    /// The review queue for its page.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn queue_board(&self, _auth: &ReviewerAuth) -> AppResult<QueueBoard> {
        let db = self.db();
        let stamp = pages::queue_stamp(db).await?;
        let offered = pages::offered_of_waiting(db).await?;
        let mut durations = queue::recent_durations(db, WINDOW).await?;
        durations.sort_unstable();
        Ok(QueueBoard {
            rows: queue::list(db, 500).await?,
            offered: offered
                .into_iter()
                .map(|row| (row.plugin.clone(), row))
                .collect(),
            durations,
            stamp,
        })
    }

    /// Changes whenever the queue does.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn queue_stamp(&self, _auth: &ReviewerAuth) -> AppResult<i64> {
        Ok(pages::queue_stamp(self.db()).await?)
    }

    /// A review for its page.
    ///
    /// # Errors
    /// `PX-0003` when there is no such review.
    pub async fn review_file(
        &self,
        _auth: &ReviewerAuth,
        review: ReviewId,
    ) -> AppResult<ReviewFile> {
        let db = self.db();
        let row = pages::by_review(db, review).await?;
        let stored = reports::newest(db, row.id).await?;
        let stored = stored.filter(|report| report.sha256 == row.sha256);
        let listed = offers::listed_versions(db, &row.plugin).await?;
        let previous = listed
            .into_iter()
            .filter(|other| other.id != row.id && other.state == VersionState::Listed)
            .max_by(|a, b| a.version.semver().cmp_precedence(b.version.semver()));
        Ok(ReviewFile {
            report: stored
                .as_ref()
                .and_then(|s| serde_json::from_value(s.body.clone()).ok()),
            signed: stored.map(|s| s.envelope.is_some()),
            previous,
            approvals: approvals::list(db, row.id, &bound_to(&row)).await?,
            needed: approvers_needed(row.risk, self.config().high_risk_approvers),
            timeline: timeline::list(db, row.id).await?,
            row,
        })
    }

    /// The versions of a publisher for the page "my plugins".
    ///
    /// # Errors
    /// When the database is away or the publisher is not registered.
    pub async fn my_board(&self, auth: &PublisherAuth) -> AppResult<MyBoard> {
        let db = self.db();
        let publisher = publishers::find(db, auth.publisher).await?;
        Ok(MyBoard {
            verified: publisher.as_ref().is_some_and(|p| p.verified),
            publisher: publisher.map(|p| p.name).unwrap_or_default(),
            rows: versions::of_publisher(db, auth.publisher, None, 500).await?,
            outcomes: pages::outcomes_of(db, auth.publisher).await?,
        })
    }

    /// One version for its author's page.
    ///
    /// # Errors
    /// `PX-0003` when there is no such version for the caller.
    pub async fn version_file(
        &self,
        auth: &PublisherAuth,
        version: VersionId,
    ) -> AppResult<VersionFile> {
        let viewer = ViewerAuth::Publisher(auth.clone());
        let row = self.seen(&viewer, version).await?;
        let stored = reports::newest(self.db(), version).await?;
        let stored = stored.filter(|report| report.sha256 == row.sha256);
        Ok(VersionFile {
            view: self.version_view(&viewer, version).await?,
            report: stored.and_then(|s| serde_json::from_value(s.body).ok()),
            expected_seconds: self.sla().await?.expected_review_duration,
            outcomes: self.outcome_counts(&viewer, version).await?,
            row,
        })
    }

    /// Changes whenever the version does.
    ///
    /// # Errors
    /// `PX-0003` when there is no such version for the caller.
    pub async fn version_stamp(&self, auth: &PublisherAuth, version: VersionId) -> AppResult<i64> {
        let viewer = ViewerAuth::Publisher(auth.clone());
        Ok(self.seen(&viewer, version).await?.revision)
    }

    /// Which of several publishers an account acts for owns a version.
    ///
    /// # Errors
    /// `PX-0003` when none does.
    pub async fn owner_among(
        &self,
        candidates: Vec<PublisherAuth>,
        version: VersionId,
    ) -> AppResult<PublisherAuth> {
        let row = versions::get(self.db(), version).await?;
        let owner = candidates
            .into_iter()
            .find(|auth| auth.publisher == row.publisher);
        owner.ok_or_else(|| AppError::refuse(px_api::Code::NotFound, "there is no such version"))
    }

    /// The version under a review, for its author.
    ///
    /// # Errors
    /// `PX-0003` when there is no such review for any of the publishers.
    pub async fn version_of_review(
        &self,
        candidates: Vec<PublisherAuth>,
        review: ReviewId,
    ) -> AppResult<VersionId> {
        let row = pages::by_review(self.db(), review).await?;
        self.owner_among(candidates, row.id).await?;
        Ok(row.id)
    }

    /// Figures, releases and alerts for the operators' page.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn ops_board(&self, _auth: &OperatorAuth) -> AppResult<OpsBoard> {
        let db = self.db();
        let now = db.env().now();
        let days = |n: i64| add(now, -SignedDuration::from_hours(24 * n));
        let mut releases = Vec::new();
        for row in pages::newest_listed(db, RELEASES).await? {
            let stats = notice_stats(db, &row.id.to_string()).await?;
            releases.push((row, stats));
        }
        let mut alerts = list_alerts(db, OPERATORS, false).await?;
        alerts.truncate(50);
        let undelivered = px_notify::list_dead(db, UNFINISHED).await?;
        let late = releases.iter().flat_map(|(_, stats)| &stats.laggards);
        let mut missed: BTreeSet<&str> = late.map(|l| l.receiver.as_str()).collect();
        missed.extend(undelivered.iter().map(|n| n.receiver.as_str()));
        let receivers = self.receiver_names(missed).await?;
        Ok(OpsBoard {
            entered: pages::entered(db, days(30)).await?,
            states: pages::states(db).await?,
            reviews: pages::reviews_since(db, days(14)).await?,
            waiting: queue::list(db, 500).await?,
            jobs: px_work::counts(db).await?,
            pass_rate: reports::pass_rate(db, 100).await?,
            releases,
            alerts,
            checking: pages::in_checks(db, UNFINISHED).await?,
            undelivered,
            receivers,
        })
    }

    /// What people call the receivers of notices: the names of tenants and publishers.
    async fn receiver_names(
        &self,
        receivers: BTreeSet<&str>,
    ) -> AppResult<BTreeMap<String, String>> {
        let mut names = BTreeMap::new();
        for receiver in receivers {
            let name = match Receiver::of(receiver) {
                Some(Receiver::Tenant(installation, tenant)) => {
                    subscriptions::tenant_name(self.db(), installation, tenant).await?
                }
                Some(Receiver::Publisher(id)) => publishers::find(self.db(), id)
                    .await?
                    .map(|publisher| publisher.name),
                None => None,
            };
            names.extend(name.map(|name| (receiver.to_owned(), name)));
        }
        Ok(names)
    }

    /// The audit log, newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn search_audit(
        &self,
        _auth: &OperatorAuth,
        query: &AuditQuery,
    ) -> AppResult<Vec<AuditRecord>> {
        Ok(pages::audit(self.db(), query).await?)
    }

    /// Names for people of what entries are about: versions and publishers; by id.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn subject_names(
        &self,
        _auth: &OperatorAuth,
        found: &[AuditRecord],
    ) -> AppResult<BTreeMap<String, String>> {
        let mut names = BTreeMap::new();
        let subjects: BTreeSet<&str> = found.iter().map(|r| r.subject.as_str()).collect();
        for id in subjects {
            let name = match (id.parse::<VersionId>(), id.parse::<PublisherId>()) {
                (Ok(version), _) => versions::get(self.db(), version)
                    .await
                    .ok()
                    .map(|row| format!("{} {}", row.name(), row.version)),
                (_, Ok(publisher)) => self.publisher(publisher).await?.map(|row| row.name),
                _ => None,
            };
            names.extend(name.map(|name| (id.to_owned(), name)));
        }
        Ok(names)
    }

    /// Walks the audit chain and says whether it is whole.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn check_audit(&self, _auth: &OperatorAuth) -> AppResult<AuditVerdict> {
        Ok(px_store::verify_audit(self.db()).await?)
    }

    /// The newest audit entry an actor left about a subject, to be shown with the answer.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn newest_audit(&self, actor: &Actor, subject: &str) -> AppResult<Option<AuditId>> {
        let filter = AuditFilter {
            subject: Some(subject.to_owned()),
            limit: 10,
            ..AuditFilter::default()
        };
        let entries = px_store::list_audit(self.db(), &filter).await?;
        Ok(entries
            .into_iter()
            .find(|entry| entry.actor == *actor)
            .map(|entry| entry.id))
    }
}
