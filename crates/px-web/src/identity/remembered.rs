//! Who a token led to a moment ago, so that a request asks the database one small question in place of
//! three: whether anything about accounts, roles and tokens was changed since, by whatever process.

use super::Caller;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How long it is remembered; times that run out are looked at again after it at the latest.
const FRESH: Duration = Duration::from_secs(1);
/// Tokens remembered at most; then all are forgotten.
const MOST: usize = 10_000;

struct Entry {
    caller: Caller,
    marks: i64,
    at: Instant,
}

/// Callers by the SHA-256 of their token.
#[derive(Default)]
pub(crate) struct Remembered(RwLock<HashMap<[u8; 32], Entry>>);

impl Remembered {
    /// What a token is remembered under: secrets are not kept.
    pub(crate) fn key(secret: &str) -> [u8; 32] {
        Sha256::digest(secret.as_bytes()).into()
    }

    /// The caller, when nothing was changed since they were looked up, a moment ago.
    pub(crate) fn get(&self, key: &[u8; 32], marks: i64, now: Timestamp) -> Option<Caller> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let entry = all.get(key)?;
        let holds = entry.marks == marks
            && entry.at.elapsed() < FRESH
            && entry.caller.expires_at().is_some_and(|until| until > now);
        holds.then(|| entry.caller.clone())
    }

    /// Remembers; `marks` is what it was before the look-up began.
    pub(crate) fn put(&self, key: [u8; 32], marks: i64, caller: Caller) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        let at = Instant::now();
        all.insert(key, Entry { caller, marks, at });
    }
}
