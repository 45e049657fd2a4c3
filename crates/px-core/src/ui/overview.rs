//! The first page: is anything wrong, what is new, what must be done.

use axum::extract::State;
use axum::response::Response;
use px_api::core::CatalogState;
use px_api::market::ListedVersion;
use px_model::{InstallState, Risk, VersionId};
use px_notify::{Alert, list_alerts};
use px_web::i18n::T;
use px_web::ui::{self, Card, Column, Empty, ListQuery, Note, Row, Stat, Table, Tone};
use px_web::{Answer, Html, Ui};

use super::parts::{self, count, counted, fail, link, say};
use super::who::Reader;
use super::{operation_parts, permissions};
use crate::Core;
use crate::app::install::Install;
use crate::app::pages::Shelf;
use crate::store::installed::Installed;
use crate::store::installs::{self, Filter};

struct Facts {
    shelf: Shelf,
    alerts: Vec<Alert>,
    catalog: CatalogState,
    recent: Vec<Install>,
    /// Versions that were tried lately and did not stay.
    tried: Vec<VersionId>,
}

async fn facts(core: &Core, who: &Reader) -> Answer<Facts> {
    let mut alerts = Vec::new();
    for audience in who.audiences() {
        alerts.extend(list_alerts(core.db(), &audience, true).await?);
    }
    let filter = Filter {
        limit: 30,
        ..Filter::default()
    };
    let all = installs::list(core.db(), &who.scope(), &filter).await?;
    let bad = |i: &&Install| matches!(i.state, InstallState::Failed | InstallState::RolledBack);
    let tried = all
        .iter()
        .filter(bad)
        .filter_map(|i| i.version_id)
        .collect();
    let recent = all.into_iter().filter(|i| i.state.is_final()).take(5);
    Ok(Facts {
        shelf: core.shelf(&who.scope()).await.map_err(fail)?,
        alerts,
        catalog: core.catalog_state().await.map_err(fail)?,
        recent: recent.collect(),
        tried,
    })
}

/// `GET /`
pub(super) async fn page(State(core): State<Core>, ui: Ui, who: Reader) -> Answer {
    let facts = facts(&core, &who).await?;
    let inner = render(&ui.t, &who, &facts);
    let part = ui::live_every(
        "overview",
        super::live::every(&core),
        "/overview/live",
        "/overview/part",
        &inner,
    );
    let browse = parts::browse(&ui.t, &who, "building-store");
    let page = parts::frame(&core, &ui, &who, "overview", who.tenant().name.clone()).await;
    let page = page.lead(lead(&ui.t, &facts)).actions(browse);
    Ok(page.show_html(parts::body(&ui, &who, [part])))
}

/// `GET /overview/part`
pub(super) async fn part(State(core): State<Core>, ui: Ui, who: Reader) -> Answer {
    let facts = facts(&core, &who).await?;
    Ok(ui.fragment(render(&ui.t, &who, &facts)))
}

/// `GET /overview/live`
pub(super) async fn live(State(core): State<Core>, ui: Ui, who: Reader) -> Response {
    let source = core.clone();
    super::live::follow(&source, move || {
        let (core, who) = (core.clone(), who.clone());
        let t = ui.t.at(core.db().env().now());
        async move {
            let facts = facts(&core, &who).await?;
            Ok(render(&t, &who, &facts))
        }
    })
}

fn updates(shelf: &Shelf) -> Vec<(&Installed, &ListedVersion)> {
    let rows = shelf.installed.iter();
    rows.filter_map(|row| Some((row, shelf.update(row)?)))
        .filter(|(row, _)| shelf.operation(&row.route.plugin).is_none())
        .collect()
}

fn unwell(shelf: &Shelf) -> Vec<&Installed> {
    let sick = |row: &&Installed| matches!(row.health.as_str(), "down" | "degraded");
    shelf.installed.iter().filter(sick).collect()
}

/// The state of things in one sentence.
fn lead(t: &T, facts: &Facts) -> String {
    let sick = unwell(&facts.shelf).len();
    let todo = updates(&facts.shelf).len();
    if sick > 0 {
        counted(t, "adm-lead-sick", sick)
    } else if !facts.alerts.is_empty() {
        counted(t, "adm-lead-alerts", facts.alerts.len())
    } else if facts.catalog.stale && facts.catalog.polled_at.is_some() {
        t.t("adm-lead-stale")
    } else if todo > 0 {
        counted(t, "adm-lead-updates", todo)
    } else if facts.shelf.installed.is_empty() {
        t.t("adm-lead-empty")
    } else {
        t.t("adm-lead-well")
    }
}

