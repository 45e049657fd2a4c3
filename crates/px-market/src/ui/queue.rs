//! The review queue: what to take next.

use axum::extract::{Query, State};
use jiff::Timestamp;
use px_model::Risk;
use px_web::http::last_event_id;
use px_web::i18n::T;
use px_web::identity::Reviewer;
use px_web::ui::{self, Card, Column, Empty, Filter, ListQuery, Note, Row, Stat, Table, Tone};
use px_web::{Answer, Html, Ui};
use serde_json::json;

use super::export::Export;
use super::live::follow;
use super::parts::{beta, fail, link, matches, number, paged, reviewer, stack};
use super::permissions::added;
use super::report_parts::verdict;
use super::version::Seen;
use crate::Market;
use crate::app::authority::ReviewerAuth;
use crate::app::pages::QueueBoard;
use crate::store::row::VersionRow;

/// Which part of the queue is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    Mine,
    Unclaimed,
    All,
}

impl View {
    const ALL: [Self; 3] = [Self::Mine, Self::Unclaimed, Self::All];

    const fn name(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Unclaimed => "unclaimed",
            Self::All => "all",
        }
    }

    fn holds(self, row: &VersionRow, auth: &ReviewerAuth, now: Timestamp) -> bool {
        match (self, row.live_claim(now)) {
            (Self::All, _) | (Self::Unclaimed, None) => true,
            (Self::Mine, Some(claim)) => claim.by == auth.account,
            _ => false,
        }
    }
}

/// `GET /review`
pub(super) async fn page(ui: Ui, who: Reviewer, State(market): State<Market>) -> Answer {
    let auth = reviewer(&who);
    let board = market.queue_board(&auth).await.map_err(fail)?;
    let (t, query) = (&ui.t, ui.list());
    let view = View::ALL
        .into_iter()
        .find(|v| query.get("view") == Some(v.name()));
    let rows = chosen(&board, &auth, t, &query, view.unwrap_or(View::All));
    if Export::wanted(&query) {
        return Ok(export(&rows, t).answer(&query));
    }
    let seen = board.stamp;
    let keep = query.with("seen", Some(&seen.to_string()));
    let part = Html::text(&keep.replacen("/review", "/review/part", 1));
    let live = Html::trusted(format!(
        r#"<div id="mkt-live" hx-ext="sse" sse-connect="/review/live?seen={seen}" hx-get="{part}" hx-trigger="sse:changed" hx-swap="innerHTML" data-poll="{part}" aria-live="polite">{}</div>"#,
        figures(t, &market, &board)
    ));
    let tabs = tabs(t, &board, &auth, &query, view.unwrap_or(View::All));
    let table = table(&ui, &auth, &query, &board, rows);
    let body = stack([
        live,
        super::parts::group([tabs, Card::new("", table).flush().html()]),
    ]);
    let page = ui
        .page(t.t("mkt-nav-queue"))
        .lead(lead(t, &board))
        .active("queue");
    Ok(page.show_html(body))
}

/// `GET /review/part`: the figures, and whether the list below is still true.
pub(super) async fn part(
    ui: Ui,
    who: Reviewer,
    State(market): State<Market>,
    Query(seen): Query<Seen>,
) -> Answer {
    let board = market.queue_board(&reviewer(&who)).await.map_err(fail)?;
    let t = &ui.t;
    let query = ListQuery::new("/review", ui.uri.query().unwrap_or_default());
    let mut pieces = vec![figures(t, &market, &board)];
    if board.stamp != seen.seen {
        let again = link(
            &query.with("seen", None),
            "btn btn-plain btn-sm",
            &ui::icon("refresh"),
            &t.t("mkt-queue-again"),
        );
        pieces.insert(
            0,
            Note::new(Tone::Info, "", t.t("mkt-queue-changed"))
                .extra(again)
                .html(),
        );
    }
    Ok(ui.fragment(stack(pieces)))
}

/// `GET /review/live`
pub(super) async fn live(
    who: Reviewer,
    State(market): State<Market>,
    Query(query): Query<Seen>,
    headers: http::HeaderMap,
) -> Answer {
    let auth = reviewer(&who);
    let seen = last_event_id(&headers)
        .and_then(|id| id.parse().ok())
        .unwrap_or(query.seen);
    let of = market.clone();
    Ok(follow(&market, seen, move || {
        let (market, auth) = (of.clone(), auth.clone());
        async move { market.queue_stamp(&auth).await }
    }))
}

fn late(row: &VersionRow, now: Timestamp) -> bool {
    row.clock.deadline.is_some_and(|at| at <= now)
}

fn soon(row: &VersionRow, now: Timestamp) -> bool {
    let left = row
        .clock
        .deadline
        .map(|at| at.duration_since(now).as_mins());
    left.is_some_and(|minutes| (0..60).contains(&minutes))
}

