//! Charts and tables of the operators' page.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use px_model::{Risk, VersionState};
use px_notify::{ChannelStats, NoticeStats};
use px_web::Html;
use px_web::i18n::{Lang, T};
use px_web::ui::{self, Bars, Column, Empty, Line, ListQuery, Row, Series, Table, Tone};

use super::parts::{group, muted, number, stack, title};
use super::queue::percentile;
use super::steps::word;
use crate::Market;
use crate::app::pages::OpsBoard;
use crate::store::row::VersionRow;

/// Days in the chart of review times.
const DAYS: i64 = 14;

/// How many versions got how far in the last 30 days.
pub(super) fn funnel(t: &T, board: &OpsBoard) -> Html {
    use VersionState as S;
    let entered = |state| {
        board
            .entered
            .iter()
            .find(|(s, _)| *s == state)
            .map_or(0, |(_, n)| *n)
    };
    let begun = entered(S::Draft).max(1);
    let step = |key: &str, n: u64, tone| {
        let label = format!("{} · {}", t.t(key), number(t, n));
        ui::progress(t, tone, n, begun.max(n), &label)
    };
    let bars = group([
        step("mkt-funnel-registered", entered(S::Draft), Tone::Info),
        step("mkt-funnel-submitted", entered(S::Submitted), Tone::Info),
        step("mkt-funnel-checked", entered(S::InReview), Tone::Info),
        step("mkt-funnel-approved", entered(S::Approved), Tone::Ok),
        step("mkt-funnel-listed", entered(S::Listed), Tone::Ok),
    ]);
    let aside = [S::ChangesRequested, S::Blocked, S::Rejected, S::Withdrawn];
    let facts: Vec<ui::Fact> = aside
        .into_iter()
        .map(|state| (word(t, state), Html::text(&number(t, entered(state)))))
        .collect();
    stack([muted(&t.t("mkt-funnel-text")), bars, ui::facts(&facts)])
}

fn day(t: &T, at: Timestamp) -> String {
    let date = at.to_zoned(TimeZone::UTC).date();
    match t.lang() {
        Lang::En => format!("{}/{}", date.day(), date.month()),
        Lang::ZhCn => format!("{}月{}日", date.month(), date.day()),
    }
}

/// Median and 95th percentile of the review time by day, against what is promised.
pub(super) fn sla_chart(t: &T, market: &Market, board: &OpsBoard) -> Html {
    if board.reviews.is_empty() {
        return Empty::new(
            "chart-line",
            t.t("mkt-chart-empty"),
            t.t("mkt-chart-empty-text"),
        )
        .html();
    }
    let mut by_day: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let number_of = |at: Timestamp| at.as_second().div_euclid(86_400);
    for (at, micros) in &board.reviews {
        by_day.entry(number_of(*at)).or_default().push(*micros);
    }
    by_day.values_mut().for_each(|list| list.sort_unstable());
    let today = number_of(t.now());
    let days: Vec<i64> = (today - DAYS + 1..=today).collect();
    // A day without listings has no review time: it shows the day before it, not zero.
    let values = |percent: usize| -> Vec<f64> {
        let mut last = 0.0;
        let hours = days.iter().map(|day| {
            let seconds = by_day.get(day).and_then(|list| percentile(list, percent));
            last = seconds.map_or(last, |s| s as f64 / 3600.0);
            last
        });
        hours.collect()
    };
    let promise = market.config().review_sla.as_secs() as f64 / 3600.0;
    let label = |day: &i64| {
        let at = Timestamp::from_second(day * 86_400).unwrap_or(t.now());
        self::day(t, at)
    };
    let series = |name: String, tone, values| Series { name, tone, values };
    Line {
        title: t.t("mkt-sla-chart"),
        labels: days.iter().map(label).collect(),
        series: vec![
            series(t.t("mkt-stat-median"), Tone::Accent, values(50)),
            series(t.t("mkt-stat-p95"), Tone::Warn, values(95)),
            series(t.t("mkt-promised"), Tone::Danger, vec![promise; days.len()]),
        ],
    }
    .html()
}

