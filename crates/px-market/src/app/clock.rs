//! The SLA clock of a review: runs while the Marketplace has the ball, pauses while the author has.

use jiff::{SignedDuration, Timestamp};

/// A clock that can be paused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReviewClock {
    /// Since when it runs; `None` while paused.
    pub running_from: Option<Timestamp>,
    /// Microseconds used before it was paused last.
    pub used_micros: i64,
    /// When the promise is broken if nothing pauses it.
    pub deadline: Option<Timestamp>,
}

impl ReviewClock {
    /// Starts or continues at `now`, with `sla` in all.
    #[must_use]
    pub fn start(self, now: Timestamp, sla: SignedDuration) -> Self {
        if self.running_from.is_some() {
            return self;
        }
        let left = sla - SignedDuration::from_micros(self.used_micros);
        Self {
            running_from: Some(now),
            deadline: now.checked_add(left).ok(),
            ..self
        }
    }

    /// Pauses at `now`.
    #[must_use]
    pub fn pause(self, now: Timestamp) -> Self {
        Self {
            running_from: None,
            used_micros: self.used(now).as_micros().try_into().unwrap_or(i64::MAX),
            deadline: None,
        }
    }

    /// Time used at `now`; never negative, even when the machine's clock was set back.
    #[must_use]
    pub fn used(self, now: Timestamp) -> SignedDuration {
        let running = self.running_from.map_or(SignedDuration::ZERO, |from| {
            now.duration_since(from).max(SignedDuration::ZERO)
        });
        SignedDuration::from_micros(self.used_micros) + running
    }

    /// Per cent of `sla` used at `now`.
    #[must_use]
    pub fn percent(self, now: Timestamp, sla: SignedDuration) -> i64 {
        let sla = sla.as_micros().max(1);
        (self.used(now).as_micros() * 100 / sla)
            .try_into()
            .unwrap_or(i64::MAX)
    }
}

/// 1 (first) to 3, from the share of the promised time that is used.
#[must_use]
pub const fn priority(percent: i64) -> u32 {
    match percent {
        80.. => 1,
        50..80 => 2,
        _ => 3,
    }
}

/// Per cent of the promised time at which somebody is warned.
pub const WARNING_STEPS: [i64; 3] = [50, 80, 100];

/// The highest warning step reached at `percent`; 0 when none.
#[must_use]
pub const fn warning_step(percent: i64) -> i64 {
    match percent {
        100.. => 100,
        80..100 => 80,
        50..80 => 50,
        _ => 0,
    }
}
