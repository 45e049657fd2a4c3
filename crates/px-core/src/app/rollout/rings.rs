//! Who gets a release when: batches by a stable hash of tenant and release.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use px_model::{Channel, TenantId};
use px_package::manifest::PublishPlan;
use sha2::{Digest as _, Sha256};

/// One batch to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ring {
    /// Share of tenants that have the release once this batch is done, per cent.
    pub percentage: u32,
    /// At least this many, counted like the share.
    pub at_least: usize,
    /// Whether tenants of the internal ring belong here whatever their place is.
    pub internal: bool,
    /// Tenants, by id or name, that belong here whatever their place is.
    pub tenants: Vec<String>,
    /// Not before this time.
    pub start_at: Option<Timestamp>,
    /// This long after the batch before began.
    pub wait: Duration,
}

/// A tenant that is to get the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// Whether it takes every release first.
    pub internal: bool,
}

/// Internal tenants, then 1 % (at least 20), 10 %, 50 %, everybody.
#[must_use]
pub fn default_rings() -> Vec<Ring> {
    let ring = |percentage, at_least, internal| Ring {
        percentage,
        at_least,
        internal,
        ..Ring::default()
    };
    vec![
        ring(0, 0, true),
        ring(1, 20, false),
        ring(10, 20, false),
        ring(50, 20, false),
        ring(100, 0, false),
    ]
}

/// The publisher's batches for a channel, or the default ones when there are none.
#[must_use]
pub fn rings_of(plan: Option<&PublishPlan>, channel: Channel) -> Vec<Ring> {
    let planned = plan
        .and_then(|plan| plan.channels.iter().find(|c| c.name == channel))
        .map(|c| c.rollout.batches.as_slice())
        .unwrap_or_default();
    if planned.is_empty() {
        return default_rings();
    }
    planned
        .iter()
        .map(|batch| Ring {
            percentage: u32::from(batch.percentage).min(100),
            tenants: batch.tenants.clone(),
            start_at: batch.start_at,
            wait: batch.wait.map_or(Duration::ZERO, |w| w.duration()),
            ..Ring::default()
        })
        .collect()
}

/// A tenant's place in the order of a release: the same everywhere and every time.
#[must_use]
pub fn place(tenant: TenantId, release: &str) -> u64 {
    let digest = Sha256::digest(format!("{release}:{tenant}"));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

/// Which batch (from 0) each candidate belongs to. Candidates beyond the last batch's share are left
/// out. The answer does not depend on the order of the candidates.
#[must_use]
pub fn assign(
    candidates: &[Candidate],
    release: &str,
    rings: &[Ring],
) -> BTreeMap<TenantId, usize> {
    let mut order: Vec<&Candidate> = candidates.iter().collect();
    order.sort_by_key(|c| (place(c.tenant, release), c.tenant));
    order.dedup_by_key(|c| c.tenant);
    let count = order.len();
    let mut batches = BTreeMap::new();
    for (index, candidate) in order.into_iter().enumerate() {
        let named = rings.iter().position(|ring| names(ring, candidate));
        let counted = || {
            rings.iter().position(|ring| {
                let share = (count * ring.percentage as usize).div_ceil(100);
                index < share.max(ring.at_least)
            })
        };
        if let Some(batch) = named.or_else(counted) {
            batches.insert(candidate.tenant, batch);
        }
    }
    batches
}

fn names(ring: &Ring, candidate: &Candidate) -> bool {
    let id = candidate.tenant.to_string();
    (ring.internal && candidate.internal)
        || ring
            .tenants
            .iter()
            .any(|t| *t == id || *t == candidate.name)
}
