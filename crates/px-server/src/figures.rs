//! What every figure on `/metrics` means, told to whoever reads it there.

use metrics::{describe_counter, describe_gauge, describe_histogram};

#[derive(Debug, Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

use Kind::{Counter, Gauge, Histogram};

/// Name, kind, meaning. Names with dots in the scenario are written with underscores.
const FIGURES: &[(&str, Kind, &str)] = &[
    (
        "plugin_online_publish_count",
        Counter,
        "Versions registered",
    ),
    (
        "marketplace_publish_count",
        Counter,
        "Versions submitted for review",
    ),
    (
        "plugin_online_approval_duration",
        Histogram,
        "Time from submission to approval in seconds, without pauses",
    ),
    (
        "plugin_online_approval_seconds_average",
        Gauge,
        "The same, average of the newest approvals",
    ),
    (
        "marketplace_automation_pass_rate",
        Gauge,
        "Share of the newest versions that the automated checks let pass",
    ),
    (
        "marketplace_automation_reviews_total",
        Counter,
        "Ends of the automated checks",
    ),
    (
        "marketplace_review_queue_length",
        Gauge,
        "Versions that wait for a person",
    ),
    (
        "marketplace_review_time_used_ratio",
        Gauge,
        "Largest share of the promised time that a review under way has used",
    ),
    (
        "marketplace_review_sla_breached",
        Counter,
        "Reviews over their promised time",
    ),
    (
        "marketplace_review_decisions_total",
        Counter,
        "Decisions of reviewers",
    ),
    (
        "marketplace_outcomes_total",
        Counter,
        "Reports of installations",
    ),
    (
        "marketplace_release_to_installable_seconds",
        Histogram,
        "Time from release until a tenant could install",
    ),
    (
        "plugin_online_install_success_rate",
        Gauge,
        "Share of the last 24 hours' installs that succeeded",
    ),
    (
        "plugins_online_install_success_rate",
        Gauge,
        "Share of the last 24 hours' installs that succeeded",
    ),
    (
        "plugins_online_installs_total",
        Counter,
        "Installs by their end",
    ),
    (
        "plugins_online_install_duration_ms",
        Histogram,
        "Length of an install in milliseconds",
    ),
    (
        "plugins_online_install_rollback_count",
        Counter,
        "Versions taken back",
    ),
    (
        "plugins_online_install_rollbacks_24h",
        Gauge,
        "Versions taken back within the last 24 hours",
    ),
    (
        "rollback_seconds",
        Histogram,
        "Time from the decision to roll back until the old version served",
    ),
    (
        "plugins_auto_upgrade_batch_latency",
        Histogram,
        "Length of a rollout's batch in seconds",
    ),
    (
        "powerx_catalog_age_seconds",
        Gauge,
        "Time since the Marketplace last answered",
    ),
    (
        "alerts_open",
        Gauge,
        "Alerts on the board that nobody has acknowledged",
    ),
    ("job_seconds", Histogram, "Length of a background job"),
    (
        "jobs_dead_total",
        Counter,
        "Background jobs that were given up",
    ),
    ("http_requests_total", Counter, "Requests answered"),
    (
        "http_request_duration_seconds",
        Histogram,
        "Time to answer a request",
    ),
];

/// Figures about notices: each server has them under its own name.
const NOTICES: &[(&str, Kind, &str)] = &[
    ("total", Counter, "Notices by channel and end"),
    ("attempts_total", Counter, "Attempts to deliver a notice"),
    ("attempt_seconds", Histogram, "Length of an attempt"),
    (
        "delay_seconds",
        Histogram,
        "Time from a notice's being written to its arrival",
    ),
    (
        "failure_rate",
        Gauge,
        "Share of the last 24 hours' notices that could not be delivered",
    ),
    ("waiting", Gauge, "Notices on their way"),
];

/// Gives the installed recorder the meanings.
pub fn describe() {
    for (name, kind, about) in FIGURES {
        tell(name, *kind, about);
    }
    for server in ["marketplace", "powerx"] {
        for (name, kind, about) in NOTICES {
            tell(&format!("{server}_notifications_{name}"), *kind, about);
        }
    }
}

fn tell(name: &str, kind: Kind, about: &'static str) {
    let name = name.to_owned();
    match kind {
        Counter => describe_counter!(name, about),
        Gauge => describe_gauge!(name, about),
        Histogram => describe_histogram!(name, about),
    }
}
