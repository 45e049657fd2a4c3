//! What a rollout needs next. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use px_model::{InstallState, TenantId};

use super::verdict::{Judgement, sprt};
use crate::app::fault::Blame;

/// Installs started for one rollout by one look, so that a large batch does not come all at once.
const PER_LOOK: usize = 50;

/// Where a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutState {
    /// Going on.
    Running,
    /// Stopped by a person or by failures; may go on.
    Paused,
    /// Every batch is settled.
    Done,
    /// A newer release took its place.
    Superseded,
    /// The release was withdrawn.
    Withdrawn,
    /// A person ended it.
    Cancelled,
}

impl RolloutState {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the stored word; an unknown one stands still.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "done" => Self::Done,
            "superseded" => Self::Superseded,
            "withdrawn" => Self::Withdrawn,
            "cancelled" => Self::Cancelled,
            _ => Self::Paused,
        }
    }
}

/// Where one tenant of a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberState {
    /// Its batch has not come, or its install was not started yet.
    Pending,
    /// Its install is under way.
    Installing,
    /// On the release for good.
    Committed,
    /// Failed or rolled back, and the release is to blame.
    Failed,
    /// A failure that a person chose to go on after.
    Forgiven,
    /// Not counted: the tenant's own choice or state, or our surroundings.
    Excluded,
}

impl MemberState {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Installing => "installing",
            Self::Committed => "committed",
            Self::Failed => "failed",
            Self::Forgiven => "forgiven",
            Self::Excluded => "excluded",
        }
    }

    /// Reads the stored word; an unknown one does not count.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "pending" => Self::Pending,
            "installing" => Self::Installing,
            "committed" => Self::Committed,
            "failed" => Self::Failed,
            "forgiven" => Self::Forgiven,
            _ => Self::Excluded,
        }
    }

    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Pending | Self::Installing)
    }
}

/// A batch as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// From 0.
    pub batch: usize,
    /// Share of tenants reached with it, per cent.
    pub percentage: u32,
    /// Not before this time.
    pub start_at: Option<Timestamp>,
    /// This long after the batch before began.
    pub wait: SignedDuration,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When everybody in it had an outcome and it was passed.
    pub settled: Option<Timestamp>,
}

/// A tenant of a rollout as stored, with what its install says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Tenant.
    pub tenant: TenantId,
    /// Its batch.
    pub batch: usize,
    /// State as stored.
    pub state: MemberState,
    /// State of its install, when there is one.
    pub install: Option<InstallState>,
    /// Why the install ended badly.
    pub cause: Option<String>,
    /// Who is to blame for it.
    pub blame: Option<Blame>,
}

impl Member {
    /// The state its install leads to.
    #[must_use]
    pub fn outcome(&self) -> MemberState {
        use InstallState as S;
        match (self.state, self.install) {
            (MemberState::Installing | MemberState::Committed, Some(install)) => match install {
                S::Committed => MemberState::Committed,
                S::Failed | S::RolledBack | S::Quarantined => match self.blame {
                    Some(Blame::Plugin) => MemberState::Failed,
                    // Nobody saw it work and nobody knows why: silence counts against the release.
                    _ if self.cause.as_deref() == Some("not_confirmed") => MemberState::Failed,
                    _ => MemberState::Excluded,
                },
                S::Cancelled | S::Superseded => MemberState::Excluded,
                _ => self.state,
            },
            (state, _) => state,
        }
    }
}

/// A rollout with everything about it.
#[derive(Debug, Clone)]
pub struct View {
    /// State.
    pub state: RolloutState,
    /// Batches in order.
    pub batches: Vec<BatchRow>,
    /// Tenants.
    pub members: Vec<Member>,
}

/// One thing to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Write a tenant's outcome.
    Settle(TenantId, MemberState),
    /// Begin a batch.
    Start(usize),
    /// Start a tenant's install.
    Install(TenantId),
    /// A batch is over and good.
    Pass(usize),
    /// Stop and raise an alert.
    Pause(String),
    /// Stop, raise an alert and take everybody back: the release is bad.
    Halt(String),
    /// Every batch is settled.
    Finish,
}

/// What is to be done now, in order.
#[must_use]
pub fn plan_rollout(view: &View, now: Timestamp) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut members = view.members.clone();
    for member in &mut members {
        let outcome = member.outcome();
        if outcome != member.state {
            steps.push(Step::Settle(member.tenant, outcome));
            member.state = outcome;
        }
    }
    if view.state != RolloutState::Running {
        return steps;
    }
    if let Some(step) = trouble(&members) {
        steps.push(step);
        return steps;
    }
    match view.batches.iter().position(|b| b.settled.is_none()) {
        None => steps.push(Step::Finish),
        Some(index) => go_on(view, index, &members, now, &mut steps),
    }
    steps
}

fn go_on(view: &View, index: usize, members: &[Member], now: Timestamp, steps: &mut Vec<Step>) {
    let batch = &view.batches[index];
    if batch.started.is_none() {
        let before = index.checked_sub(1).and_then(|i| view.batches[i].started);
        let waited = before.and_then(|at| at.checked_add(batch.wait).ok());
        let due = batch.start_at.into_iter().chain(waited).max();
        if due.is_some_and(|due| now < due) {
            return;
        }
        steps.push(Step::Start(batch.batch));
    }
    let mine = || members.iter().filter(|m| m.batch == batch.batch);
    let pending = mine().filter(|m| m.state == MemberState::Pending);
    steps.extend(pending.take(PER_LOOK).map(|m| Step::Install(m.tenant)));
    if mine().all(|m| m.state.is_settled()) {
        let failed = mine().filter(|m| m.state == MemberState::Failed).count();
        if failed == 0 || judge(members) == Judgement::Pass {
            steps.push(Step::Pass(batch.batch));
        } else {
            steps.push(Step::Pause(format!(
                "{failed} of batch {} failed, and there are too few outcomes to go on.",
                batch.batch + 1
            )));
        }
    }
}

/// Reasons to stop at once, whatever the batch.
fn trouble(members: &[Member]) -> Option<Step> {
    if judge(members) == Judgement::Fail {
        let text = alike(members)
            .unwrap_or_else(|| "Too many tenants could not keep the release.".to_owned());
        return Some(Step::Halt(text));
    }
    alike(members).map(Step::Pause)
}

/// Two failures with the same cause in the first batch that has any tenant.
fn alike(members: &[Member]) -> Option<String> {
    let first = members
        .iter()
        .filter(|m| m.install.is_some())
        .map(|m| m.batch)
        .min()?;
    let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
    let failed = members
        .iter()
        .filter(|m| m.batch == first && m.state == MemberState::Failed);
    for member in failed {
        *causes
            .entry(member.cause.as_deref().unwrap_or("?"))
            .or_default() += 1;
    }
    let (cause, times) = causes.into_iter().max_by_key(|(_, n)| *n)?;
    (times >= 2).then(|| format!("{times} tenants of the first batch failed alike: {cause}."))
}

fn judge(members: &[Member]) -> Judgement {
    let count = |state: MemberState| {
        let n = members.iter().filter(|m| m.state == state).count();
        u32::try_from(n).unwrap_or(u32::MAX)
    };
    sprt(count(MemberState::Committed), count(MemberState::Failed))
}
