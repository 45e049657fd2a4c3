//! Time, identifiers and randomness, passed in so that tests decide them.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::points::{FaultPoints, Point, When};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;
}

/// Gives unpredictable bytes.
pub trait Randomness: Send + Sync + 'static {
    /// Fills `out` from a cryptographically secure source.
    fn fill(&self, out: &mut [u8]);
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // Stored times have microsecond precision; equal on the way in and out.
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// The operating system's random source.
#[derive(Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, out: &mut [u8]) {
        rand::fill(out);
    }
}

/// Everything a process takes from its surroundings, in one cloneable handle.
#[derive(Clone)]
pub struct Env {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
    points: Option<Arc<dyn FaultPoints>>,
}

impl Env {
    /// Builds from parts; tests pass a stopped clock and a counter.
    pub fn new(clock: impl Clock, random: impl Randomness) -> Self {
        Self {
            clock: Arc::new(clock),
            random: Arc::new(random),
            points: None,
        }
    }

    /// The same with a listener at the places where work can be stopped; for tests.
    #[must_use]
    pub fn with_points(mut self, points: impl FaultPoints) -> Self {
        self.points = Some(Arc::new(points));
        self
    }

    /// Whether anybody listens at the places.
    #[must_use]
    pub const fn has_points(&self) -> bool {
        self.points.is_some()
    }

    /// Passes a place; nothing happens unless a test listens there.
    ///
    /// # Errors
    /// The fault a test puts there.
    pub async fn pass(
        &self,
        machine: &'static str,
        state: &'static str,
        when: When,
        subject: &(impl ToString + Sync + ?Sized),
    ) -> io::Result<()> {
        match &self.points {
            None => Ok(()),
            Some(points) => {
                let point = Point::new(machine, state, when, subject.to_string());
                points.pass(&point).await
            }
        }
    }

    /// The real surroundings.
    #[must_use]
    pub fn system() -> Self {
        Self::new(SystemClock, SystemRandomness)
    }

    /// The present instant, with microsecond precision.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A fresh version-7 UUID (RFC 9562): sorts by time.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let mut bytes = [0; 10];
        self.random.fill(&mut bytes);
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }

    /// `bytes` random bytes as lower-case hexadecimal digits.
    #[must_use]
    pub fn secret(&self, bytes: usize) -> String {
        hex::encode(self.random_bytes(bytes))
    }

    /// Random bytes, for keys and secrets.
    #[must_use]
    pub fn random_bytes(&self, bytes: usize) -> Vec<u8> {
        let mut buffer = vec![0; bytes];
        self.random.fill(&mut buffer);
        buffer
    }
}

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Env")
    }
}
