//! Counters, latencies and the last fault of one instance.

use crate::fault::RunFault;
use crate::logs::{Log, LogLine};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Buckets per doubling; a quantile is at most 9 % too high.
const STEPS: u32 = 8;
/// Doublings from one microsecond: up to 2^27 µs, a little more than two minutes.
const OCTAVES: u32 = 27;
const BUCKETS: usize = (STEPS * OCTAVES) as usize + 1;

/// A latency distribution, from request to response headers.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Latency {
    counts: Vec<u64>,
}

impl Latency {
    /// How many measurements.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The latency that `q` of the requests (0.99 for p99) did not exceed, at most 9 % too high;
    /// zero when there were none.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Duration {
        let total = self.count();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank among fewer than 2^52 requests"
        )]
        let rank = ((total as f64 * q).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper_bound(bucket);
            }
        }
        Duration::ZERO
    }

    /// What was measured since `earlier`, a snapshot of the same instance.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.counts.iter().copied().chain(std::iter::repeat(0));
        let counts = self.counts.iter().zip(before);
        Self {
            counts: counts.map(|(now, then)| now.saturating_sub(then)).collect(),
        }
    }
}

fn bucket_of(latency: Duration) -> usize {
    let micros = u64::try_from(latency.as_micros())
        .unwrap_or(u64::MAX)
        .max(1);
    let octave = micros.ilog2();
    // Position within the doubling, from its next bits.
    let step = ((micros << 3) >> octave) - 8;
    let index = octave * STEPS + u32::try_from(step).unwrap_or(0);
    (index as usize).min(BUCKETS - 1)
}

fn upper_bound(bucket: usize) -> Duration {
    let octave = bucket / STEPS as usize;
    let step = (bucket % STEPS as usize) as u64;
    Duration::from_micros(((step + 9) << octave) >> 3)
}

/// The last fault.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultRecord {
    /// [`RunFault::code`].
    pub code: String,
    /// In words.
    pub message: String,
}

/// What one instance did since it was launched.
#[derive(Debug, Clone, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Requests passed to the plugin; health checks are not counted.
    pub requests: u64,
    /// Requests that ended in a fault of the plugin or a 5xx status.
    pub errors: u64,
    /// Traps and memory limits among them.
    pub traps: u64,
    /// Timeouts among them.
    pub timeouts: u64,
    /// How often the process died by itself.
    pub crashes: u64,
    /// Whether it can be asked now.
    pub up: bool,
    /// Median latency in microseconds.
    pub p50_us: u64,
    /// 99th percentile of the latency in microseconds.
    pub p99_us: u64,
    /// Most memory one request (wasm) or the process held, in bytes.
    pub memory_peak_bytes: u64,
    /// The last fault of a request.
    pub last_fault: Option<FaultRecord>,
    /// How the process last died.
    pub last_crash: Option<FaultRecord>,
    /// End of the log, oldest line first.
    pub log: Vec<LogLine>,
    /// Lines that no longer fit.
    pub log_dropped: u64,
    /// The whole distribution, to compare two moments.
    #[serde(skip)]
    pub latency: Latency,
}

/// Collects [`Stats`].
#[derive(Debug)]
pub(crate) struct Recorder {
    requests: AtomicU64,
    errors: AtomicU64,
    traps: AtomicU64,
    timeouts: AtomicU64,
    crashes: AtomicU64,
    memory_peak: AtomicU64,
    latency: Box<[AtomicU64]>,
    last_fault: Mutex<Option<FaultRecord>>,
    last_crash: Mutex<Option<FaultRecord>>,
    pub(crate) log: Log,
}

impl Recorder {
    pub(crate) fn new(log_bytes: usize) -> Self {
        Self {
            requests: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            traps: AtomicU64::new(0),
            timeouts: AtomicU64::new(0),
            crashes: AtomicU64::new(0),
            memory_peak: AtomicU64::new(0),
            latency: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            last_fault: Mutex::new(None),
            last_crash: Mutex::new(None),
            log: Log::new(log_bytes),
        }
    }

