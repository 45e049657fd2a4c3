//! States of an install: `requested → … → committed`, or back.

use crate::IllegalTransition;
use crate::version::words;

/// More transitions than this for one install mean a loop: it is quarantined.
pub const MAX_TRANSITIONS: u32 = 24;

words! {
    /// Where an install or upgrade of one version for one tenant stands.
    InstallState {
        /// Accepted; permission, policy, quota and core range are being checked.
        Requested = "requested",
        /// The dependency solution is stored.
        Resolved = "resolved",
        /// Held for a window, a batch or an approval.
        Waiting = "waiting",
        /// The bundle is being downloaded.
        Fetching = "fetching",
        /// Length, digest and signatures are right.
        Verified = "verified",
        /// Unpacked and compiled.
        Staged = "staged",
        /// Started beside the old version and probed; no traffic yet.
        Preflight = "preflight",
        /// The tenant's plugin data is saved.
        Snapshotted = "snapshotted",
        /// The candidate is being put in place.
        Activating = "activating",
        /// The candidate serves, watched.
        Probation = "probation",
        /// Permanent; the previous version stays pinned.
        Committed = "committed",
        /// The previous version is being brought back.
        RollingBack = "rolling_back",
        /// The previous version serves again.
        RolledBack = "rolled_back",
        /// Gave up before anything was put in place.
        Failed = "failed",
        /// Stopped by a person before anything was put in place.
        Cancelled = "cancelled",
        /// A newer request took its place.
        Superseded = "superseded",
        /// Needs an operator.
        Quarantined = "quarantined",
    }
}

impl InstallState {
    /// States that may follow this one.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        use InstallState::{
            Activating, Cancelled, Committed, Failed, Fetching, Preflight, Probation, Quarantined,
            Requested, Resolved, RolledBack, RollingBack, Snapshotted, Staged, Superseded,
            Verified, Waiting,
        };
        match self {
            Requested => &[Resolved, Failed, Cancelled, Superseded, Quarantined],
            Resolved => &[Waiting, Failed, Cancelled, Superseded, Quarantined],
            Waiting => &[Fetching, Failed, Cancelled, Superseded, Quarantined],
            Fetching => &[Verified, Failed, Cancelled, Superseded, Quarantined],
            Verified => &[Staged, Failed, Cancelled, Superseded, Quarantined],
            Staged => &[Preflight, Failed, Cancelled, Superseded, Quarantined],
            Preflight => &[Snapshotted, Failed, Cancelled, Superseded, Quarantined],
            Snapshotted => &[Activating, Failed, Cancelled, Superseded, Quarantined],
            Activating => &[Probation, RollingBack, Quarantined],
            Probation => &[Committed, RollingBack, Quarantined],
            Committed => &[RollingBack],
            RollingBack => &[RolledBack, Quarantined],
            RolledBack | Failed | Cancelled | Superseded | Quarantined => &[],
        }
    }

    /// Checks a transition against the table.
    ///
    /// # Errors
    /// [`IllegalTransition`] when `to` does not follow this state.
    pub fn advance(self, to: Self) -> Result<Self, IllegalTransition> {
        if self.next().contains(&to) {
            Ok(to)
        } else {
            Err(IllegalTransition {
                machine: "install",
                from: self.as_str(),
                to: to.as_str(),
            })
        }
    }

    /// Whether nothing more will happen by itself.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Committed
                | Self::RolledBack
                | Self::Failed
                | Self::Cancelled
                | Self::Superseded
                | Self::Quarantined
        )
    }

    /// Whether the candidate may have been seen by traffic, so that leaving means rolling back.
    #[must_use]
    pub const fn touched_traffic(self) -> bool {
        matches!(
            self,
            Self::Activating | Self::Probation | Self::Committed | Self::RollingBack
        )
    }

    /// Longest stay in seconds before the sweeper acts; `None` where policy or a person decides.
    #[must_use]
    pub const fn limit_seconds(self) -> Option<u32> {
        match self {
            Self::Requested | Self::Resolved | Self::Preflight | Self::Activating => Some(30),
            Self::Staged | Self::Verified => Some(120),
            Self::Snapshotted | Self::RollingBack => Some(60),
            Self::Fetching => Some(3600),
            _ => None,
        }
    }

    /// Position in the forward order, for progress bars; `None` beside the straight path.
    #[must_use]
    pub fn step(self) -> Option<usize> {
        Self::ALL
            .iter()
            .position(|s| *s == self)
            .filter(|i| *i <= 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_never_left_without_rolling_back() {
        for state in InstallState::ALL.iter().filter(|s| s.touched_traffic()) {
            for next in state.next() {
                assert!(!matches!(
                    next,
                    InstallState::Failed | InstallState::Cancelled | InstallState::Superseded
                ));
            }
        }
        assert_eq!(InstallState::Committed.step(), Some(10));
        assert_eq!(InstallState::Failed.step(), None);
    }

    #[test]
    fn every_state_reaches_a_final_one() {
        for state in InstallState::ALL {
            let mut at = *state;
            for _ in 0..MAX_TRANSITIONS {
                match at.next().first() {
                    Some(next) if !at.is_final() => at = *next,
                    _ => break,
                }
            }
            assert!(at.is_final(), "{state}");
        }
    }
}
