//! Key figures of installing. Pure.

use px_model::InstallState;

use super::fault::Blame;

/// How installs ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// For good.
    pub committed: u32,
    /// Before traffic, and not by the tenant's own choice.
    pub failed: u32,
    /// Taken back by itself.
    pub rolled_back: u32,
    /// Needing an operator.
    pub quarantined: u32,
}

/// Counts ends; the tenant's own choices are neither success nor failure.
#[must_use]
pub fn figures(ends: &[(InstallState, Option<Blame>, i64)]) -> Figures {
    let mut out = Figures::default();
    for (state, blame, count) in ends {
        let count = u32::try_from(*count).unwrap_or(u32::MAX);
        let own_choice = *blame == Some(Blame::Tenant);
        let place = match state {
            InstallState::Committed => &mut out.committed,
            InstallState::Failed if !own_choice => &mut out.failed,
            InstallState::RolledBack if !own_choice => &mut out.rolled_back,
            InstallState::Quarantined => &mut out.quarantined,
            _ => continue,
        };
        *place = place.saturating_add(count);
    }
    out
}

impl Figures {
    /// Those that did not succeed.
    #[must_use]
    pub const fn bad(&self) -> u32 {
        self.failed + self.rolled_back + self.quarantined
    }

    /// Share that succeeded, 0 to 1; 1 when nothing ended.
    #[must_use]
    pub fn success_rate(&self) -> f64 {
        let all = self.committed + self.bad();
        if all == 0 {
            1.0
        } else {
            f64::from(self.committed) / f64::from(all)
        }
    }

    /// Below 98 %, with enough installs to say so: at least 10 ended, or 3 went wrong.
    #[must_use]
    pub fn success_too_low(&self) -> bool {
        let enough = self.committed + self.bad() >= 10 || self.bad() >= 3;
        enough && self.success_rate() < 0.98
    }

    /// More than 3, and more than 2 % of all.
    #[must_use]
    pub fn rollbacks_too_many(&self) -> bool {
        let all = self.committed + self.bad();
        self.rolled_back > 3 && u64::from(self.rolled_back) * 50 > u64::from(all)
    }
}
