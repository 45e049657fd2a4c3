//! Whether a candidate may stay: probes and real traffic against the version that served before.

use std::time::Duration;

use px_api::Code;

use crate::app::fault::Fault;
use crate::app::ports::Vitals;

/// Bounds of a probation.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long it is watched at least.
    pub duration: Duration,
    /// Failed probes in a row that end it.
    pub probes: u32,
    /// Traps, memory limits and deaths that end it.
    pub traps: u64,
    /// Requests below which a rate says nothing.
    pub sample: u64,
    /// Errors more than the old version's rate, per 10 000 requests, that end it.
    pub more_errors: u64,
    /// Median latency, as a multiple of the old version's, that ends it.
    pub slower: u64,
    /// Median latency in microseconds below which slower does not matter.
    pub latency_floor_us: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(120),
            probes: 2,
            traps: 3,
            sample: 50,
            more_errors: 300,
            slower: 2,
            latency_floor_us: 20_000,
        }
    }
}

/// What was seen so far.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Since activation.
    pub watched: Duration,
    /// Failed probes in a row.
    pub failed_probes: u32,
    /// What the last failed probe said.
    pub last_probe: Option<Fault>,
    /// The candidate's deeds since activation; `None` when it is not running.
    pub candidate: Option<Vitals>,
    /// The old version's deeds before activation, when there was one that ran.
    pub baseline: Option<Vitals>,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Look again.
    Watch,
    /// Make it permanent.
    Commit,
    /// Take it back.
    TakeBack(Fault),
}

/// Judges what was seen.
#[must_use]
pub fn judge(seen: &Seen, bounds: &Bounds) -> Verdict {
    if seen.failed_probes >= bounds.probes {
        let said = seen.last_probe.as_ref();
        let cause = said.map_or("probe", |f| f.cause.as_str());
        let detail = said.map_or_else(String::new, |f| f.detail.clone());
        return take_back(cause, format!("Its health checks failed: {detail}"));
    }
    if let Some(fault) = seen
        .candidate
        .as_ref()
        .and_then(|now| fault_in(now, seen.baseline.as_ref(), bounds))
    {
        return Verdict::TakeBack(fault);
    }
    if seen.watched >= bounds.duration && seen.failed_probes == 0 {
        Verdict::Commit
    } else {
        Verdict::Watch
    }
}

/// The fault in an instance's deeds, compared with those of the version before.
#[must_use]
pub fn fault_in(now: &Vitals, before: Option<&Vitals>, bounds: &Bounds) -> Option<Fault> {
    let broke = now.traps + now.crashes;
    // A rare trap among thousands of answers is the error rate's business.
    if broke >= bounds.traps && broke.saturating_mul(100) >= now.requests {
        let cause = now.last_fault.as_deref().unwrap_or("plugin_trap");
        let text = format!("It trapped or died {broke} times.");
        return Some(probation(cause, text));
    }
    if now.requests < bounds.sample {
        return None;
    }
    let rate = |v: &Vitals| v.errors.saturating_mul(10_000) / v.requests.max(1);
    let usual = before.filter(|v| v.requests >= bounds.sample);
    let (errors, usual_errors) = (rate(now), usual.map_or(0, rate));
    if errors > usual_errors + bounds.more_errors {
        let text = format!(
            "{}.{:02} % of its requests failed; before it was {}.{:02} %.",
            errors / 100,
            errors % 100,
            usual_errors / 100,
            usual_errors % 100
        );
        return Some(probation("error_rate", text));
    }
    let usual = usual?;
    let slow = now.p50_us > bounds.latency_floor_us && now.p50_us > usual.p50_us * bounds.slower;
    slow.then(|| {
        let text = format!(
            "Its median answer takes {} ms; before it was {} ms.",
            now.p50_us / 1000,
            usual.p50_us / 1000
        );
        probation("latency", text)
    })
}

fn probation(cause: &str, detail: String) -> Fault {
    Fault::plugin(Code::ProbationFailed, cause, detail)
}

fn take_back(cause: &str, detail: String) -> Verdict {
    Verdict::TakeBack(probation(cause, detail))
}
