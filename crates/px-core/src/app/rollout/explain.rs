//! Why a tenant is not on the newest version yet, in words.

use jiff::Timestamp;
use px_model::{InstallState, Permission, UpgradePolicy, Version};

use super::plan::{MemberState, RolloutState};

/// Everything that may keep a tenant from a version.
#[derive(Debug, Clone)]
pub struct Situation {
    /// The newest listed version of the tenant's channel.
    pub newest: Version,
    /// The version the tenant has.
    pub has: Option<Version>,
    /// The tenant's policy.
    pub policy: UpgradePolicy,
    /// Whether the operator allows upgrades by policy.
    pub auto_allowed: bool,
    /// Permissions the newest version asks for beyond those granted.
    pub asks_more: Vec<Permission>,
    /// Rollout of the newest version, with the reason it stands still.
    pub rollout: Option<(RolloutState, Option<String>)>,
    /// The tenant's place in it: batch from 1, when that batch may start, state.
    pub member: Option<(usize, Option<Timestamp>, MemberState)>,
    /// The batch that is under way, from 1.
    pub current_batch: Option<usize>,
    /// State of the tenant's operation on the plugin, when there is one.
    pub operation: Option<InstallState>,
    /// How the last try with the newest version ended, in words.
    pub last_problem: Option<String>,
}

/// The reasons, the most telling first; empty when the tenant has the newest version.
#[must_use]
pub fn explain(it: &Situation) -> Vec<String> {
    let mut why = Vec::new();
    if it.has.as_ref().is_some_and(|has| *has >= it.newest) {
        return why;
    }
    if it.has.is_none() {
        why.push("The plugin is not installed for this tenant.".to_owned());
        return why;
    }
    if let Some(state) = it.operation.filter(|s| !s.is_final()) {
        why.push(format!("It is on its way: the operation is in `{state}`."));
    }
    if let Some(problem) = &it.last_problem {
        why.push(format!("The last try did not succeed: {problem}"));
    }
    match it.policy {
        UpgradePolicy::Off => why.push("The tenant's policy is `off`: nothing is done.".to_owned()),
        UpgradePolicy::Notify => {
            why.push("The tenant's policy is `notify`: somebody has to start it.".to_owned());
        }
        UpgradePolicy::Auto => automatic(it, &mut why),
    }
    why
}

fn automatic(it: &Situation, why: &mut Vec<String>) {
    if !it.auto_allowed {
        why.push("Upgrades by policy are switched off here (PX_ONLINE_AUTO_UPGRADE).".to_owned());
    }
    if !it.asks_more.is_empty() {
        let names: Vec<_> = it.asks_more.iter().map(ToString::to_string).collect();
        let names = names.join(", ");
        why.push(format!(
            "It asks for permissions nobody has granted: {names}."
        ));
    }
    match &it.rollout {
        None => why.push("There is no rollout of this version here.".to_owned()),
        Some((RolloutState::Running, _)) => {}
        Some((state, reason)) => {
            let reason = reason.as_deref().unwrap_or("no reason was given");
            why.push(format!("The rollout is {}: {reason}", state.as_str()));
        }
    }
    if let Some((batch, start_at, MemberState::Pending)) = it.member {
        let now = it
            .current_batch
            .map_or_else(String::new, |n| format!("; batch {n} is under way"));
        let when = start_at.map_or_else(String::new, |at| format!(", not before {at}"));
        why.push(format!("The tenant belongs to batch {batch}{when}{now}."));
    }
    if it.member.is_none() && it.rollout.is_some() {
        why.push("The publisher's plan leaves this tenant out.".to_owned());
    }
}
