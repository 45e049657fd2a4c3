//! My plugins: a publisher's versions, what needs attention, how they fare at tenants.

use std::collections::BTreeMap;

use axum::extract::State;
use px_model::{PluginId, VersionState};
use px_web::i18n::T;
use px_web::identity::Publisher;
use px_web::ui::{
    self, Bars, Card, Column, Empty, Filter, ListQuery, Note, Row, Series, Stat, Table, Tone, icon,
};
use px_web::{Answer, Html, Ui};
use serde_json::json;

use super::export::Export;
use super::parts::{beta, fail, group, link, matches, number, paged, publisher, stack};
use super::steps;
use crate::Market;
use crate::app::pages::MyBoard;
use crate::store::row::VersionRow;

/// Versions in a chart.
const CHARTED: usize = 7;
/// Charts on the page.
const CHARTS: usize = 6;

/// `GET /my`
pub(super) async fn page(ui: Ui, who: Publisher, State(market): State<Market>) -> Answer {
    let auth = publisher(&who);
    let board = market.my_board(&auth).await.map_err(fail)?;
    let (t, query) = (&ui.t, ui.list());
    let rows = chosen(&board, &query);
    if Export::wanted(&query) {
        return Ok(export(&rows).answer(&query));
    }
    let body = stack([
        switch(&ui, &who),
        unverified(t, &board),
        figures(t, &board),
        Card::new(t.t("mkt-versions"), table(t, &query, &board, rows))
            .flush()
            .html(),
        charts(t, &board),
    ]);
    let keys = link(
        "/my/keys",
        "btn btn-plain",
        &icon("key"),
        &t.t("mkt-nav-keys"),
    );
    let page = ui
        .page(t.t("mkt-nav-mine"))
        .lead(lead(t, &board))
        .actions(keys);
    Ok(page.active("mine").show_html(body))
}

/// States in which the author has the ball.
const fn yours(state: VersionState) -> bool {
    use VersionState::{Blocked, ChangesRequested, Draft, Quarantined, Uploading};
    matches!(
        state,
        Blocked | ChangesRequested | Draft | Uploading | Quarantined
    )
}

/// States in which the Marketplace has it.
const fn ours(state: VersionState) -> bool {
    use VersionState::{Approved, InReview, Scanning, Submitted};
    matches!(state, Submitted | Scanning | InReview | Approved)
}

fn count(board: &MyBoard, test: impl Fn(VersionState) -> bool) -> u64 {
    board.rows.iter().filter(|row| test(row.state)).count() as u64
}

fn lead(t: &T, board: &MyBoard) -> String {
    let (mine, theirs) = (count(board, yours), count(board, ours));
    let args = [("n", mine.into()), ("review", theirs.into())];
    match (mine, theirs) {
        (0, 0) => t.t("mkt-mine-quiet"),
        (0, _) => t.t_args("mkt-mine-waiting", &args),
        _ => t.t_args("mkt-mine-yours", &args),
    }
}

fn switch(ui: &Ui, who: &Publisher) -> Html {
    let all = who.caller().publishers();
    if all.len() < 2 {
        return Html::empty();
    }
    let tabs: Vec<ui::Tab> = all
        .into_iter()
        .map(|id| {
            (
                id.to_string(),
                format!("/my?publisher={id}"),
                id == who.publisher(),
            )
        })
        .collect();
    ui::tabs(&ui.t, &tabs)
}

fn unverified(t: &T, board: &MyBoard) -> Html {
    if board.verified {
        return Html::empty();
    }
    Note::new(
        Tone::Warn,
        t.t("mkt-unverified"),
        t.t("mkt-unverified-text"),
    )
    .html()
}