fn lead(t: &T, board: &QueueBoard) -> String {
    let now = t.now();
    let waiting = board.rows.len() as u64;
    let late = board.rows.iter().filter(|row| late(row, now)).count() as u64;
    let soon = board.rows.iter().filter(|row| soon(row, now)).count() as u64;
    let args = [
        ("n", waiting.into()),
        ("late", late.into()),
        ("soon", soon.into()),
    ];
    match (waiting, late, soon) {
        (0, ..) => t.t("mkt-queue-quiet"),
        (_, 0, 0) => t.t_args("mkt-queue-calm", &args),
        (_, 0, _) => t.t_args("mkt-queue-soon", &args),
        _ => t.t_args("mkt-queue-late", &args),
    }
}

/// A percentile of ascending microseconds, in seconds.
pub(super) fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map(|micros| micros / 1_000_000)
}

fn figures(t: &T, market: &Market, board: &QueueBoard) -> Html {
    let now = t.now();
    let claimed = board
        .rows
        .iter()
        .filter(|row| row.live_claim(now).is_some())
        .count() as u64;
    let late = board.rows.iter().filter(|row| late(row, now)).count() as u64;
    let soon = board.rows.iter().filter(|row| soon(row, now)).count() as u64;
    let promise = market.config().review_sla.as_secs();
    let promised = t.t_args("mkt-stat-promise", &[("span", t.duration(promise).into())]);
    let span =
        |p| percentile(&board.durations, p).map_or_else(|| "—".to_owned(), |s| t.duration(s));
    let slow = percentile(&board.durations, 95).is_some_and(|s| s > promise);
    let (tone, note) = match (late, soon) {
        (0, 0) => (Tone::Ok, t.t("mkt-stat-in-time")),
        (0, n) => (Tone::Warn, t.t_args("mkt-stat-soon", &[("n", n.into())])),
        (n, _) => (Tone::Danger, t.t_args("mkt-stat-late", &[("n", n.into())])),
    };
    Stat::row(&[
        Stat::new(t.t("mkt-stat-waiting"), number(t, board.rows.len() as u64))
            .icon("clipboard-check")
            .note(tone, note),
        Stat::new(t.t("mkt-stat-claimed"), number(t, claimed))
            .icon("user-check")
            .note(Tone::Neutral, t.t("mkt-stat-claimed-note")),
        Stat::new(t.t("mkt-stat-median"), span(50))
            .icon("clock")
            .note(Tone::Neutral, promised.clone()),
        Stat::new(t.t("mkt-stat-p95"), span(95))
            .icon("chart-line")
            .note(if slow { Tone::Danger } else { Tone::Neutral }, promised),
    ])
}

fn tabs(t: &T, board: &QueueBoard, auth: &ReviewerAuth, query: &ListQuery, view: View) -> Html {
    let tab = |v: View| {
        let count = board
            .rows
            .iter()
            .filter(|row| v.holds(row, auth, t.now()))
            .count() as u64;
        let word = t.t(match v {
            View::Mine => "mkt-view-mine",
            View::Unclaimed => "mkt-view-unclaimed",
            View::All => "mkt-view-all",
        });
        let href = query.with_all(&[("view", Some(v.name())), ("seen", None)]);
        (format!("{word} {}", number(t, count)), href, v == view)
    };
    ui::tabs(t, &View::ALL.map(tab))
}

fn chosen<'a>(
    board: &'a QueueBoard,
    auth: &ReviewerAuth,
    t: &T,
    query: &ListQuery,
    view: View,
) -> Vec<&'a VersionRow> {
    let fits = |row: &&VersionRow| {
        let text = format!(
            "{} {} {} {}",
            row.plugin,
            row.name(),
            row.version,
            row.publisher_name
        );
        view.holds(row, auth, t.now())
            && matches(&text, query.q())
            && query.get("risk").is_none_or(|r| r == row.risk.as_str())
    };
    let mut rows: Vec<&VersionRow> = board.rows.iter().filter(fits).collect();
    if let Some((key, down)) = query.sort() {
        match key {
            "name" => rows.sort_by_key(|row| row.name()),
            "risk" => rows.sort_by_key(|row| row.risk),
            "age" => rows.sort_by_key(|row| row.submitted_at),
            "deadline" => rows.sort_by_key(|row| row.clock.deadline.unwrap_or(Timestamp::MAX)),
            _ => return rows,
        }
        if down {
            rows.reverse();
        }
    }
    rows
}

