//! `publish.yml`: how a version reaches tenants.

use super::field::{Field, Findings};
use super::period::Period;
use super::yaml::{self, Data};
use crate::issue::{Issue, Severity};
use jiff::Timestamp;
use px_model::{Channel, Version};
use serde::{Deserialize, Serialize};

/// A publish plan, in the shape of `publish.yml`: what is written as JSON can be read by [`parse_plan`] again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PublishPlan {
    /// Channels with their rollout; empty means `stable` to everybody at once.
    pub channels: Vec<ChannelPlan>,
    /// Tenants the version is for, or not for.
    pub tenant_filters: TenantFilters,
    /// Whether tenants whose policy allows it are upgraded without being asked.
    pub auto_upgrade: bool,
    /// What to go back to.
    pub rollback_plan: RollbackPlan,
}

/// One channel's rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelPlan {
    /// Which channel.
    pub name: Channel,
    /// How it spreads.
    #[serde(default)]
    pub rollout: Rollout,
}

/// How a version spreads on a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// Batches in order; empty means everybody at once.
    #[serde(default)]
    pub batches: Vec<Batch>,
}

/// One batch of a rollout. Without `start_at` and `wait` it begins as soon as the one before is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// Share of tenants that have the version once this batch is done, 1 to 100.
    pub percentage: u8,
    /// Not before this time; excludes `wait`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Timestamp>,
    /// This long after the batch before began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Period>,
    /// Tenants that belong to this batch whatever their place is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<String>,
}

/// Tenants the version is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantFilters {
    /// Whether the lists count.
    pub enabled: bool,
    /// Only these, when not empty; `tenants` (a list, or a mapping with `allow`) or `allow` in the file.
    #[serde(rename = "tenants")]
    pub allow: Vec<String>,
    /// Never these.
    pub deny: Vec<String>,
}

impl TenantFilters {
    /// Whether a tenant may get the version.
    #[must_use]
    pub fn admits(&self, tenant: &str) -> bool {
        let has = |list: &[String]| list.iter().any(|name| name == tenant);
        !self.enabled || ((self.allow.is_empty() || has(&self.allow)) && !has(&self.deny))
    }
}

/// What to go back to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollbackPlan {
    /// Whether the plan counts.
    pub enabled: bool,
    /// Version to go back to; the one before when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_version: Option<Version>,
}

/// A publish plan, or why there is none.
#[derive(Debug, Clone)]
pub struct PlanOutcome {
    /// The plan; absent when an issue blocks it.
    pub plan: Option<PublishPlan>,
    /// Everything found, in the order of the text.
    pub issues: Vec<Issue>,
}

/// Parses `publish.yml`. An empty file is the empty plan.
#[must_use]
pub fn parse_plan(text: &str) -> PlanOutcome {
    let mut findings = Findings::default();
    let plan = match yaml::parse(text) {
        Err(fault) => {
            findings.fault(fault);
            PublishPlan::default()
        }
        Ok(None) => PublishPlan::default(),
        Ok(Some(root)) => {
            let top = Field::root(&root);
            if root.is_null() || !top.is_map(&mut findings) {
                PublishPlan::default()
            } else {
                plan(&top, &mut findings)
            }
        }
    };
    let mut issues = findings.issues;
    issues.sort_by_key(|issue| (issue.line, issue.column));
    let fatal = issues.iter().any(|issue| issue.severity.is_fatal());
    PlanOutcome {
        plan: (!fatal).then_some(plan),
        issues,
    }
}

/// A key that nothing reads is a plan that does not happen: refused with its name.
fn only(field: &Field<'_>, known: &[&str], findings: &mut Findings) {
    let entries = field.node().map(yaml::Node::entries).unwrap_or_default();
    for (key, _) in entries {
        if !known.contains(&key.text.as_str()) {
            findings.block(
                &field.get(&key.text),
                format!("nothing reads the key `{}`", key.text),
                format!("use one of {}, or remove it", known.join(", ")),
            );
        }
    }
}