    /// A request was answered with `status`.
    pub(crate) fn answered(&self, status: http::StatusCode, latency: Duration) {
        self.requests.fetch_add(1, Relaxed);
        if status.is_server_error() {
            self.errors.fetch_add(1, Relaxed);
        }
        self.latency[bucket_of(latency)].fetch_add(1, Relaxed);
    }

    /// A request was not answered.
    pub(crate) fn refused(&self, fault: &RunFault) {
        self.requests.fetch_add(1, Relaxed);
        self.faulted(fault);
    }

    /// A request failed after its answer began.
    pub(crate) fn faulted(&self, fault: &RunFault) {
        if !fault.is_plugins() {
            return;
        }
        self.errors.fetch_add(1, Relaxed);
        match fault {
            RunFault::Trap { .. } | RunFault::MemoryLimit { .. } => {
                self.traps.fetch_add(1, Relaxed);
            }
            RunFault::Timeout { .. } => {
                self.timeouts.fetch_add(1, Relaxed);
            }
            _ => {}
        }
        put(&self.last_fault, fault);
    }

    /// The process died by itself.
    pub(crate) fn crashed(&self, fault: &RunFault) {
        self.crashes.fetch_add(1, Relaxed);
        self.log.note(&fault.to_string());
        put(&self.last_crash, fault);
    }

    pub(crate) fn memory(&self, bytes: u64) {
        self.memory_peak.fetch_max(bytes, Relaxed);
    }

    pub(crate) fn snapshot(&self, up: bool) -> Stats {
        let latency = Latency {
            counts: self.latency.iter().map(|n| n.load(Relaxed)).collect(),
        };
        let micros = |q| u64::try_from(latency.quantile(q).as_micros()).unwrap_or(u64::MAX);
        let (log, log_dropped) = self.log.tail();
        Stats {
            requests: self.requests.load(Relaxed),
            errors: self.errors.load(Relaxed),
            traps: self.traps.load(Relaxed),
            timeouts: self.timeouts.load(Relaxed),
            crashes: self.crashes.load(Relaxed),
            up,
            p50_us: micros(0.5),
            p99_us: micros(0.99),
            memory_peak_bytes: self.memory_peak.load(Relaxed),
            last_fault: take(&self.last_fault),
            last_crash: take(&self.last_crash),
            log,
            log_dropped,
            latency,
        }
    }
}

fn put(slot: &Mutex<Option<FaultRecord>>, fault: &RunFault) {
    let record = FaultRecord {
        code: fault.code().to_owned(),
        message: fault.to_string(),
    };
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(record);
}

fn take(slot: &Mutex<Option<FaultRecord>>) -> Option<FaultRecord> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_latency_lies_just_below_the_bound_of_its_bucket() {
        for micros in (1..5000).chain([1 << 20, 99_999_999]) {
            let bound = upper_bound(bucket_of(Duration::from_micros(micros))).as_micros();
            let bound = u64::try_from(bound).unwrap();
            assert!(
                bound >= micros && bound <= micros + micros / 8 + 1,
                "{micros} {bound}"
            );
        }
        assert_eq!(bucket_of(Duration::from_secs(1 << 40)), BUCKETS - 1);
    }

    #[test]
    fn quantiles_and_differences() {
        let recorder = Recorder::new(0);
        for _ in 0..98 {
            recorder.answered(http::StatusCode::OK, Duration::from_micros(100));
        }
        let before = recorder.snapshot(true).latency;
        for _ in 0..2 {
            recorder.answered(http::StatusCode::OK, Duration::from_millis(50));
        }
        let after = recorder.snapshot(true);
        assert!(after.p50_us < 120 && after.p99_us > 49_000);
        assert_eq!(after.latency.since(&before).count(), 2);
        assert_eq!(Latency::default().quantile(0.5), Duration::ZERO);
    }
}