fn render(t: &T, who: &Reader, facts: &Facts) -> Html {
    let left = parts::stack([todo(t, who, facts), plugins(t, who, facts)]);
    let right = parts::stack([running(t, facts), recent(t, facts)]);
    parts::stack([stats(t, facts), parts::split(&left, &right)])
}

fn stats(t: &T, facts: &Facts) -> Html {
    let shelf = &facts.shelf;
    let number = |n: usize| parts::number(t, count(n));
    let sick = unwell(shelf).len();
    let (tone, note) = if sick > 0 {
        (Tone::Danger, counted(t, "adm-stat-sick", sick))
    } else if shelf.installed.is_empty() {
        (Tone::Neutral, t.t("adm-stat-none"))
    } else {
        (Tone::Ok, t.t("adm-stat-healthy"))
    };
    let new = updates(shelf);
    let high = new.iter().filter(|(_, l)| l.risk == Risk::High).count();
    let (new_tone, new_note) = match (new.len(), high) {
        (0, _) => (Tone::Ok, t.t("adm-stat-current")),
        (_, 0) => (Tone::Info, t.t("adm-stat-no-high")),
        (_, n) => (Tone::Warn, counted(t, "adm-stat-high", n)),
    };
    let (alarm, alarm_note) = if facts.alerts.is_empty() {
        (Tone::Ok, t.t("adm-stat-calm"))
    } else {
        (Tone::Danger, t.t("adm-stat-look"))
    };
    Stat::row(&[
        Stat::new(t.t("adm-stat-installed"), number(shelf.installed.len()))
            .icon("packages")
            .note(tone, note)
            .href("/plugins/installed"),
        Stat::new(t.t("adm-stat-updates"), number(new.len()))
            .icon("arrow-up")
            .note(new_tone, new_note)
            .href("/plugins/installed?update=yes"),
        Stat::new(t.t("adm-stat-running"), number(shelf.active.len()))
            .icon("activity")
            .note(Tone::Neutral, t.t("adm-stat-now"))
            .href("/operations?state=running"),
        Stat::new(t.t("adm-stat-alerts"), number(facts.alerts.len()))
            .icon("alert-triangle")
            .note(alarm, alarm_note)
            .href("/alerts"),
    ])
}

/// One thing to be done: what it is about, and the way to it.
fn task(mark: &Html, title: &str, text: &str, button: Html) -> (Html, Html) {
    (Row::lead(mark, title, "", text), button)
}

fn todo(t: &T, who: &Reader, facts: &Facts) -> Html {
    let mut items = Vec::new();
    for alert in facts.alerts.iter().take(5) {
        let go = link("/alerts", "btn btn-plain btn-sm", "", &t.t("adm-look"));
        let title = alert.title.get(t.lang().tag());
        let text = t.ago(alert.last_at);
        items.push(task(&parts::severity(t, alert.severity), title, &text, go));
    }
    for row in unwell(&facts.shelf) {
        let href = format!("/plugins/installed/{}", row.route.plugin);
        let go = link(&href, "btn btn-plain btn-sm", "", &t.t("adm-look"));
        let mark = parts::health(t, &row.health);
        items.push(task(&mark, &row.route.name, &t.t("adm-todo-sick"), go));
    }
    for (row, listed) in updates(&facts.shelf).into_iter().take(8) {
        items.push(update(t, who, facts, row, listed));
    }
    if facts.catalog.stale {
        items.push(stale(t, &facts.catalog));
    }
    if items.is_empty() {
        let note = Note::new(Tone::Ok, t.t("adm-todo-none"), t.t("adm-todo-none-text"));
        return note.html();
    }
    Card::new(t.t("adm-todo"), parts::ruled(&items)).html()
}

