//! A version as stored, read from a row.

use jiff::Timestamp;
use px_model::{
    Channel, Dependency, Digest, Permission, PluginId, PublishId, PublisherId, ReviewId, Risk,
    UploadId, Version, VersionId, VersionState,
};
use px_store::{Result, Row, StoreError};
use serde_json::Value;

use crate::app::clock::ReviewClock;
use crate::app::facts::BundleFacts;

/// One version of one plugin, with its review.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// Version's id.
    pub id: VersionId,
    /// Its review.
    pub review: ReviewId,
    /// The registration that gave it its present bytes.
    pub publish: PublishId,
    /// Plugin.
    pub plugin: PluginId,
    /// Who publishes it.
    pub publisher: PublisherId,
    /// Publisher's name.
    pub publisher_name: String,
    /// Version.
    pub version: Version,
    /// Channel.
    pub channel: Channel,
    /// State.
    pub state: VersionState,
    /// Raised with every change; updates name the one they read.
    pub revision: i64,
    /// Registrations of this version so far.
    pub round: i64,
    /// Registered digest.
    pub sha256: Digest,
    /// Registered size, bytes.
    pub size: u64,
    /// Upload resource, unless it was terminated.
    pub upload: Option<UploadId>,
    /// When an unfinished upload is dropped.
    pub upload_expires: Timestamp,
    /// Permissions: as declared, after the scan as the manifest says.
    pub permissions: Vec<Permission>,
    /// Dependencies, likewise.
    pub dependencies: Vec<Dependency>,
    /// Fingerprints of the keys that signed, as declared.
    pub signatures: Vec<String>,
    /// What is new, Markdown.
    pub notes: Option<String>,
    /// The publisher's rollout plan.
    pub rollout: Option<Value>,
    /// What the bundle says about itself, once it was read.
    pub facts: Option<BundleFacts>,
    /// Risk.
    pub risk: Risk,
    /// When the author submitted these bytes.
    pub submitted_at: Option<Timestamp>,
    /// The SLA clock.
    pub clock: ReviewClock,
    /// Per cent of the SLA for which somebody was warned.
    pub warned: i64,
    /// Verdict of the automated checks.
    pub verdict: Option<String>,
    /// Findings that block, are errors, or ask for a person.
    pub findings: u32,
    /// Fencing number of the newest claim.
    pub claim_token: i64,
    /// Who holds the review.
    pub claim: Option<ClaimRow>,
    /// Reasons given with the last decision.
    pub decision_notes: Option<String>,
    /// Signed approval, once listed.
    pub listing: Option<Value>,
    /// When it was registered first.
    pub created_at: Timestamp,
    /// When it was listed first.
    pub listed_at: Option<Timestamp>,
}

/// A reviewer's hold on a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRow {
    /// Account.
    pub by: String,
    /// Name for people.
    pub name: String,
    /// Until when it holds.
    pub until: Timestamp,
}

impl VersionRow {
    /// Name for people: the manifest's, or the plugin's id before the bundle was read.
    #[must_use]
    pub fn name(&self) -> String {
        self.facts
            .as_ref()
            .map_or_else(|| self.plugin.to_string(), |facts| facts.name.clone())
    }

    /// Plugin and version in one word, for the places where tests stop work.
    pub(crate) fn name_and_version(&self) -> String {
        format!("{}:{}", self.plugin, self.version)
    }

    /// The claim, when it still holds at `now`.
    #[must_use]
    pub fn live_claim(&self, now: Timestamp) -> Option<&ClaimRow> {
        self.claim.as_ref().filter(|claim| claim.until > now)
    }

    pub(crate) fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parse("id")?,
            review: row.parse("review")?,
            publish: row.parse("publish")?,
            plugin: row.parse("plugin")?,
            publisher: row.parse("publisher")?,
            publisher_name: row.text("publisher_name")?,
            version: row.parse("version")?,
            channel: row.parse("channel")?,
            state: row.parse("state")?,
            revision: row.int("revision")?,
            round: row.int("round")?,
            sha256: row.parse("sha256")?,
            size: unsigned(row, "size")?,
            upload: row.opt_parse("upload")?,
            upload_expires: row.time("upload_expires")?,
            permissions: row.json("permissions")?,
            dependencies: row.json("dependencies")?,
            signatures: row.json("signatures")?,
            notes: row.opt_text("notes")?,
            rollout: opt_json(row, "rollout")?,
            facts: opt_json(row, "facts")?,
            risk: risk_from(&row.text("risk")?),
            submitted_at: row.opt_time("submitted_at")?,
            clock: ReviewClock {
                running_from: row.opt_time("clock_from")?,
                used_micros: row.int("clock_used")?,
                deadline: row.opt_time("deadline")?,
            },
            warned: row.int("warned")?,
            verdict: row.opt_text("verdict")?,
            findings: u32::try_from(row.int("findings")?).unwrap_or(u32::MAX),
            claim_token: row.int("claim_token")?,
            claim: claim_from(row)?,
            decision_notes: row.opt_text("decision_notes")?,
            listing: opt_json(row, "listing")?,
            created_at: row.time("created_at")?,
            listed_at: row.opt_time("listed_at")?,
        })
    }
}

fn claim_from(row: &Row) -> Result<Option<ClaimRow>> {
    let Some(by) = row.opt_text("claimed_by")? else {
        return Ok(None);
    };
    Ok(Some(ClaimRow {
        by,
        name: row.opt_text("claimed_name")?.unwrap_or_default(),
        until: row.time("claimed_until")?,
    }))
}

pub(crate) fn unsigned(row: &Row, column: &str) -> Result<u64> {
    let value = row.int(column)?;
    u64::try_from(value).map_err(|e| StoreError::Corrupt {
        column: column.to_owned(),
        found: value.to_string(),
        reason: e.to_string(),
    })
}

pub(crate) fn opt_json<T: serde::de::DeserializeOwned>(
    row: &Row,
    column: &str,
) -> Result<Option<T>> {
    match row.opt_text(column)? {
        None => Ok(None),
        Some(_) => row.json(column).map(Some),
    }
}

/// Unknown words count as high: the careful reading.
pub(crate) fn risk_from(word: &str) -> Risk {
    match word {
        "low" => Risk::Low,
        "medium" => Risk::Medium,
        _ => Risk::High,
    }
}

/// Sorts risks in SQL; greater is riskier.
pub(crate) const fn risk_rank(risk: Risk) -> i64 {
    match risk {
        Risk::Low => 0,
        Risk::Medium => 1,
        Risk::High => 2,
    }
}
