//! What a review says: outcomes, findings, and the report that binds them to a bundle.

use crate::catalogue::CheckId;
use crate::policy::Policy;
use crate::verdict::{Verdict, verdict};
use px_model::{Digest, PluginId, Version};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth mending.
    Warning,
    /// A person must look.
    Hold,
    /// The author must rework it.
    Error,
    /// Never listed.
    Block,
}

impl Severity {
    /// The word used in reports and on the terminal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Hold => "hold",
            Self::Error => "error",
            Self::Block => "block",
        }
    }
}

/// Where a finding is shown; there is no single score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Bucket {
    /// Could harm a tenant.
    Security,
    /// Would not run.
    Compatibility,
    /// Says something wrong about itself.
    Manifest,
    /// Needs something that is not there.
    Dependencies,
    /// Leaves people in the dark.
    Documentation,
}

/// Half-open range of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ByteRange {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

/// Where something was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Location {
    /// Path inside the bundle.
    pub file: String,
    /// Line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in characters, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Bytes in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<ByteRange>,
    /// Field of a manifest, such as `runtime.entry`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Location {
    /// A whole file.
    #[must_use]
    pub fn file(path: impl Into<String>) -> Self {
        Self {
            file: path.into(),
            ..Self::default()
        }
    }

    /// A field of a manifest.
    #[must_use]
    pub fn field(path: impl Into<String>, field: impl Into<String>) -> Self {
        Self {
            file: path.into(),
            field: Some(field.into()),
            ..Self::default()
        }
    }

    /// Bytes of a file.
    #[must_use]
    pub fn range(path: impl Into<String>, start: u64, end: u64) -> Self {
        Self {
            bytes: Some(ByteRange { start, end }),
            ..Self::file(path)
        }
    }
}

/// One thing a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Check that found it.
    pub check: CheckId,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is shown.
    pub bucket: Bucket,
    /// Where it was seen; none when it is about the bundle as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What was seen. Secrets are shortened.
    pub seen: String,
    /// How to mend it.
    pub remedy: String,
    /// SHA-256 of check, file and normalised code: a waiver names this and ends when the code changes.
    pub fingerprint: Digest,
    /// A reviewer has waived it; it does not count.
    #[serde(default)]
    pub waived: bool,
}

impl Finding {
    /// A finding with the catalogue's severity, about the bundle as a whole; its fingerprint covers `seen`.
    #[must_use]
    pub fn new(check: CheckId, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        let seen = seen.into();
        let info = check.info();
        Self {
            check,
            severity: info.severity,
            bucket: info.bucket,
            location: None,
            fingerprint: fingerprint(check, "", seen.as_bytes()),
            seen,
            remedy: remedy.into(),
            waived: false,
        }
    }

    /// Says where; the fingerprint then covers file and `seen`.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.fingerprint = fingerprint(self.check, &location.file, self.seen.as_bytes());
        self.location = Some(location);
        self
    }

    /// Binds the fingerprint to this piece of code instead of to the message.
    #[must_use]
    pub fn code(mut self, snippet: &[u8]) -> Self {
        let file = self.location.as_ref().map_or("", |l| l.file.as_str());
        self.fingerprint = fingerprint(self.check, file, snippet);
        self
    }

    /// Another severity than the catalogue's.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

/// SHA-256 over check id, file and the snippet with white space collapsed, so that indentation does not matter.
fn fingerprint(check: CheckId, file: &str, snippet: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(check.as_str());
    hash.update([0]);
    hash.update(file);
    hash.update([0]);
    for word in snippet
        .split(u8::is_ascii_whitespace)
        .filter(|w| !w.is_empty())
    {
        hash.update(word);
        hash.update([b' ']);
    }
    Digest::from_bytes(hash.finalize().into())
}

/// Why a check was not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotRun {
    /// The caller did not give what it needs, such as a catalog; required checks hold the version.
    Missing(String),
    /// There is nothing of the kind in this subject; counts as done.
    NotApplicable(String),
}

/// How one check ended. Only `Pass` and a `Findings` without counting findings are in the plugin's favour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Outcome {
    /// Looked at everything and found nothing.
    Pass,
    /// Looked and found something.
    Findings {
        /// What was found, at most [`MAX_FINDINGS`] of them.
        findings: Vec<Finding>,
        /// Further findings that were counted and not kept.
        omitted: u64,
    },
    /// The subject is too malformed for the check to be made; blocks, and does not count as made.
    Invalid {
        /// What is malformed.
        reason: String,
    },
    /// The check itself broke. Says nothing about the plugin; the version is held and the check repeated.
    EngineFailed {
        /// What broke.
        reason: String,
    },
    /// Not made.
    NotRun {
        /// Why.
        reason: NotRun,
    },
}

/// Findings kept per check; a bundle made to drown the reviewer is cut off here.
pub const MAX_FINDINGS: usize = 100;

/// One check and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckResult {
    /// Which check.
    pub check: CheckId,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// A part that took part in a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Engine {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its rules or data, where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Digest>,
}

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectFacts {
    /// `bundle`, `directory` or `manifest`.
    pub kind: SubjectKind,
    /// Plugin that the manifest names.
    pub plugin: Option<PluginId>,
    /// Version that the manifest names.
    pub version: Option<Version>,
    /// SHA-256 of the bundle's bytes.
    pub digest: Option<Digest>,
    /// Bytes of the bundle.
    pub size: Option<u64>,
    /// Files looked at.
    pub files: u64,
}