fn update(
    t: &T,
    who: &Reader,
    facts: &Facts,
    row: &Installed,
    listed: &ListedVersion,
) -> (Html, Html) {
    let plugin = &row.route.plugin;
    let tried = facts.tried.contains(&listed.version_id);
    let (href, word) = if tried {
        (format!("/plugins/installed/{plugin}"), t.t("adm-look"))
    } else if who.may_act() {
        (format!("/plugins/{plugin}/install"), t.t("adm-upgrade"))
    } else {
        (format!("/plugins/marketplace/{plugin}"), t.t("adm-look"))
    };
    let has = row.route.committed.as_ref();
    let has = has.map_or_else(String::new, |c| c.version.to_string());
    let args = [("name", row.route.name.as_str()), ("has", &has)];
    let title = say(t, "adm-todo-update", &args);
    let version = listed.version.to_string();
    let key = if tried {
        "adm-todo-update-tried"
    } else {
        "adm-todo-update-text"
    };
    let text = say(t, key, &[("version", &version)]);
    let reasons = permissions::reasons(t, listed.risk, &listed.permissions, &listed.kind);
    let risk = parts::risk_badge(t, listed.risk, &reasons);
    let mark = if tried { "" } else { "arrow-up" };
    let go = link(&href, "btn btn-plain btn-sm", mark, &word);
    let end = Html::trusted(format!(r#"<span class="px-row">{risk}{go}</span>"#));
    task(&ui::tile(&row.route.name), &title, &text, end)
}

fn stale(t: &T, catalog: &CatalogState) -> (Html, Html) {
    let (title, text) = match catalog.polled_at {
        Some(at) => (
            t.t("adm-todo-stale"),
            say(t, "adm-todo-stale-since", &[("ago", &t.ago(at))]),
        ),
        None => (t.t("adm-todo-unsynced"), t.t("adm-todo-unsynced-text")),
    };
    let mark = ui::pill(Tone::Warn, "refresh", &t.t("adm-catalog"));
    task(&mark, &title, &text, Html::empty())
}

fn plugins(t: &T, who: &Reader, facts: &Facts) -> Html {
    let query = ListQuery::new("/", "");
    let rows = facts.shelf.installed.iter().map(|row| {
        let href = format!("/plugins/installed/{}", row.route.plugin);
        let serves = row
            .route
            .committed
            .as_ref()
            .or(row.route.candidate.as_ref());
        let version = serves.map_or_else(String::new, |r| r.version.to_string());
        let news = facts.shelf.update(row).map_or_else(
            || Html::text(&t.t("adm-current")),
            |l| ui::pill(Tone::Info, "arrow-up", &l.version.to_string()),
        );
        let mark = ui::tile(&row.route.name);
        Row::new([
            Row::lead(&mark, &row.route.name, &href, row.route.plugin.as_str()),
            version.into(),
            parts::health(t, &row.health),
            news,
        ])
    });
    let none = Empty::new(
        "packages",
        t.t("adm-none-installed"),
        t.t("adm-none-installed-text"),
    );
    let none = parts::or_browse(t, who, none);
    let table = Table::new(t, &query, t.t("adm-your-plugins"))
        .column(Column::new(t.t("adm-col-plugin")))
        .column(Column::new(t.t("adm-col-version")))
        .column(Column::new(t.t("adm-col-health")))
        .column(Column::new(t.t("adm-col-update")))
        .rows(rows)
        .empty(none);
    let all = link("/plugins/installed", "", "", &t.t("adm-all"));
    Card::new(t.t("adm-your-plugins"), table.plain())
        .action(all)
        .flush()
        .html()
}

fn running(t: &T, facts: &Facts) -> Html {
    let list = facts.shelf.active.iter().take(6);
    let items = Html::join(list.map(|i| operation_parts::short(t, i)));
    let inner = if items.is_empty() {
        parts::muted(&t.t("adm-nothing-running"))
    } else {
        parts::stack([items])
    };
    Card::new(t.t("adm-stat-running"), inner).html()
}

fn recent(t: &T, facts: &Facts) -> Html {
    if facts.recent.is_empty() {
        return Html::empty();
    }
    let items = facts.recent.iter().map(|install| {
        let href = format!("/operations/{}", install.id);
        let what = format!("{} {}", install.name, install.version);
        let name = link(&href, "", "", &what);
        let when = ui::time(t, install.finished.unwrap_or(install.since));
        let state = match install.state {
            InstallState::Committed if install.previous.is_some() => {
                ui::pill(Tone::Ok, "circle-check", &t.t("adm-upgraded"))
            }
            state => ui::install_state(t, state),
        };
        Html::trusted(format!(
            r#"<div class="px-row px-between"><span>{name}<br><small class="px-muted">{when}</small></span>{state}</div>"#
        ))
    });
    let all = link("/operations", "", "", &t.t("adm-all"));
    Card::new(t.t("adm-recent"), parts::stack(items))
        .action(all)
        .html()
}