fn plan(top: &Field<'_>, findings: &mut Findings) -> PublishPlan {
    const KEYS: [&str; 4] = ["channels", "tenantFilters", "autoUpgrade", "rollbackPlan"];
    only(top, &KEYS, findings);
    let mut channels: Vec<ChannelPlan> = Vec::new();
    for item in top.get("channels").items(findings) {
        only(&item, &["name", "rollout"], findings);
        only(&item.get("rollout"), &["batches"], findings);
        let name = item.get("name");
        name.required_text(findings, "write stable or beta");
        let batches = batches(&item.get("rollout").get("batches"), findings);
        if let Some(name_word) = name.parse::<Channel>(findings, "write stable or beta") {
            if channels.iter().any(|channel| channel.name == name_word) {
                findings.block(
                    &name,
                    format!("the channel `{name_word}` stands here twice"),
                    "keep one of the two",
                );
            }
            channels.push(ChannelPlan {
                name: name_word,
                rollout: Rollout { batches },
            });
        }
    }
    let rollback = top.get("rollbackPlan");
    only(&rollback, &["enabled", "previousVersion"], findings);
    PublishPlan {
        channels,
        tenant_filters: filters(&top.get("tenantFilters"), findings),
        auto_upgrade: top.get("autoUpgrade").truth(findings).unwrap_or(false),
        rollback_plan: RollbackPlan {
            enabled: rollback.is_map(findings)
                && rollback.get("enabled").truth(findings).unwrap_or(true),
            previous_version: rollback
                .get("previousVersion")
                .parse(findings, "write a version such as 1.3.0"),
        },
    }
}

fn filters(field: &Field<'_>, findings: &mut Findings) -> TenantFilters {
    if !field.is_map(findings) {
        return TenantFilters::default();
    }
    only(field, &["enabled", "tenants", "allow", "deny"], findings);
    let tenants = field.get("tenants");
    let is_map = tenants
        .node()
        .is_some_and(|node| matches!(node.data, Data::Map(_)));
    let (mut allow, mut deny) = if is_map {
        (
            tenants.get("allow").texts(findings),
            tenants.get("deny").texts(findings),
        )
    } else {
        (tenants.texts(findings), Vec::new())
    };
    allow.extend(field.get("allow").texts(findings));
    deny.extend(field.get("deny").texts(findings));
    if let Some(both) = allow.iter().find(|name| deny.contains(name)) {
        let message = format!("the tenant `{both}` is allowed and denied");
        findings.block(field, message, "keep it in one list");
    }
    TenantFilters {
        enabled: field.get("enabled").truth(findings).unwrap_or(true),
        allow,
        deny,
    }
}

fn batches(field: &Field<'_>, findings: &mut Findings) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut last_start: Option<Timestamp> = None;
    for item in field.items(findings) {
        only(
            &item,
            &["percentage", "startAt", "wait", "tenants"],
            findings,
        );
        let share = item.get("percentage");
        share.required_text(findings, "write a share from 1 to 100");
        let percentage = share
            .parse::<u8>(findings, "write a share from 1 to 100")
            .unwrap_or(0);
        let before = batches.last().map_or(0, |batch| batch.percentage);
        if share.is_present() && !(1..=100).contains(&percentage) {
            findings.block(
                &share,
                format!("{percentage} % is not between 1 and 100"),
                "write a share from 1 to 100",
            );
        } else if share.is_present() && percentage <= before {
            let message =
                format!("{percentage} % is not more than the {before} % of the batch before");
            findings.block(
                &share,
                message,
                "shares are cumulative: let them grow up to 100",
            );
        }
        let (start_at, wait) = start(&item, last_start, findings);
        last_start = start_at.or(last_start);
        batches.push(Batch {
            percentage,
            start_at,
            wait,
            tenants: item.get("tenants").texts(findings),
        });
    }
    if batches.last().is_some_and(|batch| batch.percentage < 100) {
        findings.add(
            "MAN-01",
            Severity::Warning,
            field,
            "the last batch is below 100 %",
            "add a batch with 100 so that everybody gets the version",
        );
    }
    batches
}

fn start(
    item: &Field<'_>,
    last: Option<Timestamp>,
    findings: &mut Findings,
) -> (Option<Timestamp>, Option<Period>) {
    let (at, wait) = (item.get("startAt"), item.get("wait"));
    if at.is_present() && wait.is_present() {
        findings.block(
            &wait,
            "`startAt` and `wait` exclude each other",
            "keep one of the two",
        );
    }
    let time = at.parse::<Timestamp>(findings, "write a time such as 2026-11-07T00:00:00Z");
    if let (Some(time), Some(last)) = (time, last)
        && time < last
    {
        findings.block(
            &at,
            "this batch begins before the one above it",
            "let the times grow",
        );
    }
    (
        time,
        wait.parse::<Period>(findings, "write a time such as 30m"),
    )
}
