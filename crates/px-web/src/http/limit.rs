//! Token buckets per address and per caller, in bounded memory.

use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Buckets kept at most; when more come, full ones are forgotten first.
const MAX_BUCKETS: usize = 50_000;

/// How many requests one bucket takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// Sustained.
    pub per_minute: u32,
}

/// Rates of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of one client address, whoever asks.
    pub per_address: Rate,
    /// Of one token or signed-in account.
    pub per_caller: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_address: Rate {
                burst: 600,
                per_minute: 6000,
            },
            per_caller: Rate {
                burst: 300,
                per_minute: 3000,
            },
        }
    }
}

/// What the limiter said about one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may pass.
    pub allowed: bool,
    /// Size of the bucket.
    pub limit: u32,
    /// What is left in it.
    pub remaining: u32,
    /// Seconds until it is full again, or until the next request may pass.
    pub reset: u64,
}

struct Bucket {
    tokens: f64,
    at: i64,
}

/// Buckets by key.
pub struct Limiter {
    rate: Rate,
    buckets: Mutex<HashMap<String, Bucket>>,
}

impl Limiter {
    /// An empty limiter.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            buckets: Mutex::default(),
        }
    }

    /// Takes one request for a key.
    pub fn take(&self, key: &str, now: Timestamp) -> Verdict {
        let per_second = f64::from(self.rate.per_minute.max(1)) / 60.0;
        let burst = f64::from(self.rate.burst.max(1));
        let at = now.as_millisecond();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_BUCKETS && !buckets.contains_key(key) {
            let full_after = (burst / per_second * 1000.0) as i64;
            buckets.retain(|_, b| at - b.at < full_after);
            if buckets.len() >= MAX_BUCKETS {
                buckets.clear();
            }
        }
        // Most keys are known: no copy of theirs is made.
        let bucket = match buckets.get_mut(key) {
            Some(known) => known,
            None => buckets
                .entry(key.to_owned())
                .or_insert(Bucket { tokens: burst, at }),
        };
        let elapsed = (at - bucket.at).max(0) as f64 / 1000.0;
        bucket.tokens = (bucket.tokens + elapsed * per_second).min(burst);
        bucket.at = at;
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        let missing = if allowed { burst } else { 1.0 } - bucket.tokens;
        Verdict {
            allowed,
            limit: self.rate.burst,
            remaining: bucket.tokens as u32,
            reset: (missing / per_second).ceil() as u64,
        }
    }
}
