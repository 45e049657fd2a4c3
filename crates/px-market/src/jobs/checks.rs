//! The checks of a bundle, on a blocking thread, with all the Marketplace knows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use px_package::archive::Limits;
use px_package::signature::Revocations;
use px_review::{
    Blocklist, CatalogName, CatalogSnapshot, CatalogVersion, Context, NotRun, Outcome, Policy,
    PreviousVersion, Report, RequestFacts, Severity, Status, Trust, check_bundle,
};
use px_store::{Db, When};
use px_work::{Job, JobError, JobHandler, NewJob};

use super::block::{conclude, held_by_store, hold, stuck};
use super::facts::{on_blocking_thread, read};
use super::{CHECKS, COMPATIBILITY, Pipeline};
use crate::Market;
use crate::app::error::{AppError, AppResult};
use crate::app::facts::BundleFacts;
use crate::app::scan::Conclusion;
use crate::store::reports::{self, ReportRow};
use crate::store::row::VersionRow;
use crate::store::{keys, offers, publishers, versions};

/// Name of this step of the scan.
const STEP: &str = "scanning.checks";

/// Handles [`CHECKS`].
pub struct Checks(pub Market);

#[async_trait]
impl JobHandler for Checks {
    fn kind(&self) -> &'static str {
        CHECKS
    }

    fn lease(&self) -> Duration {
        Duration::from_secs(180)
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let pipeline: Pipeline = job.read()?;
        let Some(row) = self.0.begin_scan(&pipeline).await? else {
            return Ok(());
        };
        self.0.pass(&row, STEP, When::Before).await?;
        let checked = check(&self.0, &row).await;
        let (report, facts) = held_by_store(&self.0, job, &row, checked).await?;
        self.0.pass(&row, STEP, When::Done).await?;
        if report.verdict.status == Status::Blocked {
            return finish(&self.0, job, &row, &report, facts).await;
        }
        match broken(&report) {
            Some(reason) => Err(hold(&self.0, &row, &reason).await?),
            None => self.go_on(job, &pipeline, &row, &report, facts).await,
        }
    }

    async fn dead(&self, job: &Job, error: &str) {
        stuck(&self.0, job, error).await;
    }
}