/// The three things that can be reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SubjectKind {
    /// A packed bundle.
    Bundle,
    /// A folder before packing.
    Directory,
    /// A manifest alone.
    Manifest,
}

/// Findings that count, by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketCount {
    /// Never listed.
    pub block: u64,
    /// To be reworked.
    pub error: u64,
    /// To be looked at by a person.
    pub hold: u64,
    /// Worth mending.
    pub warning: u64,
    /// Worth knowing.
    pub info: u64,
}

/// The result of a review, bound to the digest of what was reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of this format.
    pub schema: u32,
    /// What was looked at.
    pub subject: SubjectFacts,
    /// Name and digest of the policy that gave the verdict.
    pub policy: Engine,
    /// What took part.
    pub engines: Vec<Engine>,
    /// The verdict.
    pub verdict: Verdict,
    /// Counts per bucket, of findings that are not waived.
    pub buckets: BTreeMap<Bucket, BucketCount>,
    /// Every check, in the catalogue's order.
    pub checks: Vec<CheckResult>,
}

impl Report {
    /// Builds a report and computes counts and verdict.
    #[must_use]
    pub fn new(
        subject: SubjectFacts,
        engines: Vec<Engine>,
        mut checks: Vec<CheckResult>,
        policy: &Policy,
    ) -> Self {
        checks.sort_by_key(|c| c.check);
        Self {
            schema: 1,
            subject,
            policy: policy.engine(),
            engines,
            verdict: verdict(&checks, policy),
            buckets: count(&checks),
            checks,
        }
    }

    /// The same review with further or repeated checks (a compatibility run), judged again.
    #[must_use]
    pub fn with_results(
        mut self,
        results: Vec<CheckResult>,
        engines: Vec<Engine>,
        policy: &Policy,
    ) -> Self {
        self.checks
            .retain(|c| !results.iter().any(|r| r.check == c.check));
        self.checks.extend(results);
        self.engines
            .retain(|e| !engines.iter().any(|n| n.name == e.name));
        self.engines.extend(engines);
        Self::new(self.subject, self.engines, self.checks, policy)
    }

    /// The same review with findings waived by reviewers, judged again.
    #[must_use]
    pub fn with_waivers(mut self, waivers: &BTreeSet<Digest>, policy: &Policy) -> Self {
        for check in &mut self.checks {
            if let Outcome::Findings { findings, .. } = &mut check.outcome {
                for finding in findings {
                    finding.waived = waivers.contains(&finding.fingerprint);
                }
            }
        }
        Self::new(self.subject, self.engines, self.checks, policy)
    }

    /// Whether every check that `policy` requires has looked at the subject. Listing asks for this.
    #[must_use]
    pub fn complete(&self, policy: &Policy) -> bool {
        policy.missing(&self.checks).is_empty()
    }

    /// The report as canonical JSON (keys sorted): the bytes that are signed and kept.
    ///
    /// # Errors
    /// Never for a report this crate made; a value that JSON cannot hold otherwise.
    pub fn canonical_json(&self) -> Result<String, serde_json::Error> {
        Ok(px_package::canonical_json(&serde_json::to_value(self)?))
    }

    /// Every finding, in the catalogue's order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().flat_map(|c| match &c.outcome {
            Outcome::Findings { findings, .. } => findings.as_slice(),
            _ => &[],
        })
    }

    /// How `check` ended; none when the report does not list it.
    #[must_use]
    pub fn outcome(&self, check: CheckId) -> Option<&Outcome> {
        self.checks
            .iter()
            .find(|c| c.check == check)
            .map(|c| &c.outcome)
    }
}

fn count(checks: &[CheckResult]) -> BTreeMap<Bucket, BucketCount> {
    let mut buckets: BTreeMap<Bucket, BucketCount> = [
        Bucket::Security,
        Bucket::Compatibility,
        Bucket::Manifest,
        Bucket::Dependencies,
        Bucket::Documentation,
    ]
    .into_iter()
    .map(|b| (b, BucketCount::default()))
    .collect();
    for result in checks {
        let info = result.check.info();
        match &result.outcome {
            Outcome::Findings { findings, omitted } => {
                for finding in findings.iter().filter(|f| !f.waived) {
                    *slot(buckets.entry(finding.bucket).or_default(), finding.severity) += 1;
                }
                *slot(buckets.entry(info.bucket).or_default(), info.severity) += omitted;
            }
            Outcome::Pass
            | Outcome::Invalid { .. }
            | Outcome::EngineFailed { .. }
            | Outcome::NotRun { .. } => {}
        }
    }
    buckets
}

const fn slot(count: &mut BucketCount, severity: Severity) -> &mut u64 {
    match severity {
        Severity::Block => &mut count.block,
        Severity::Error => &mut count.error,
        Severity::Hold => &mut count.hold,
        Severity::Warning => &mut count.warning,
        Severity::Info => &mut count.info,
    }
}
