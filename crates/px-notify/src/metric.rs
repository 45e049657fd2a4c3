//! Figures about delivery, under the configured prefix (`marketplace_notifications_…`).

use std::time::Duration;

use crate::{Channel, NoticeState};

/// One attempt ended.
pub(crate) fn attempt(prefix: &str, channel: Channel, ok: bool, seconds: f64) {
    let outcome = if ok { "ok" } else { "failed" };
    metrics::counter!(format!("{prefix}_attempts_total"), "channel" => channel.as_str(), "outcome" => outcome)
        .increment(1);
    metrics::histogram!(format!("{prefix}_attempt_seconds"), "channel" => channel.as_str())
        .record(seconds);
}

/// One notice ended; `waited` is the time since it was queued.
pub(crate) fn ended(prefix: &str, channel: Channel, state: NoticeState, waited: Duration) {
    metrics::counter!(format!("{prefix}_total"), "channel" => channel.as_str(), "state" => state.as_str())
        .increment(1);
    if state == NoticeState::Delivered {
        metrics::histogram!(format!("{prefix}_delay_seconds"), "channel" => channel.as_str())
            .record(waited.as_secs_f64());
    }
}

/// What the alert board says now, so that Prometheus can pass on what stands there. The prefix's
/// first word tells the boards of two servers in one process apart.
pub(crate) fn board(prefix: &str, open: &[(String, i64)]) {
    let board = prefix.split('_').next().unwrap_or(prefix).to_owned();
    for (kind, count) in open {
        #[allow(clippy::cast_precision_loss)] // a gauge; never near 2^52
        metrics::gauge!("alerts_open", "board" => board.clone(), "kind" => kind.clone())
            .set(*count as f64);
    }
}

/// What the table says now.
pub(crate) fn standing(prefix: &str, failure_rate: f64, waiting: i64) {
    metrics::gauge!(format!("{prefix}_failure_rate")).set(failure_rate);
    #[allow(clippy::cast_precision_loss)] // a gauge; never near 2^52
    metrics::gauge!(format!("{prefix}_waiting")).set(waiting as f64);
}
