//! How many attempts may run against one host, so that a slow one never starves the rest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// How long a host stays in the slow lane after it was last slow.
const SLOW_FOR: Duration = Duration::from_secs(300);
/// Nobody is sent away for less than this: coming back costs a transaction.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
/// Nobody is sent away for longer than this, so that a host that recovers is soon served again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
struct Host {
    running: usize,
    slow_until: Option<Timestamp>,
    /// When the next caller that is sent away should come back.
    turn: Option<Timestamp>,
    /// How long attempts take, the latest counting for a quarter.
    usual: Option<Duration>,
}

#[derive(Debug, Default)]
struct Hosts {
    by_name: HashMap<String, Host>,
    slow_running: usize,
}

/// Counts attempts per host within this process.
#[derive(Debug)]
pub(crate) struct Gate {
    hosts: Arc<Mutex<Hosts>>,
    per_host: usize,
    slow_lane: usize,
    slow_step: Duration,
}

/// The right to make one attempt; given back when dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    hosts: Arc<Mutex<Hosts>>,
    host: String,
    slow: bool,
}

impl Gate {
    /// `slow_step` is how long an attempt in the slow lane is expected to take.
    pub(crate) fn new(per_host: usize, slow_lane: usize, slow_step: Duration) -> Self {
        Self {
            hosts: Arc::default(),
            per_host: per_host.max(1),
            slow_lane: slow_lane.max(1),
            slow_step,
        }
    }

    /// A pass for `host`, or how long to stay away.
    pub(crate) fn enter(&self, host: &str, now: Timestamp) -> Result<Pass, Duration> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let slow_full = hosts.slow_running >= self.slow_lane;
        hosts.by_name.retain(|_, h| {
            h.running > 0
                || h.slow_until.is_some_and(|t| t > now)
                || h.turn.is_some_and(|t| t > now)
        });
        let entry = hosts.by_name.entry(host.to_owned()).or_default();
        let slow = entry.slow_until.is_some_and(|until| until > now);
        let room = if slow {
            entry.running == 0 && !slow_full
        } else {
            entry.running < self.per_host
        };
        if !room {
            // Callers come back about as fast as the host is served.
            let step = if slow {
                self.slow_step
            } else {
                let places = u32::try_from(self.per_host).unwrap_or(u32::MAX);
                entry.usual.unwrap_or(SHORTEST_WAIT) / places
            };
            let turn = entry.turn.filter(|t| *t > now).unwrap_or(now) + step;
            let wait = Duration::try_from(turn.duration_since(now)).unwrap_or_default();
            entry.turn = Some(turn);
            return Err(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT));
        }
        entry.running += 1;
        hosts.slow_running += usize::from(slow);
        Ok(Pass {
            hosts: Arc::clone(&self.hosts),
            host: host.to_owned(),
            slow,
        })
    }
}

impl Pass {
    /// Tells how the attempt went: a slow host changes lanes, a quick one comes back.
    pub(crate) fn report(&self, took: Duration, was_slow: bool, now: Timestamp) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.by_name.get_mut(&self.host) {
            // Turns given out for one lane mean nothing in the other.
            if was_slow != host.slow_until.is_some() {
                host.turn = None;
            }
            host.slow_until = was_slow.then(|| now + SLOW_FOR);
            host.usual = Some(host.usual.map_or(took, |usual| (usual * 3 + took) / 4));
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.slow_running -= usize::from(self.slow);
        if let Some(host) = hosts.by_name.get_mut(&self.host) {
            host.running = host.running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_host_is_confined_and_comes_back_when_it_is_quick_again() {
        let gate = Gate::new(2, 1, Duration::from_secs(15));
        let now = Timestamp::UNIX_EPOCH;
        let first = gate.enter("slow", now).unwrap();
        let second = gate.enter("slow", now).unwrap();
        assert!(gate.enter("slow", now).is_err(), "two at once per host");
        first.report(Duration::from_secs(9), true, now);
        drop((first, second));

        let only = gate.enter("slow", now).unwrap();
        assert_eq!(
            gate.enter("slow", now).unwrap_err(),
            Duration::from_secs(15)
        );
        assert_eq!(
            gate.enter("slow", now).unwrap_err(),
            Duration::from_secs(30)
        );
        let other = gate.enter("quick", now).unwrap();
        other.report(Duration::from_secs(9), true, now);
        drop(other);
        assert!(gate.enter("quick", now).is_err(), "the slow lane is full");
        assert!(
            gate.enter("third", now).is_ok(),
            "other hosts are not held up"
        );

        only.report(Duration::ZERO, false, now);
        drop(only);
        let a = gate.enter("slow", now).unwrap();
        let b = gate.enter("slow", now).unwrap();
        drop((a, b));
    }
}
