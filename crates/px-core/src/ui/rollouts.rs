//! Rollouts of this installation, for those who run it.

use std::collections::HashMap;

use axum::extract::State;
use px_web::http::Export;
use px_web::i18n::T;
use px_web::identity::PlatformOps;
use px_web::ui::{self, Card, Column, Empty, Filter, ListQuery, Row, Table, Tone, pill};
use px_web::{Answer, Html, Ui};
use serde_json::json;

use super::operations::slice;
use super::parts::{self, count};
use super::who::Reader;
use crate::Core;
use crate::app::authority::TenantScope;
use crate::app::rollout::{MemberState, RolloutState, View};
use crate::store::rollouts::{self, Rollout};

/// `GET /rollouts`
pub(super) async fn page(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    _ops: PlatformOps,
) -> Answer {
    let (t, query) = (&ui.t, ui.list());
    let all = rollouts::list(core.db(), None, false).await?;
    let names = names(&core).await?;
    let found: Vec<Rollout> = all.into_iter().filter(|r| matches(&query, r)).collect();
    let (shown, next) = slice(&query, &found);
    let mut pairs = Vec::new();
    for rollout in shown {
        let view = rollouts::view(core.db(), &TenantScope::every(), rollout).await?;
        pairs.push((rollout, view));
    }
    if Export::wanted(&query) {
        return Ok(export(&pairs).answer(&query));
    }
    let states = [
        "running",
        "paused",
        "done",
        "superseded",
        "withdrawn",
        "cancelled",
    ]
    .map(|s| (s.to_owned(), t.t(&format!("adm-rollout-{s}"))));
    let rows = pairs.iter().map(|(r, view)| row(t, &names, r, view));
    let none = Empty::new("route", t.t("adm-no-rollouts"), t.t("adm-no-rollouts-text"));
    let table = Table::new(t, &query, t.t("adm-nav-rollouts"))
        .search(t.t("adm-rollouts-search"))
        .filter(Filter::new("state", t.t("adm-col-state"), states.to_vec()))
        .column(Column::new(t.t("adm-col-release")))
        .column(Column::new(t.t("adm-col-state")))
        .column(Column::new(t.t("adm-col-progress")))
        .column(Column::new(t.t("adm-col-batch")))
        .column(Column::new(t.t("adm-col-failed")).number())
        .column(Column::new(t.t("adm-col-began")))
        .rows(rows)
        .total(count(found.len()))
        .next(next)
        .empty(none)
        .export();
    let card = Card::new("", table.html()).flush().html();
    let stuck = found
        .iter()
        .filter(|r| r.state == RolloutState::Paused)
        .count();
    let lead = if stuck > 0 {
        parts::counted(t, "adm-rollouts-stuck", stuck)
    } else {
        t.t("adm-rollouts-lead")
    };
    let page = parts::frame(&core, &ui, &who, "rollouts", t.t("adm-nav-rollouts")).await;
    Ok(page.lead(lead).show_html(parts::stack([card])))
}

/// Names of plugins by id.
pub(super) type Names = HashMap<String, String>;

/// Names of plugins by id, as the catalog has them.
pub(super) async fn names(core: &Core) -> Answer<Names> {
    let listed = crate::store::catalog::list(core.db(), None, None).await?;
    let pair = |l: px_api::market::ListedVersion| (l.plugin_id.to_string(), l.name);
    Ok(listed.into_iter().map(pair).collect())
}

/// A plugin's name, or its id where the catalog does not know it.
pub(super) fn name_of<'a>(names: &'a Names, id: &'a str) -> &'a str {
    names.get(id).map_or(id, String::as_str)
}

fn matches(query: &ListQuery, rollout: &Rollout) -> bool {
    let text = query.q().is_none_or(|q| {
        let q = q.to_lowercase();
        let all = [
            rollout.plugin.to_string(),
            rollout.version.to_string(),
            rollout.id.to_string(),
        ];
        all.iter().any(|s| s.contains(&q))
    });
    let state = query
        .get("state")
        .is_none_or(|s| s == rollout.state.as_str());
    text && state
}

/// A rollout's state.
pub(super) fn state(t: &T, state: RolloutState) -> Html {
    let (tone, icon) = match state {
        RolloutState::Running => (Tone::Busy, "player-play"),
        RolloutState::Paused => (Tone::Warn, "player-pause"),
        RolloutState::Done => (Tone::Ok, "circle-check"),
        RolloutState::Superseded => (Tone::Neutral, "versions"),
        RolloutState::Withdrawn => (Tone::Neutral, "archive"),
        RolloutState::Cancelled => (Tone::Neutral, "x"),
    };
    pill(tone, icon, &t.t(&format!("adm-rollout-{}", state.as_str())))
}

/// How many members are in one of the states.
pub(super) fn members_in(view: &View, batch: Option<usize>, states: &[MemberState]) -> usize {
    let mine = view.members.iter();
    let mine = mine.filter(|m| batch.is_none_or(|b| m.batch == b));
    mine.filter(|m| states.contains(&m.outcome())).count()
}

/// The batch under way, from 1, or how many there are when all are settled.
pub(super) fn current(view: &View) -> usize {
    let open = view.batches.iter().position(|b| b.settled.is_none());
    open.map_or(view.batches.len(), |i| i + 1)
}

fn row(t: &T, names: &Names, rollout: &Rollout, view: &View) -> Row {
    let name = name_of(names, rollout.plugin.as_str());
    let title = format!("{name} {}", rollout.version);
    let href = format!("/rollouts/{}", rollout.id);
    let done = members_in(view, None, &[MemberState::Committed]);
    let failed = members_in(view, None, &[MemberState::Failed, MemberState::Forgiven]);
    let all = view.members.len();
    let words = format!("{done} / {all}");
    let tone = if failed > 0 { Tone::Danger } else { Tone::Ok };
    let batch = format!("{} / {}", current(view), view.batches.len());
    Row::new([
        Row::lead(&ui::tile(name), &title, &href, rollout.plugin.as_str()),
        state(t, rollout.state),
        ui::progress(t, tone, count(done), count(all), &words),
        batch.into(),
        parts::number(t, count(failed)).into(),
        ui::time(t, rollout.created),
    ])
}

fn export(pairs: &[(&Rollout, View)]) -> Export {
    let columns = vec![
        "id",
        "plugin",
        "version",
        "channel",
        "state",
        "reason",
        "batches",
        "currentBatch",
        "tenants",
        "committed",
        "failed",
        "createdAt",
    ];
    let rows = pairs.iter().map(|(r, view)| {
        vec![
            json!(r.id),
            json!(r.plugin),
            json!(r.version),
            json!(r.channel),
            json!(r.state.as_str()),
            json!(r.reason),
            json!(view.batches.len()),
            json!(current(view)),
            json!(view.members.len()),
            json!(members_in(view, None, &[MemberState::Committed])),
            json!(members_in(
                view,
                None,
                &[MemberState::Failed, MemberState::Forgiven]
            )),
            json!(r.created),
        ]
    });
    Export::new("rollouts", columns).rows(rows)
}
