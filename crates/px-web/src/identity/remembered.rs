//! Who a token led to a moment ago, so that not every request asks the database three times.
//!
//! What this process changes about accounts, roles and tokens holds for its next request (see
//! [`px_store::Db::marks`]); what another process or the operator's command line changes, within a
//! second.

use super::Caller;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How long an answer of the database is taken for granted.
const FRESH: Duration = Duration::from_secs(1);
/// Tokens remembered at most; then all are forgotten.
const MOST: usize = 10_000;

struct Entry {
    caller: Caller,
    marks: u64,
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

    /// The caller, when nothing was marked since they were looked up, a moment ago.
    pub(crate) fn get(&self, key: &[u8; 32], marks: u64, now: Timestamp) -> Option<Caller> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let entry = all.get(key)?;
        let holds = entry.marks == marks
            && entry.at.elapsed() < FRESH
            && entry.caller.expires_at().is_some_and(|until| until > now);
        holds.then(|| entry.caller.clone())
    }

    /// Remembers; `marks` is what it was before the look-up began.
    pub(crate) fn put(&self, key: [u8; 32], marks: u64, caller: Caller) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        let at = Instant::now();
        all.insert(key, Entry { caller, marks, at });
    }
}