/// What waits, by how much of the promised time is used, and by risk.
pub(super) fn queue_chart(t: &T, board: &OpsBoard) -> Html {
    if board.waiting.is_empty() {
        return Empty::new(
            "circle-check",
            t.t("mkt-queue-empty"),
            t.t("mkt-queue-empty-text"),
        )
        .html();
    }
    let values = |risk: Risk| -> Vec<f64> {
        let mut counts = vec![0.0; 4];
        for row in board.waiting.iter().filter(|row| row.risk == risk) {
            counts[used(t, row)] += 1.0;
        }
        counts
    };
    let labels = [
        "mkt-used-calm",
        "mkt-used-half",
        "mkt-used-soon",
        "mkt-used-over",
    ];
    let series = [
        (Risk::Low, Tone::Ok),
        (Risk::Medium, Tone::Warn),
        (Risk::High, Tone::Danger),
    ];
    Bars {
        title: t.t("mkt-queue-chart"),
        labels: labels.iter().map(|key| t.t(key)).collect(),
        series: series
            .into_iter()
            .map(|(risk, tone)| Series {
                name: t.t(&format!("risk-{}", risk.as_str())),
                tone,
                values: values(risk),
            })
            .collect(),
    }
    .html()
}

/// 0: less than half of the time is used, 1: less than four fifths, 2: more, 3: all of it.
fn used(t: &T, row: &VersionRow) -> usize {
    let (Some(deadline), Some(from)) = (row.clock.deadline, row.clock.running_from) else {
        return 0;
    };
    let whole = row.clock.used(t.now()) + deadline.duration_since(t.now());
    match row
        .clock
        .percent(t.now(), whole.max(SignedDuration::from_secs(1)))
    {
        _ if deadline <= t.now() || deadline <= from => 3,
        80.. => 2,
        50..80 => 1,
        _ => 0,
    }
}

/// Background work by kind.
pub(super) fn jobs(t: &T, board: &OpsBoard) -> Html {
    let mut kinds: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for job in &board.jobs {
        let n = u64::try_from(job.count).unwrap_or(0);
        kinds.entry(&job.kind).or_default().insert(&job.state, n);
    }
    let rows = kinds.into_iter().map(|(kind, by)| {
        let n = |state: &str| by.get(state).copied().unwrap_or(0);
        let health = match (n("dead"), n("ready")) {
            (0, 0..100) => ui::pill(Tone::Ok, "check", &t.t("mkt-job-fine")),
            (0, _) => ui::pill(Tone::Warn, "hourglass-high", &t.t("mkt-job-behind")),
            _ => ui::pill(Tone::Danger, "alert-circle", &t.t("mkt-job-dead")),
        };
        let words = t.find(&format!("mkt-job-{}", kind.replace(['.', '_'], "-")));
        let name = Html::text(words.as_deref().unwrap_or(kind));
        let figure = |state: &str| Html::text(&number(t, n(state)));
        Row::new([
            name,
            health,
            figure("ready"),
            figure("running"),
            figure("done"),
            figure("dead"),
        ])
    });
    let query = ListQuery::new("/ops", "");
    Table::new(t, &query, t.t("mkt-jobs"))
        .column(Column::new(t.t("mkt-job-kind")))
        .column(Column::new(t.t("mkt-state")))
        .column(Column::new(t.t("mkt-job-ready")).number())
        .column(Column::new(t.t("mkt-job-running")).number())
        .column(Column::new(t.t("mkt-job-done")).number())
        .column(Column::new(t.t("mkt-job-failed")).number())
        .rows(rows)
        .empty(Empty::new(
            "activity",
            t.t("mkt-jobs-empty"),
            t.t("mkt-jobs-empty-text"),
        ))
        .plain()
}