fn figures(t: &T, board: &MyBoard) -> Html {
    let sum = |names: &[&str]| -> u64 {
        let fits = board
            .outcomes
            .iter()
            .filter(|o| names.contains(&o.outcome.as_str()));
        fits.map(|o| o.count).sum()
    };
    let mine = count(board, yours);
    let trouble = sum(&["failed", "rolled_back", "rolled_back_by_hand"]);
    let warn = |n: u64| if n > 0 { Tone::Warn } else { Tone::Ok };
    Stat::row(&[
        Stat::new(t.t("mkt-stat-yours"), number(t, mine))
            .icon("user")
            .note(
                warn(mine),
                t.t(if mine > 0 {
                    "mkt-stat-yours-some"
                } else {
                    "mkt-stat-none"
                }),
            ),
        Stat::new(t.t("mkt-stat-review"), number(t, count(board, ours)))
            .icon("clipboard-check")
            .note(Tone::Neutral, t.t("mkt-stat-review-note")),
        Stat::new(
            t.t("mkt-stat-listed"),
            number(t, count(board, |s| s == VersionState::Listed)),
        )
        .icon("circle-check")
        .note(
            Tone::Neutral,
            t.t_args(
                "mkt-stat-installs",
                &[("n", number(t, sum(&["committed"])).into())],
            ),
        ),
        Stat::new(t.t("mkt-stat-trouble"), number(t, trouble))
            .icon("arrow-back-up")
            .note(warn(trouble), t.t("mkt-stat-trouble-note")),
    ])
}

fn chosen<'a>(board: &'a MyBoard, query: &ListQuery) -> Vec<&'a VersionRow> {
    let mut rows: Vec<&VersionRow> = board
        .rows
        .iter()
        .filter(|row| {
            let text = format!("{} {} {}", row.plugin, row.name(), row.version);
            matches(&text, query.q())
                && query.get("state").is_none_or(|s| s == row.state.as_str())
                && query.get("plugin").is_none_or(|p| p == row.plugin.as_str())
        })
        .collect();
    match query.sort() {
        Some(("name", down)) => rows.sort_by(|a, b| order(a.name().cmp(&b.name()), down)),
        Some(("risk", down)) => rows.sort_by(|a, b| order(a.risk.cmp(&b.risk), down)),
        Some(("created", down)) => {
            rows.sort_by(|a, b| order(a.created_at.cmp(&b.created_at), down))
        }
        _ => rows.sort_by_key(|row| !yours(row.state)),
    }
    rows
}

fn order(by: std::cmp::Ordering, down: bool) -> std::cmp::Ordering {
    if down { by.reverse() } else { by }
}

fn table(t: &T, query: &ListQuery, board: &MyBoard, rows: Vec<&VersionRow>) -> Html {
    let (rows, total, next) = paged(rows, query, 25);
    let states = VersionState::ALL
        .iter()
        .map(|s| (s.to_string(), steps::word(t, *s)));
    let plugins: BTreeMap<String, String> = board
        .rows
        .iter()
        .map(|row| (row.plugin.to_string(), name_of(board, &row.plugin)))
        .collect();
    Table::new(t, query, t.t("mkt-versions"))
        .search(t.t("mkt-mine-search"))
        .filter(Filter::new(
            "plugin",
            t.t("mkt-plugin"),
            plugins.into_iter().collect(),
        ))
        .filter(Filter::new("state", t.t("mkt-state"), states.collect()))
        .column(Column::new(t.t("mkt-plugin")).sort("name"))
        .column(Column::new(t.t("mkt-state")))
        .column(Column::new(t.t("mkt-risk")).sort("risk"))
        .column(Column::new(t.t("mkt-next")))
        .column(Column::new(t.t("mkt-created")).sort("created"))
        .rows(rows.into_iter().map(|row| line(t, board, row)))
        .empty(
            Empty::new(
                "package-export",
                t.t("mkt-mine-empty"),
                t.t("mkt-mine-empty-text"),
            )
            .action(t.t("account-token-create"), "/account"),
        )
        .page_size(25)
        .total(total)
        .next(next)
        .export()
        .html()
}

