//! When to try again.

use std::time::Duration;

use jiff::Timestamp;

/// Moments of delivery attempts, counted from when the notice was queued (or sent again).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    offsets: Vec<Duration>,
    jitter_percent: u32,
}

impl Default for Schedule {
    /// At 0, 5, 15, 45 s, 2, 5, 10, 18, 26 min, then daily for 3 days, each ± 20 % of its
    /// distance from the one before, so that all of the first nine fall within half an hour.
    fn default() -> Self {
        let seconds = [
            0, 5, 15, 45, 120, 300, 600, 1080, 1560, 86_400, 172_800, 259_200,
        ];
        Self::new(seconds.map(Duration::from_secs), 20)
    }
}

impl Schedule {
    /// Attempts at these distances from the start, moved by up to `jitter_percent` (at most 100)
    /// of the distance from the attempt before. Distances that go back are sorted.
    #[must_use]
    pub fn new(offsets: impl IntoIterator<Item = Duration>, jitter_percent: u32) -> Self {
        let mut offsets: Vec<_> = offsets.into_iter().collect();
        offsets.sort_unstable();
        Self {
            offsets,
            jitter_percent: jitter_percent.min(100),
        }
    }

    /// How many attempts there are.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.offsets.len()
    }

    /// When the attempt after `made` attempts is due, or `None` when there are no more.
    /// `chance` is a random number from 0 to `u32::MAX`; half of it means no jitter.
    #[must_use]
    pub fn due(&self, base: Timestamp, made: usize, chance: u32) -> Option<Timestamp> {
        let offset = *self.offsets.get(made)?;
        let before = made
            .checked_sub(1)
            .and_then(|i| self.offsets.get(i))
            .copied()
            .unwrap_or_default();
        let reach = i128::try_from((offset - before).as_micros()).unwrap_or_default()
            * i128::from(self.jitter_percent)
            / 100;
        let shift = reach * (2 * i128::from(chance) - i128::from(u32::MAX)) / i128::from(u32::MAX);
        let micros = i128::from(base.as_microsecond())
            + i128::try_from(offset.as_micros()).unwrap_or_default()
            + shift;
        let micros = i64::try_from(micros).unwrap_or(i64::MAX);
        Some(Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX))
    }
}
