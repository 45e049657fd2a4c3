//! Installs, upgrades and rollbacks of a tenant, newest first.

use axum::extract::State;
use px_model::InstallState as S;
use px_web::http::Export;
use px_web::i18n::T;
use px_web::ui::{self, Card, Column, Empty, Filter, ListQuery, Row, Table};
use px_web::{Answer, Html, Ui};
use serde_json::json;

use super::parts::{self, count};
use super::who::Reader;
use crate::Core;
use crate::app::install::Install;
use crate::store::installs::{self, Filter as Which};

/// Operations looked through at most.
const LOOK: u32 = 1000;

/// `GET /operations`
pub(super) async fn page(State(core): State<Core>, ui: Ui, who: Reader) -> Answer {
    let (t, query) = (&ui.t, ui.list());
    let which = Which {
        limit: LOOK,
        ..Which::default()
    };
    let all = installs::list(core.db(), &who.scope(), &which).await?;
    let found: Vec<&Install> = all.iter().filter(|i| matches(&query, i)).collect();
    if Export::wanted(&query) {
        return Ok(export(&found).answer(&query));
    }
    let (shown, next) = slice(&query, &found);
    let rows = shown.iter().map(|i| row(t, i));
    let states = [
        ("running", "adm-filter-running"),
        ("done", "adm-filter-done"),
        ("bad", "adm-filter-bad"),
    ];
    let states = states.map(|(v, k)| (v.to_owned(), t.t(k))).to_vec();
    let none = Empty::new(
        "activity",
        t.t("adm-no-operations"),
        t.t("adm-no-operations-text"),
    );
    let none = parts::or_browse(t, &who, none);
    let table = Table::new(t, &query, t.t("adm-nav-operations"))
        .search(t.t("adm-operations-search"))
        .filter(Filter::new("state", t.t("adm-col-state"), states))
        .column(Column::new(t.t("adm-col-plugin")))
        .column(Column::new(t.t("adm-col-state")))
        .column(Column::new(t.t("adm-col-change")))
        .column(Column::new(t.t("adm-asked-by")))
        .column(Column::new(t.t("adm-asked-at")))
        .column(Column::new(t.t("adm-took")).number())
        .rows(rows)
        .total(count(found.len()))
        .next(next)
        .empty(none)
        .export();
    let card = Card::new("", table.html()).flush().html();
    let page = parts::frame(&core, &ui, &who, "operations", t.t("adm-nav-operations")).await;
    let page = page.lead(t.t("adm-operations-lead"));
    Ok(page.show_html(parts::body(&ui, &who, [card])))
}

/// The page of a list that the address asks for, and the cursor of the next one.
pub(super) fn slice<'a, T>(query: &ListQuery, all: &'a [T]) -> (&'a [T], Option<String>) {
    let from = query.cursor().and_then(|c| c.parse().ok()).unwrap_or(0);
    let from = usize::min(from, all.len());
    let size = usize::try_from(query.limit(50)).unwrap_or(50);
    let to = usize::min(from + size, all.len());
    (&all[from..to], (to < all.len()).then(|| to.to_string()))
}

fn matches(query: &ListQuery, install: &Install) -> bool {
    let text = query.q().is_none_or(|q| {
        let q = q.to_lowercase();
        let all = [
            install.name.to_lowercase(),
            install.plugin.to_string(),
            install.version.to_string(),
            install.id.to_string(),
            install.actor.name.to_lowercase(),
        ];
        all.iter().any(|s| s.contains(&q))
    });
    let plugin = query
        .get("plugin")
        .is_none_or(|p| p == install.plugin.as_str());
    let state = match query.get("state") {
        Some("running") => !install.state.is_final(),
        Some("done") => install.state == S::Committed,
        Some("bad") => matches!(install.state, S::Failed | S::RolledBack | S::Quarantined),
        _ => true,
    };
    text && plugin && state
}

fn row(t: &T, install: &Install) -> Row {
    let href = format!("/operations/{}", install.id);
    let to = install.version.to_string();
    let change = match &install.previous {
        Some(previous) => format!("{} → {to}", previous.version),
        None => to,
    };
    let (name, trigger) = parts::asker(t, install);
    let who = Row::lead(&Html::empty(), &name, "", &trigger);
    let took = install.finished.map(|end| {
        let millis = end.as_millisecond() - install.created.as_millisecond();
        t.millis(u64::try_from(millis).unwrap_or(0))
    });
    let name = Row::lead(
        &ui::tile(&install.name),
        &install.name,
        &href,
        install.plugin.as_str(),
    );
    Row::new([
        name,
        ui::install_state(t, install.state),
        change.into(),
        who,
        ui::time(t, install.created),
        took.unwrap_or_default().into(),
    ])
}

fn export(found: &[&Install]) -> Export {
    let columns = vec![
        "id",
        "plugin",
        "version",
        "previous",
        "state",
        "trigger",
        "actor",
        "createdAt",
        "finishedAt",
        "code",
        "rollbackSeconds",
    ];
    let rows = found.iter().map(|i| {
        vec![
            json!(i.id),
            json!(i.plugin),
            json!(i.version),
            json!(i.previous.as_ref().map(|p| &p.version)),
            json!(i.state),
            json!(i.trigger.as_str()),
            json!(i.actor.name),
            json!(i.created),
            json!(i.finished),
            json!(i.problem.as_ref().map(|p| &p.code)),
            json!(
                i.rollback_micros
                    .map(crate::store::aftermath::micros_to_seconds)
            ),
        ]
    });
    Export::new("operations", columns).rows(rows)
}