impl Checks {
    /// Keeps what is known so far and asks for the compatibility run.
    async fn go_on(
        &self,
        job: &Job,
        pipeline: &Pipeline,
        row: &VersionRow,
        report: &Report,
        facts: Option<BundleFacts>,
    ) -> Result<(), JobError> {
        let mut tx = self.0.db().begin().await?;
        job.finish(&mut tx).await?;
        if let Some(facts) = &facts {
            versions::set_facts(&mut tx, row, facts).await?;
        }
        let partial = ReportRow {
            sha256: row.sha256,
            verdict: report.verdict.status.as_str().to_owned(),
            body: serde_json::to_value(report).map_err(AppError::from)?,
            envelope: None,
        };
        reports::put(&mut tx, row, &partial, counting(report)).await?;
        let payload = serde_json::to_value(pipeline).map_err(AppError::from)?;
        px_work::enqueue(
            &mut tx,
            NewJob::new(COMPATIBILITY, payload).unique(pipeline.key()),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Ends the automated part with a report that is not held.
pub(super) async fn finish(
    market: &Market,
    job: &Job,
    row: &VersionRow,
    report: &Report,
    facts: Option<BundleFacts>,
) -> Result<(), JobError> {
    let conclusion = Conclusion {
        verdict: report.verdict.status.as_str(),
        report: serde_json::to_value(report).map_err(AppError::from)?,
        findings: counting(report),
        facts,
        reason: in_words(report),
    };
    conclude(market, job, row, &conclusion).await
}

async fn check(market: &Market, row: &VersionRow) -> AppResult<(Report, Option<BundleFacts>)> {
    let bundle = market.blobs().local_file(&row.sha256).await?;
    let context = context(market, row).await?;
    on_blocking_thread(move || {
        let path = bundle.path();
        (check_bundle(path, &context), read(path))
    })
    .await
}

/// Everything the Marketplace knows about a version besides its bytes.
///
/// # Errors
/// When the database is away.
pub async fn context(market: &Market, row: &VersionRow) -> AppResult<Context> {
    let config = market.config();
    let db = market.db();
    let mut context = Context::with_policy(Policy::marketplace());
    context.catalog = Some(Arc::new(catalog(db, row).await?));
    context.request = Some(RequestFacts {
        plugin: row.plugin.clone(),
        version: row.version.clone(),
        channel: row.channel,
        permissions: Some(row.permissions.clone()),
        dependencies: Some(row.dependencies.clone()),
        digest: Some(row.sha256),
        size: Some(row.size),
    });
    context.channel = row.channel;
    context.publisher = Some(row.publisher);
    context.previous = Some(previous(db, row).await?);
    context.trust = Some(Trust {
        roots: market.keys().roots.clone(),
        revocations: Revocations::new(keys::revoked(db).await?),
        now: db.env().now(),
    });
    context.supported_cores.clone_from(&config.supported_cores);
    context.blocklist = Blocklist::parse(&config.security_blocklist.join(","));
    context.limits = Limits {
        max_bytes: config.max_bundle_bytes,
        ..Limits::default()
    };
    Ok(context)
}

/// The catalog at this moment, as reviews and authors' machines see it; the version under review
/// is no precedent for itself.
async fn catalog(db: &Db, row: &VersionRow) -> AppResult<CatalogSnapshot> {
    let mut versions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for listed in offers::ever_listed(db).await? {
        if listed.id != row.id {
            versions
                .entry(listed.plugin.clone())
                .or_default()
                .push(catalog_version(&listed));
        }
    }
    let owners = publishers::plugin_owners(db).await?;
    let names = owners
        .into_iter()
        .map(|(plugin, publisher)| CatalogName {
            plugin,
            publisher: Some(publisher),
        })
        .collect();
    Ok(CatalogSnapshot { names, versions })
}

pub(crate) fn catalog_version(row: &VersionRow) -> CatalogVersion {
    let facts = row.facts.as_ref();
    CatalogVersion {
        version: row.version.clone(),
        channel: row.channel,
        listed: row.state == px_model::VersionState::Listed,
        digest: row.sha256,
        corex_version: facts.and_then(|f| f.corex_version.as_ref()?.parse().ok()),
        requires: row.dependencies.clone(),
        conflicts: facts.map(|f| f.conflicts.clone()).unwrap_or_default(),
    }
}

/// What the newest listed version of the plugin asked for.
async fn previous(db: &Db, row: &VersionRow) -> AppResult<Option<PreviousVersion>> {
    let listed = offers::listed_versions(db, &row.plugin).await?;
    let newest = listed
        .into_iter()
        .filter(|other| other.id != row.id && other.state == px_model::VersionState::Listed)
        .max_by(|a, b| a.version.semver().cmp_precedence(b.version.semver()));
    Ok(newest.map(|other| PreviousVersion {
        permissions: other.permissions,
        dependencies: other.dependencies,
    }))
}

/// Engines that broke, in words; `None` when every check that could be made was.
pub(super) fn broken(report: &Report) -> Option<String> {
    let reasons: Vec<String> = report
        .checks
        .iter()
        .filter(|c| report.verdict.unfinished.contains(&c.check))
        .filter_map(|c| match &c.outcome {
            Outcome::EngineFailed { reason } => Some(format!("{}: {reason}", c.check.as_str())),
            _ => None,
        })
        .collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

/// Checks that are required and were not made, in words.
pub(super) fn not_made(report: &Report) -> String {
    let reasons = report.checks.iter().filter_map(|c| {
        let reason = match &c.outcome {
            Outcome::EngineFailed { reason }
            | Outcome::NotRun {
                reason: NotRun::Missing(reason),
            } => reason,
            _ => return None,
        };
        report
            .verdict
            .unfinished
            .contains(&c.check)
            .then(|| format!("{}: {reason}", c.check.as_str()))
    });
    reasons.collect::<Vec<_>>().join("; ")
}

/// Findings that block, are errors, or ask for a person.
fn counting(report: &Report) -> u32 {
    let count = report
        .findings()
        .filter(|f| !f.waived && f.severity >= Severity::Hold)
        .count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The first findings that block, for the author's timeline.
fn in_words(report: &Report) -> String {
    let blocking: Vec<String> = report
        .findings()
        .filter(|f| !f.waived && f.severity >= Severity::Error)
        .map(|f| {
            let place = f
                .location
                .as_ref()
                .map_or_else(String::new, |l| format!(" {}", l.file));
            format!("{}{place}: {} — {}", f.check.as_str(), f.seen, f.remedy)
        })
        .collect();
    let shown = blocking
        .iter()
        .take(5)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    match blocking.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown}\n… and {more} more; see the report"),
    }
}
