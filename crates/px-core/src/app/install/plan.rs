//! What an install needs next. Pure: the machine and the sweeper both ask this and nothing else.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use px_api::Code;
use px_model::{InstallState, MAX_TRANSITIONS};

use super::Install;
use crate::app::fault::Fault;

/// Work of one state; success leads to the next state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Core range, dependencies, permissions → `resolved`.
    Resolve,
    /// Download, then length, digest, signatures, listing → `verified`.
    Fetch,
    /// Unpack under limits, compile → `staged`.
    Stage,
    /// Start beside the running version, probe, save the tenant's data → `snapshotted`.
    Preflight,
    /// Expand-only migrations → `activating`.
    Migrate,
    /// One transaction: candidate, deadline, generation + 1 → `probation`.
    Activate,
    /// Watch the candidate → `committed`.
    Watch,
    /// Bring the previous version back → `rolled_back`.
    RollBack,
}

/// What to do with an install now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Nothing more will happen by itself.
    Rest,
    /// Look again at this time.
    Wait(Timestamp),
    /// Enter a state; with the reason when it is not the straight way.
    Enter(InstallState, Option<Fault>),
    /// Do the work of the state.
    Work(Work),
}

/// Longer than any pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(120);

/// Bounds that settings decide.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Tries of one state before an infrastructure fault ends the install.
    pub attempts: u32,
    /// Added to each state's limit before the sweeper acts, so that the worker itself, which has the
    /// better reason, is first.
    pub grace: Duration,
    /// Pause after the first failed try; doubles with each.
    pub first_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts: 8,
            grace: Duration::from_secs(10),
            first_pause: Duration::from_secs(1),
        }
    }
}

/// The next thing to do. `taken_over` says that the process that was at work is gone: a candidate it
/// was watching has not been served since its lease ran out, so it is taken back.
#[must_use]
pub fn next_action(install: &Install, taken_over: bool, limits: Limits, now: Timestamp) -> Action {
    use InstallState as S;
    let state = install.state;
    if state.is_final() {
        return Action::Rest;
    }
    if install.transitions >= MAX_TRANSITIONS {
        return Action::Enter(S::Quarantined, Some(loops(install)));
    }
    if let Some((to, fault)) = overdue(install, limits, now).or_else(|| asked(install)) {
        return Action::Enter(to, Some(fault));
    }
    if taken_over && matches!(state, S::Activating | S::Probation) {
        return Action::Enter(S::RollingBack, Some(orphaned()));
    }
    // No pause is that long: the clock was set back since it was written.
    let artefact = install.due.duration_since(now) > LONGEST_PAUSE;
    if now < install.due && !artefact {
        return Action::Wait(install.due);
    }
    match state {
        S::Requested => Action::Work(Work::Resolve),
        S::Resolved => Action::Enter(S::Waiting, None),
        S::Waiting => match install.not_before.filter(|at| now < *at) {
            Some(at) => Action::Wait(at),
            None => Action::Enter(S::Fetching, None),
        },
        S::Fetching => Action::Work(Work::Fetch),
        S::Verified => Action::Work(Work::Stage),
        S::Staged => Action::Enter(S::Preflight, None),
        S::Preflight => Action::Work(Work::Preflight),
        S::Snapshotted => Action::Work(Work::Migrate),
        S::Activating => Action::Work(Work::Activate),
        S::Probation => Action::Work(Work::Watch),
        S::RollingBack => Action::Work(Work::RollBack),
        S::Committed
        | S::RolledBack
        | S::Failed
        | S::Cancelled
        | S::Superseded
        | S::Quarantined => Action::Rest,
    }
}

/// Where an install goes that has been in its state for too long.
#[must_use]
pub fn overdue(install: &Install, limits: Limits, now: Timestamp) -> Option<(InstallState, Fault)> {
    let state = install.state;
    let late = match state {
        // Nobody has had a place for it yet: that is a long queue, not a step that hangs.
        InstallState::Requested if install.generation == 0 => false,
        InstallState::Probation => install.confirm_by.is_none_or(|by| now > by),
        _ => state.limit_seconds().is_some_and(|seconds| {
            let limit = Duration::from_secs(seconds.into()) + limits.grace;
            now > install.since + limit
        }),
    };
    late.then(|| (escape(state), late_fault(state)))
}

/// Where a state leads when the straight way is closed.
#[must_use]
pub const fn escape(state: InstallState) -> InstallState {
    match state {
        InstallState::Activating | InstallState::Probation | InstallState::Committed => {
            InstallState::RollingBack
        }
        InstallState::RollingBack => InstallState::Quarantined,
        _ => InstallState::Failed,
    }
}

/// Longest time an origin can put a try off; below [`LONGEST_PAUSE`], spread included.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(90);

/// The pause after a failed try: [`backoff`], or longer when the other side asked for it, up to 90 s.
#[must_use]
pub fn pause(first: Duration, attempt: u32, noise: u8, fault: &Fault) -> Duration {
    let asked = fault.retry_after.unwrap_or_default();
    backoff(first, attempt, noise).max(asked.min(LONGEST_RETRY_AFTER))
}

/// How long to wait before try number `attempt` + 1: `first` doubling up to 64 times, at most 60 s,
/// spread by ±20 % from `noise` in 0..=255.
#[must_use]
pub fn backoff(first: Duration, attempt: u32, noise: u8) -> Duration {
    let base = (first * (1 << attempt.min(6))).min(Duration::from_secs(60));
    base * 4 / 5 + base * 2 / 5 * u32::from(noise) / 255
}

fn asked(install: &Install) -> Option<(InstallState, Fault)> {
    match (&install.ask, install.state) {
        (None, _) | (Some(_), InstallState::RollingBack) => None,
        // A cancel too: it was accepted while the last step before traffic was under way.
        (Some(ask), state) if state.touched_traffic() => {
            let fault = Fault::tenant(Code::ProbationFailed, "by_hand", ask.reason());
            Some((InstallState::RollingBack, fault))
        }
        (Some(_), _) => {
            let text = "It was cancelled before anything was put in place.";
            let fault = Fault::tenant(Code::CannotCancel, "cancelled", text);
            Some((InstallState::Cancelled, fault))
        }
    }
}

fn loops(install: &Install) -> Fault {
    let text = format!(
        "It changed its state {} times, which is a loop. An operator has to look.",
        install.transitions
    );
    Fault::infrastructure(Code::Internal, "loop", text)
}

fn orphaned() -> Fault {
    Fault::infrastructure(
        Code::ProbationFailed,
        "installer_gone",
        "The process that watched the new version is gone, so the version that was there before serves.",
    )
}

fn late_fault(state: InstallState) -> Fault {
    let text = format!("It stayed in `{state}` past its limit.");
    match state {
        InstallState::Probation => {
            Fault::infrastructure(Code::ProbationFailed, "not_confirmed", text)
        }
        InstallState::Preflight => {
            Fault::infrastructure(Code::PreflightFailed, "preflight_late", text)
        }
        InstallState::Snapshotted => {
            Fault::infrastructure(Code::MigrationFailed, "migration_late", text)
        }
        InstallState::Fetching => {
            Fault::infrastructure(Code::DownloadFailed, "download_late", text)
        }
        InstallState::Verified => Fault::infrastructure(Code::StagingFailed, "staging_late", text),
        _ => Fault::infrastructure(Code::Unavailable, "late", text),
    }
}