fn line(t: &T, board: &MyBoard, row: &VersionRow) -> Row {
    let kind = row.facts.as_ref().map(|f| f.kind.as_str());
    let reasons = ui::risk_reasons(t, row.risk, &row.permissions, kind.unwrap_or_default());
    let next = match row.clock.deadline {
        Some(deadline) if ours(row.state) => {
            ui::sla(t, row.submitted_at.unwrap_or(row.created_at), deadline)
        }
        _ => Html::text(&t.t(&format!(
            "mkt-short-{}",
            row.state.as_str().replace('_', "-")
        ))),
    };
    let name = name_of(board, &row.plugin);
    let lead = Row::lead(
        &ui::tile(&name),
        &name,
        &format!("/my/versions/{}", row.id),
        &format!("{} · {}", row.version, row.plugin),
    );
    Row::new([
        lead,
        group([
            ui::version_state(t, row.state),
            Html::trusted(" "),
            beta(t, row.channel),
        ]),
        ui::risk(t, row.risk, &reasons),
        next,
        ui::time(t, row.created_at),
    ])
}

fn export(rows: &[&VersionRow]) -> Export {
    let cells = rows.iter().map(|row| {
        vec![
            json!(row.id),
            json!(row.plugin),
            json!(row.name()),
            json!(row.version),
            json!(row.channel),
            json!(row.state),
            json!(row.risk),
            json!(row.created_at),
            json!(row.listed_at),
        ]
    });
    Export {
        name: "versions",
        columns: &[
            "versionId",
            "pluginId",
            "name",
            "version",
            "channel",
            "state",
            "risk",
            "createdAt",
            "listedAt",
        ],
        rows: cells.collect(),
    }
}

/// Versions of one plugin with what tenants reported: installed, failed, rolled back.
type Fates = Vec<(String, [f64; 3])>;

/// Installs, failures and rollbacks by version, a chart per plugin.
fn charts(t: &T, board: &MyBoard) -> Html {
    let mut plugins: Vec<(&PluginId, Fates)> = Vec::new();
    for outcome in &board.outcomes {
        let slot = match outcome.outcome.as_str() {
            "committed" => 0,
            "failed" => 1,
            "rolled_back" | "rolled_back_by_hand" => 2,
            _ => continue,
        };
        let at = plugins.iter().position(|(id, _)| **id == outcome.plugin);
        let at = at.unwrap_or_else(|| {
            plugins.push((&outcome.plugin, Vec::new()));
            plugins.len() - 1
        });
        let fates = &mut plugins[at].1;
        if fates
            .last()
            .is_none_or(|(version, _)| *version != outcome.version)
        {
            fates.push((outcome.version.clone(), [0.0; 3]));
        }
        if let Some((_, counts)) = fates.last_mut() {
            counts[slot] += outcome.count as f64;
        }
    }
    let cards = plugins
        .into_iter()
        .take(CHARTS)
        .map(|(id, fates)| chart(t, &name_of(board, id), fates));
    let inner = Html::join(cards);
    Html::trusted(format!(r#"<div class="px-cols mkt-cols">{inner}</div>"#))
}

fn chart(t: &T, name: &str, mut fates: Fates) -> Html {
    fates.truncate(CHARTED);
    fates.reverse();
    let series = |key: &str, tone, slot: usize| Series {
        name: t.t(key),
        tone,
        values: fates.iter().map(|(_, counts)| counts[slot]).collect(),
    };
    let title = t.t_args("mkt-chart-outcomes", &[("name", name.to_owned().into())]);
    let bars = Bars {
        title: title.clone(),
        series: vec![
            series("mkt-outcome-committed", Tone::Ok, 0),
            series("mkt-outcome-rolled-back", Tone::Warn, 2),
            series("mkt-outcome-failed", Tone::Danger, 1),
        ],
        labels: fates.iter().map(|(version, _)| version.clone()).collect(),
    };
    Card::new(title, bars.html()).html()
}

/// A plugin's name, which a version whose bundle was not read yet does not know.
fn name_of(board: &MyBoard, plugin: &PluginId) -> String {
    let known = board
        .rows
        .iter()
        .find(|row| row.plugin == *plugin && row.facts.is_some());
    known.map_or_else(|| plugin.to_string(), VersionRow::name)
}
