//! Where checks put what they find; bounded, and never silent about a check that did not run.

use crate::catalogue::{CATALOGUE, CheckId};
use crate::report::{CheckResult, Finding, MAX_FINDINGS, NotRun, Outcome};
use std::collections::{BTreeMap, HashSet};

/// Collects the outcome of every check of one review.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    states: BTreeMap<CheckId, State>,
    seen: HashSet<(CheckId, String, u64, String)>,
}

#[derive(Debug, Default)]
struct State {
    ran: bool,
    findings: Vec<Finding>,
    omitted: u64,
    end: Option<Outcome>,
}

impl Sink {
    /// Notes that `check` has looked at what there was; without findings it then passes.
    pub(crate) fn ran(&mut self, check: CheckId) {
        self.states.entry(check).or_default().ran = true;
    }

    /// Whether a further finding of `check` would be kept. Places are worth looking up only then: a file made to
    /// drown the reviewer must not cost more than reading it.
    pub(crate) fn room(&self, check: CheckId) -> bool {
        self.states
            .get(&check)
            .is_none_or(|s| s.findings.len() < MAX_FINDINGS)
    }

    /// Counts a finding of `check` that is not kept.
    pub(crate) fn omit(&mut self, check: CheckId) {
        self.states.entry(check).or_default().omitted += 1;
    }

    /// Adds a finding. One about bytes that were already reported (overlapping windows) is dropped.
    pub(crate) fn add(&mut self, finding: Finding) {
        if !self.room(finding.check) {
            return self.omit(finding.check);
        }
        if let Some((file, range)) = finding
            .location
            .as_ref()
            .and_then(|l| Some((&l.file, l.bytes?)))
            && !self.seen.insert((
                finding.check,
                file.clone(),
                range.start,
                finding.seen.clone(),
            ))
        {
            return;
        }
        let state = self.states.entry(finding.check).or_default();
        state.ran = true;
        state.findings.push(finding);
    }

    /// The subject is too malformed for `check`.
    pub(crate) fn invalid(&mut self, check: CheckId, reason: impl Into<String>) {
        self.end(
            check,
            Outcome::Invalid {
                reason: reason.into(),
            },
        );
    }

    /// `check` itself broke.
    pub(crate) fn failed(&mut self, check: CheckId, reason: impl Into<String>) {
        self.end(
            check,
            Outcome::EngineFailed {
                reason: reason.into(),
            },
        );
    }

    /// There is nothing for `check` to look at.
    pub(crate) fn not_applicable(&mut self, check: CheckId, why: impl Into<String>) {
        let reason = NotRun::NotApplicable(why.into());
        self.end(check, Outcome::NotRun { reason });
    }

    /// Whether anything was said about `check`.
    pub(crate) fn knows(&self, check: CheckId) -> bool {
        self.states
            .get(&check)
            .is_some_and(|s| s.ran || s.end.is_some())
    }

    /// The caller did not give what `check` needs.
    pub(crate) fn missing(&mut self, check: CheckId, what: impl Into<String>) {
        let reason = NotRun::Missing(what.into());
        self.end(check, Outcome::NotRun { reason });
    }

    fn end(&mut self, check: CheckId, outcome: Outcome) {
        self.states
            .entry(check)
            .or_default()
            .end
            .get_or_insert(outcome);
    }

    /// One result per check of the catalogue. Findings outweigh a later end; what nobody ran says so.
    pub(crate) fn finish(mut self) -> Vec<CheckResult> {
        CATALOGUE
            .iter()
            .map(|info| {
                let state = self.states.remove(&info.id).unwrap_or_default();
                CheckResult {
                    check: info.id,
                    outcome: state.outcome(),
                }
            })
            .collect()
    }
}

impl State {
    fn outcome(self) -> Outcome {
        match self {
            Self {
                findings, omitted, ..
            } if !findings.is_empty() => Outcome::Findings { findings, omitted },
            Self { end: Some(end), .. } => end,
            Self { ran: true, .. } => Outcome::Pass,
            _ => Outcome::NotRun {
                reason: NotRun::Missing("this review does not make the check".to_owned()),
            },
        }
    }
}
