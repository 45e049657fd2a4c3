//! How a plugin does: figures since its last start, and its requests over the last day.

use jiff::{SignedDuration, Timestamp};
use px_web::Html;
use px_web::i18n::T;
use px_web::ui::{Bars, Card, Series, Stat, Tone};

use super::parts;
use crate::app::ports::Vitals;
use crate::store::usage::{Hour, hour_of};

/// Hours in the chart.
const HOURS: usize = 24;

/// When the first hour of the chart began.
pub(super) fn first_hour(now: Timestamp) -> Timestamp {
    let back = SignedDuration::from_hours(HOURS as i64 - 1);
    let now = hour_of(now);
    now.checked_sub(back).unwrap_or(now)
}

/// The card; `health` is the word of the last look.
pub(super) fn card(t: &T, health: &str, vitals: Option<&Vitals>, past: &[Hour]) -> Html {
    let health = parts::health(t, health);
    let figures = match vitals {
        Some(v) => stats(t, v),
        None => parts::muted(&t.t("adm-usage-idle")),
    };
    let inner = parts::stack([figures, chart(t, past)]);
    Card::new(t.t("adm-usage"), inner).action(health).html()
}

fn stats(t: &T, v: &Vitals) -> Html {
    let share = if v.requests == 0 {
        t.t("adm-usage-none")
    } else {
        let per_mille = v.errors.saturating_mul(1000) / v.requests.max(1);
        let share = u32::try_from(per_mille).map_or(1.0, |n| f64::from(n) / 1000.0);
        t.percent(share)
    };
    let tone = |bad: bool| if bad { Tone::Danger } else { Tone::Ok };
    Stat::row(&[
        Stat::new(t.t("adm-requests"), parts::number(t, v.requests))
            .icon("activity")
            .note(Tone::Neutral, t.t("adm-since-start")),
        Stat::new(t.t("adm-errors"), parts::number(t, v.errors))
            .icon("alert-circle")
            .note(tone(v.errors > 0), share),
        Stat::new(t.t("adm-crashes"), parts::number(t, v.traps + v.crashes))
            .icon("bolt")
            .note(tone(v.traps + v.crashes > 0), t.t("adm-crashes-note")),
        Stat::new(t.t("adm-latency"), t.millis(v.p50_us.div_ceil(1000)))
            .icon("clock")
            .note(Tone::Neutral, t.t("adm-latency-note")),
    ])
}

/// Requests by the hour, those that failed among them in their own colour.
fn chart(t: &T, past: &[Hour]) -> Html {
    if past.iter().all(|hour| hour.requests == 0) {
        return parts::muted(&t.t("adm-usage-quiet"));
    }
    let first = first_hour(t.now());
    let (mut fine, mut failed) = (vec![0.0; HOURS], vec![0.0; HOURS]);
    for hour in past {
        let place = hour.at.duration_since(first).as_hours();
        if let Some(place) = usize::try_from(place).ok().filter(|n| *n < HOURS) {
            let errors = hour.errors.min(hour.requests);
            fine[place] += (hour.requests - errors) as f64;
            failed[place] += errors as f64;
        }
    }
    let label = |n: usize| match HOURS - 1 - n {
        0 => t.t("adm-usage-now"),
        ago => t.t_args("adm-usage-ago", &[("n", ago.into())]),
    };
    let series = |name: &str, tone, values| Series {
        name: t.t(name),
        tone,
        values,
    };
    let bars = Bars {
        title: t.t("adm-usage-chart"),
        labels: (0..HOURS).map(label).collect(),
        series: vec![
            series("adm-usage-fine", Tone::Accent, fine),
            series("adm-usage-failed", Tone::Danger, failed),
        ],
    };
    parts::stack([parts::muted(&t.t("adm-usage-chart")), bars.html()])
}