fn table(
    ui: &Ui,
    auth: &ReviewerAuth,
    query: &ListQuery,
    board: &QueueBoard,
    rows: Vec<&VersionRow>,
) -> Html {
    let t = &ui.t;
    let (rows, total, next) = paged(rows, query, 50);
    let risks = [Risk::High, Risk::Medium, Risk::Low]
        .map(|r| (r.to_string(), t.t(&format!("risk-{}", r.as_str()))));
    Table::new(t, query, t.t("mkt-nav-queue"))
        .search(t.t("mkt-queue-search"))
        .filter(Filter::new("risk", t.t("mkt-risk"), risks.to_vec()))
        .column(Column::new(t.t("mkt-plugin")).sort("name"))
        .column(Column::new(t.t("mkt-deadline")).sort("deadline"))
        .column(Column::new(t.t("mkt-risk")).sort("risk"))
        .column(Column::new(t.t("mkt-changed")))
        .column(Column::new(t.t("mkt-age")).sort("age"))
        .column(Column::new(t.t("mkt-claim")))
        .rows(rows.into_iter().map(|row| line(ui, auth, board, row)))
        .empty(Empty::new(
            "circle-check",
            t.t("mkt-queue-empty"),
            t.t("mkt-queue-empty-text"),
        ))
        .total(total)
        .next(next)
        .export()
        .html()
}

fn line(ui: &Ui, auth: &ReviewerAuth, board: &QueueBoard, row: &VersionRow) -> Row {
    let t = &ui.t;
    let name = row.name();
    let kind = row.facts.as_ref().map(|f| f.kind.as_str());
    let lead = Row::lead(
        &ui::tile(&name),
        &name,
        &format!("/review/{}", row.review),
        &format!("{} · {}", row.version, row.publisher_name),
    );
    let submitted = row.submitted_at.unwrap_or(row.created_at);
    let clock = match row.clock.deadline {
        Some(deadline) => ui::sla(t, submitted, deadline),
        None => super::parts::muted(&t.t("mkt-clock-paused")),
    };
    Row::new([
        lead,
        clock,
        ui::risk(
            t,
            row.risk,
            &ui::risk_reasons(t, row.risk, &row.permissions, kind.unwrap_or_default()),
        ),
        changed(t, board, row),
        ui::time(t, submitted),
        claim(ui, auth, row),
    ])
    .id(row.review.to_string())
}

/// What is new against what is offered, in a few words.
fn changed(t: &T, board: &QueueBoard, row: &VersionRow) -> Html {
    let mut lines = Vec::new();
    match board.offered.get(&row.plugin) {
        None => lines.push(t.t("mkt-changed-new")),
        Some(old) => {
            let from = [("version", old.version.to_string().into())];
            lines.push(t.t_args("mkt-changed-from", &from));
            let more = added(&old.permissions, &row.permissions).len() as u64;
            if more > 0 {
                lines.push(t.t_args("mkt-changed-perms", &[("n", more.into())]));
            }
        }
    }
    if row.findings > 0 {
        lines.push(t.t_args("mkt-changed-findings", &[("n", row.findings.into())]));
    }
    let text = Html::text(&lines.join(" · "));
    let (verdict, beta) = (verdict(t, row.verdict.as_deref()), beta(t, row.channel));
    Html::trusted(format!(
        r#"<div class="mkt-change">{verdict} {beta}<small class="px-muted">{text}</small></div>"#
    ))
}

fn claim(ui: &Ui, auth: &ReviewerAuth, row: &VersionRow) -> Html {
    let t = &ui.t;
    if auth.publishers.contains(&row.publisher) {
        return ui::pill(Tone::Neutral, "lock", &t.t("mkt-claim-own"));
    }
    match row.live_claim(t.now()) {
        Some(claim) if claim.by == auth.account => {
            ui::pill(Tone::Accent, "user-check", &t.t("mkt-claim-yours"))
        }
        Some(claim) => ui::pill(Tone::Neutral, "user", &claim.name),
        None => ui
            .action(format!("/review/{}/claim", row.review), t.t("mkt-claim"))
            .icon("hand-stop")
            .key('c')
            .html(),
    }
}

fn export(rows: &[&VersionRow], t: &T) -> Export {
    let cells = rows.iter().map(|row| {
        vec![
            json!(row.review),
            json!(row.plugin),
            json!(row.name()),
            json!(row.version),
            json!(row.publisher_name),
            json!(row.state),
            json!(row.risk),
            json!(row.verdict),
            json!(row.findings),
            json!(row.submitted_at),
            json!(row.clock.deadline),
            json!(row.live_claim(t.now()).map(|c| &c.name)),
        ]
    });
    Export {
        name: "review-queue",
        columns: &[
            "reviewId",
            "pluginId",
            "name",
            "version",
            "publisher",
            "state",
            "risk",
            "verdict",
            "findings",
            "submittedAt",
            "slaDeadline",
            "claimedBy",
        ],
        rows: cells.collect(),
    }
}
