//! Which checks count, and which must have been made. Policy is data, not code.

use crate::catalogue::{CATALOGUE, CheckId};
use crate::report::{CheckResult, Engine, NotRun, Outcome};
use px_model::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What one check means for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Its findings count; otherwise they are only shown (shadow mode).
    pub enforced: bool,
    /// The version is held until it was made.
    pub required: bool,
}

/// How outcomes become a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// Name shown in reports.
    pub name: String,
    /// Least line coverage for TST-01, in per cent.
    pub coverage_percent: f64,
    /// Rules by check. A check that is not named is enforced and not required.
    pub rules: BTreeMap<CheckId, Rule>,
}

/// A policy file that is not one.
#[derive(Debug, thiserror::Error)]
#[error("the policy is not valid: {0}")]
pub struct PolicyError(#[from] serde_json::Error);

impl Policy {
    /// The Marketplace's policy: everything enforced and required but what needs an author's tooling.
    #[must_use]
    pub fn marketplace() -> Self {
        embedded(include_str!("../data/policy-marketplace.json"))
    }

    /// The author's policy: the same rules, but nothing that only the Marketplace can know is required.
    #[must_use]
    pub fn local() -> Self {
        embedded(include_str!("../data/policy-local.json"))
    }

    /// Reads a policy from JSON.
    ///
    /// # Errors
    /// When the text is not JSON of this shape or names an unknown check.
    pub fn from_json(text: &str) -> Result<Self, PolicyError> {
        Ok(serde_json::from_str(text)?)
    }

    /// The rule for `check`.
    #[must_use]
    pub fn rule(&self, check: CheckId) -> Rule {
        self.rules.get(&check).copied().unwrap_or(Rule {
            enforced: true,
            required: false,
        })
    }

    /// Required checks that `checks` does not contain in a finished form.
    #[must_use]
    pub fn missing(&self, checks: &[CheckResult]) -> Vec<CheckId> {
        let done = |id: CheckId| {
            checks.iter().any(|c| {
                c.check == id
                    && match &c.outcome {
                        Outcome::Pass | Outcome::Findings { .. } => true,
                        Outcome::NotRun { reason } => matches!(reason, NotRun::NotApplicable(_)),
                        Outcome::Invalid { .. } | Outcome::EngineFailed { .. } => false,
                    }
            })
        };
        CATALOGUE
            .iter()
            .map(|info| info.id)
            .filter(|id| self.rule(*id).required && !done(*id))
            .collect()
    }

    /// How a report names this policy.
    #[must_use]
    pub fn engine(&self) -> Engine {
        let json = serde_json::to_vec(self).unwrap_or_default();
        Engine {
            name: format!("policy {}", self.name),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rules: Some(Digest::from_bytes(Sha256::digest(json).into())),
        }
    }
}

/// The built-in files are parsed by a test, so this cannot fail in a program that was tested.
fn embedded(text: &str) -> Policy {
    Policy::from_json(text).expect("the built-in policy files are valid")
}
