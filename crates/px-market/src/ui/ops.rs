//! Operations: is anything wrong, where do versions wait, who has not been told.

use axum::Form;
use axum::extract::State;
use px_model::{AlertId, VersionState};
use px_notify::{Alert, AlertState, Severity};
use px_web::i18n::T;
use px_web::identity::MarketOperator;
use px_web::ui::{self, Card, Empty, Stat, Tone};
use px_web::{Answer, Failure, Flash, Html, Ui};
use serde::Deserialize;

use super::ops_mend;
use super::ops_parts::{deliveries, funnel, jobs, queue_chart, sla_chart};
use super::parts::{fail, number, operator, stack};
use crate::Market;
use crate::app::pages::OpsBoard;

/// `GET /ops`
pub(super) async fn page(ui: Ui, who: MarketOperator, State(market): State<Market>) -> Answer {
    let board = market.ops_board(&operator(&who)).await.map_err(fail)?;
    let t = &ui.t;
    let open = open_alerts(&board);
    let mut cards = Vec::new();
    if open > 0 {
        cards.push(alerts(&ui, &board));
    }
    cards.push(figures(t, &market, &board));
    for card in [
        ops_mend::undelivered(&ui, &board),
        ops_mend::checking(&ui, &board),
    ] {
        if !card.is_empty() {
            cards.push(card);
        }
    }
    cards.push(columns([
        stack(vec![
            Card::new(t.t("mkt-funnel"), funnel(t, &board)).html(),
            Card::new(t.t("mkt-queue-chart"), queue_chart(t, &board)).html(),
        ]),
        stack(vec![
            Card::new(t.t("mkt-sla-chart"), sla_chart(t, &market, &board)).html(),
            Card::new(t.t("mkt-jobs"), jobs(t, &board)).flush().html(),
        ]),
    ]));
    cards.push(
        Card::new(t.t("mkt-delivery"), deliveries(t, &board))
            .flush()
            .id("delivery")
            .html(),
    );
    if open == 0 {
        cards.push(alerts(&ui, &board));
    }
    let page = ui
        .page(t.t("mkt-nav-operate"))
        .lead(lead(t, &board))
        .active("ops");
    Ok(page.show_html(stack(cards)))
}

