//! A clock moved by hand and randomness that repeats.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use px_store::{Clock, Env, Randomness};

/// A clock that stands still until it is moved; clones show the same time.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// Stopped at `at`.
    #[must_use]
    pub fn at(at: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(at.as_microsecond())))
    }

    /// Stopped at the present whole second, for parts that compare with the machine's clock.
    #[must_use]
    pub fn at_present() -> Self {
        let now = Timestamp::now().as_second();
        Self(Arc::new(AtomicI64::new(now * 1_000_000)))
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).expect("a test's lifetime");
        self.0.fetch_add(by, Ordering::SeqCst);
    }

    /// Moves back, as a clock that is set does.
    pub fn set_back(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).expect("a test's lifetime");
        self.0.fetch_sub(by, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).expect("within the calendar")
    }
}

/// Bytes that look random, never repeat within a run and are the same in every run.
#[derive(Debug, Default)]
pub struct CounterRandomness(AtomicU64);

impl CounterRandomness {
    /// Begins at `seed`; different seeds give different bytes.
    #[must_use]
    pub const fn from_seed(seed: u64) -> Self {
        Self(AtomicU64::new(seed << 32))
    }
}

impl Randomness for CounterRandomness {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            // SplitMix64: a bijection of the counter, so no two chunks are alike.
            let mut z = self
                .0
                .fetch_add(1, Ordering::SeqCst)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}

/// Surroundings with a clock stopped at the present second, and that clock.
#[must_use]
pub fn test_env() -> (Env, TestClock) {
    let clock = TestClock::at_present();
    (Env::new(clock.clone(), CounterRandomness::default()), clock)
}