/// Who was told of the newest releases, by which channel, and who was not.
pub(super) fn deliveries(t: &T, board: &OpsBoard) -> Html {
    let query = ListQuery::new("/ops", "");
    Table::new(t, &query, t.t("mkt-delivery"))
        .column(Column::new(t.t("mkt-release-name")))
        .column(Column::new(t.t("mkt-listed")))
        .column(Column::new(t.t("mkt-told")))
        .column(Column::new(t.t("mkt-channels")))
        .column(Column::new(t.t("mkt-laggards")))
        .rows(
            board
                .releases
                .iter()
                .map(|(row, stats)| delivery(t, board, row, stats)),
        )
        .empty(Empty::new(
            "webhook",
            t.t("mkt-delivery-empty"),
            t.t("mkt-delivery-empty-text"),
        ))
        .plain()
}

fn delivery(t: &T, board: &OpsBoard, row: &VersionRow, stats: &NoticeStats) -> Row {
    let name = row.name();
    let lead = Row::lead(
        &ui::tile(&name),
        &title(row),
        &format!("/plugins/{}", row.plugin),
        row.plugin.as_str(),
    );
    let told = if stats.receivers == 0 {
        Html::text(&t.t("mkt-told-nobody"))
    } else {
        let tone = if stats.laggard_count > 0 {
            Tone::Warn
        } else {
            Tone::Ok
        };
        let args = [("told", stats.told.into()), ("all", stats.receivers.into())];
        ui::progress(
            t,
            tone,
            stats.told,
            stats.receivers,
            &t.t_args("mkt-told-of", &args),
        )
    };
    let channels = stats.channels.iter().map(|(channel, s)| {
        let name = t.t(&format!("mkt-via-{}", channel.as_str()));
        Html::trusted(format!(
            "<div>{}</div>",
            Html::text(&channel_line(t, &name, s))
        ))
    });
    let when = row
        .listed_at
        .map_or_else(Html::default, |at| ui::time(t, at));
    Row::new([lead, when, told, group(channels), laggards(t, board, stats)])
}

fn channel_line(t: &T, name: &str, s: &ChannelStats) -> String {
    let mut line = format!("{name} {}/{}", number(t, s.delivered), number(t, s.sent));
    if let Some(ms) = s.p99_ms.filter(|ms| *ms > 0) {
        line.push_str(&format!(" · p99 {}", t.millis(ms)));
    }
    if s.dead > 0 {
        line.push_str(&format!(
            " · {}",
            t.t_args("mkt-via-dead", &[("n", s.dead.into())])
        ));
    }
    line
}

/// A receiver's name for people, or the audience it is written to.
pub(super) fn receiver<'a>(board: &'a OpsBoard, audience: &'a str) -> &'a str {
    board
        .receivers
        .get(audience)
        .map_or(audience, String::as_str)
}

fn laggards(t: &T, board: &OpsBoard, stats: &NoticeStats) -> Html {
    if stats.laggard_count == 0 {
        return if stats.receivers == 0 {
            Html::text("—")
        } else {
            ui::pill(Tone::Ok, "check", &t.t("mkt-laggards-none"))
        };
    }
    let names: String = stats
        .laggards
        .iter()
        .take(20)
        .map(|l| {
            let (who, id, why) = (
                Html::text(receiver(board, &l.receiver)),
                Html::text(&l.receiver),
                Html::text(l.last_error.as_deref().unwrap_or("")),
            );
            format!(
                "<li><span title=\"{id}\">{who}</span> <span class=\"px-muted\">{why}</span></li>"
            )
        })
        .collect();
    let count = Html::text(&t.t_args("mkt-laggards-n", &[("n", stats.laggard_count.into())]));
    let icon = ui::icon("alert-triangle");
    Html::trusted(format!(
        r#"<details class="mkt-more"><summary class="px-pill" data-tone="warn">{icon}{count}</summary><ul class="mkt-list">{names}</ul></details>"#
    ))
}