fn columns(pieces: [Html; 2]) -> Html {
    let inner = Html::join(pieces);
    Html::trusted(format!(r#"<div class="px-cols mkt-cols">{inner}</div>"#))
}

fn open_alerts(board: &OpsBoard) -> u64 {
    board
        .alerts
        .iter()
        .filter(|a| a.state == AlertState::Open)
        .count() as u64
}

fn late(t: &T, board: &OpsBoard) -> u64 {
    let over =
        |row: &&crate::store::row::VersionRow| row.clock.deadline.is_some_and(|at| at <= t.now());
    board.waiting.iter().filter(over).count() as u64
}

fn dead(board: &OpsBoard) -> u64 {
    let dead = board
        .jobs
        .iter()
        .filter(|j| j.state == "dead")
        .map(|j| j.count)
        .sum::<i64>();
    u64::try_from(dead).unwrap_or(0)
}

fn laggards(board: &OpsBoard) -> u64 {
    board
        .releases
        .iter()
        .map(|(_, stats)| stats.laggard_count)
        .sum()
}

fn lead(t: &T, board: &OpsBoard) -> String {
    let wrong = open_alerts(board);
    if wrong > 0 {
        return t.t_args("mkt-ops-alerts", &[("n", wrong.into())]);
    }
    if late(t, board) + dead(board) + laggards(board) > 0 {
        return t.t("mkt-ops-look");
    }
    t.t("mkt-ops-fine")
}

fn figures(t: &T, market: &Market, board: &OpsBoard) -> Html {
    let entered = |state| {
        board
            .entered
            .iter()
            .find(|(s, _)| *s == state)
            .map_or(0, |(_, n)| *n)
    };
    let (late, dead, lag) = (late(t, board), dead(board), laggards(board));
    let tone = |bad: u64| if bad > 0 { Tone::Danger } else { Tone::Ok };
    let (all, passed) = board.pass_rate;
    let rate = if all == 0 {
        "—".to_owned()
    } else {
        t.percent(passed as f64 / all as f64)
    };
    let (close, word) = if market.config().publish_enabled {
        (Tone::Ok, "mkt-publish-open")
    } else {
        (Tone::Warn, "mkt-closed")
    };
    let note = |n: u64, bad: &str, good: &str| {
        if n > 0 {
            t.t_args(bad, &[("n", n.into())])
        } else {
            t.t(good)
        }
    };
    Stat::row(&[
        Stat::new(
            t.t("mkt-stat-listed-30"),
            number(t, entered(VersionState::Listed)),
        )
        .icon("circle-check")
        .note(close, t.t(word)),
        Stat::new(
            t.t("mkt-stat-waiting"),
            number(t, board.waiting.len() as u64),
        )
        .icon("clipboard-check")
        .note(tone(late), note(late, "mkt-stat-late", "mkt-stat-in-time")),
        Stat::new(t.t("mkt-stat-pass"), rate)
            .icon("shield-check")
            .note(
                Tone::Neutral,
                t.t_args("mkt-stat-pass-note", &[("n", all.into())]),
            ),
        Stat::new(t.t("mkt-stat-dead"), number(t, dead))
            .icon("activity")
            .note(
                tone(dead),
                note(dead, "mkt-stat-dead-some", "mkt-stat-dead-none"),
            ),
        Stat::new(t.t("mkt-stat-laggards"), number(t, lag))
            .icon("webhook")
            .href("#delivery")
            .note(
                tone(lag),
                note(lag, "mkt-stat-laggards-some", "mkt-stat-laggards-none"),
            ),
    ])
}

fn alerts(ui: &Ui, board: &OpsBoard) -> Html {
    let t = &ui.t;
    if board.alerts.is_empty() {
        let empty = Empty::new(
            "circle-check",
            t.t("mkt-alerts-empty"),
            t.t("mkt-alerts-empty-text"),
        );
        return Card::new(t.t("mkt-alerts"), empty.html()).flush().html();
    }
    let rows: String = board
        .alerts
        .iter()
        .take(20)
        .map(|a| alert(ui, a).into_string())
        .collect();
    let list = Html::trusted(format!(r#"<ul class="mkt-inbox">{rows}</ul>"#));
    Card::new(t.t("mkt-alerts"), list)
        .flush()
        .id("alerts")
        .html()
}

fn alert(ui: &Ui, a: &Alert) -> Html {
    let t = &ui.t;
    let (tone, name) = match a.severity {
        Severity::Info => (Tone::Info, "info-circle"),
        Severity::Warning => (Tone::Warn, "alert-triangle"),
        Severity::Critical | Severity::Page => (Tone::Danger, "alert-circle"),
    };
    let end = match a.state {
        AlertState::Open => ui
            .action("/ops/alerts/acknowledge", t.t("mkt-alert-ack"))
            .icon("check")
            .field("alert", a.id.to_string())
            .html(),
        AlertState::Acknowledged => {
            let by = a.acknowledged_by.clone().unwrap_or_default();
            ui::pill(
                Tone::Neutral,
                "user-check",
                &t.t_args("mkt-alert-acked", &[("name", by.into())]),
            )
        }
        AlertState::Resolved => ui::pill(Tone::Ok, "check", &t.t("mkt-alert-resolved")),
    };
    let times = if a.times > 1 {
        ui::chip(&t.t_args("mkt-alert-times", &[("n", a.times.into())]))
    } else {
        Html::empty()
    };
    let lang = t.lang().tag();
    let (title, body) = (
        Html::text(a.title.get(lang)),
        Html::text(a.body.get(lang).trim()),
    );
    let severity = Html::text(&t.t(&format!("mkt-severity-{}", a.severity.as_str())));
    let (icon, when, tone) = (ui::icon(name), ui::time(t, a.last_at), tone.as_str());
    let fresh = a.state == AlertState::Open;
    Html::trusted(format!(
        r#"<li data-row data-new="{fresh}"><span class="px-{tone}">{icon}<span class="px-sr">{severity}</span></span><div class="mkt-grow"><div class="px-row px-between"><strong>{title}</strong><span class="px-row px-muted">{times}{when}</span></div><div class="px-muted mkt-pre">{body}</div><div class="px-row mkt-tools">{end}</div></div></li>"#
    ))
}

#[derive(Deserialize)]
pub(super) struct Acknowledge {
    alert: String,
}

/// `POST /ops/alerts/acknowledge`
pub(super) async fn acknowledge(
    ui: Ui,
    who: MarketOperator,
    State(market): State<Market>,
    Form(form): Form<Acknowledge>,
) -> Answer {
    let id: AlertId = form
        .alert
        .parse()
        .map_err(|_| Failure::not_found("alert"))?;
    let flash = match market.acknowledge_alert(&operator(&who), id).await {
        Ok(audit) => Flash::done(ui.t.t("mkt-alert-done"), Some(audit)),
        // Somebody else was faster, or the cause went away: nothing is left to do.
        Err(error) if error.is_conflict() => Flash::failed(ui.t.t("mkt-alert-gone")),
        Err(error) => return Err(fail(error)),
    };
    Ok(ui.redirect("/ops", &flash))
}
