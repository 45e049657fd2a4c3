//! From outcomes to one word. Pure: the same outcomes and policy give the same verdict.

use crate::catalogue::CheckId;
use crate::policy::Policy;
use crate::report::{CheckResult, Outcome, Severity};
use serde::{Deserialize, Serialize};

/// What is to be done with the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing stands against listing it.
    Clean,
    /// A finding needs a person's judgement.
    NeedsPerson,
    /// Not listed as it is: a blocking finding, or an error that the author must rework.
    Blocked,
    /// A check broke or is missing: says nothing about the plugin; try again.
    Held,
}

impl Status {
    /// The word used in reports and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::NeedsPerson => "needs_person",
            Self::Blocked => "blocked",
            Self::Held => "held",
        }
    }
}

/// A status and the checks that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// What is to be done.
    pub status: Status,
    /// Enforced checks with findings of severity block or error.
    pub blocking: Vec<CheckId>,
    /// Enforced checks with findings that a person must look at.
    pub holding: Vec<CheckId>,
    /// Checks that could not be made because the subject is malformed; blocks as well.
    pub unreadable: Vec<CheckId>,
    /// Checks that broke, and required checks that were not made.
    pub unfinished: Vec<CheckId>,
}

/// Judges the outcomes. A blocking finding outweighs broken checks, these outweigh what a person must look at.
#[must_use]
pub fn verdict(checks: &[CheckResult], policy: &Policy) -> Verdict {
    let mut blocking = Vec::new();
    let mut holding = Vec::new();
    let mut unreadable = Vec::new();
    let mut unfinished = policy.missing(checks);
    for result in checks {
        let rule = policy.rule(result.check);
        match &result.outcome {
            Outcome::EngineFailed { .. }
                if !unfinished.contains(&result.check) && rule.enforced =>
            {
                unfinished.push(result.check);
            }
            _ if !rule.enforced => {}
            Outcome::Invalid { .. } => unreadable.push(result.check),
            Outcome::Findings { findings, omitted } => {
                let counted = findings.iter().filter(|f| !f.waived).map(|f| f.severity);
                // What was cut off is judged as the catalogue says: nobody has looked at it.
                let cut = (*omitted > 0).then_some(result.check.info().severity);
                match counted.chain(cut).max() {
                    Some(Severity::Block | Severity::Error) => blocking.push(result.check),
                    Some(Severity::Hold) => holding.push(result.check),
                    _ => {}
                }
            }
            Outcome::Pass | Outcome::EngineFailed { .. } | Outcome::NotRun { .. } => {}
        }
    }
    unfinished.retain(|check| !unreadable.contains(check));
    unfinished.sort_unstable();
    let status = if !blocking.is_empty() || !unreadable.is_empty() {
        Status::Blocked
    } else if !unfinished.is_empty() {
        Status::Held
    } else if !holding.is_empty() {
        Status::NeedsPerson
    } else {
        Status::Clean
    };
    Verdict {
        status,
        blocking,
        holding,
        unreadable,
        unfinished,
    }
}
