//! Plugins a tenant has.

use axum::extract::State;
use px_model::UpgradePolicy;
use px_web::http::Export;
use px_web::i18n::T;
use px_web::ui::{self, Card, Column, Empty, Filter, ListQuery, Row, Table, Tone};
use px_web::{Answer, Html, Ui};
use serde_json::json;

use super::parts::{self, count, counted, fail, link};
use super::permissions;
use super::who::Reader;
use crate::Core;
use crate::app::pages::Shelf;
use crate::store::installed::Installed;

/// `GET /plugins/installed`
pub(super) async fn page(State(core): State<Core>, ui: Ui, who: Reader) -> Answer {
    let (t, query) = (&ui.t, ui.list());
    let shelf = core.shelf(&who.scope()).await.map_err(fail)?;
    let mut found: Vec<&Installed> = shelf
        .installed
        .iter()
        .filter(|row| matches(&query, &shelf, row))
        .collect();
    sort(&query, &mut found);
    if Export::wanted(&query) {
        return Ok(export(&shelf, &found).answer(&query));
    }
    let healths = ["healthy", "degraded", "down", "idle"]
        .map(|h| (h.to_owned(), t.t(&format!("adm-health-{h}"))));
    let update = vec![("yes".to_owned(), t.t("adm-update-there"))];
    let none = Empty::new(
        "packages",
        t.t("adm-none-installed"),
        t.t("adm-none-installed-text"),
    );
    let none = parts::or_browse(t, &who, none);
    let table = Table::new(t, &query, t.t("adm-nav-installed"))
        .search(t.t("adm-installed-search"))
        .filter(Filter::new(
            "health",
            t.t("adm-col-health"),
            healths.to_vec(),
        ))
        .filter(Filter::new("update", t.t("adm-col-update"), update))
        .column(Column::new(t.t("adm-col-plugin")).sort("name"))
        .column(Column::new(t.t("adm-col-version")))
        .column(Column::new(t.t("adm-col-health")).sort("health"))
        .column(Column::new(t.t("adm-risk")).sort("risk"))
        .column(Column::new(t.t("adm-policy")))
        .column(Column::new(t.t("adm-col-update")))
        .rows(found.iter().map(|row| line(t, &who, &shelf, row)))
        .total(count(found.len()))
        .empty(none)
        .export();
    let card = Card::new("", table.html()).flush().html();
    let add = parts::browse(t, &who, "plus");
    let page = parts::frame(&core, &ui, &who, "installed", t.t("adm-nav-installed")).await;
    let page = page
        .lead(counted(t, "adm-installed-lead", shelf.installed.len()))
        .actions(add);
    Ok(page.show_html(parts::body(&ui, &who, [card])))
}

fn matches(query: &ListQuery, shelf: &Shelf, row: &Installed) -> bool {
    let text = query.q().is_none_or(|q| {
        let q = q.to_lowercase();
        row.route.name.to_lowercase().contains(&q) || row.route.plugin.as_str().contains(&q)
    });
    let health = query.get("health").is_none_or(|h| h == row.health);
    let update = query
        .get("update")
        .is_none_or(|_| shelf.update(row).is_some());
    text && health && update
}

fn sort(query: &ListQuery, found: &mut [&Installed]) {
    let (key, down) = query.sort().unwrap_or(("name", false));
    match key {
        "health" => found.sort_by(|a, b| a.health.cmp(&b.health)),
        "risk" => found.sort_by_key(|row| row.risk),
        _ => found.sort_by_key(|row| row.route.name.to_lowercase()),
    }
    if down {
        found.reverse();
    }
}

fn line(t: &T, who: &Reader, shelf: &Shelf, row: &Installed) -> Row {
    let plugin = &row.route.plugin;
    let href = format!("/plugins/installed/{plugin}");
    let serves = row
        .route
        .committed
        .as_ref()
        .or(row.route.candidate.as_ref());
    let version = serves.map_or_else(String::new, |r| r.version.to_string());
    let news = match (shelf.operation(plugin), shelf.update(row)) {
        (Some(operation), _) => {
            let href = format!("/operations/{}", operation.id);
            link(
                &href,
                "btn btn-plain btn-sm",
                "activity",
                &t.t("adm-follow"),
            )
        }
        (None, Some(l)) if who.may_act() => {
            let href = format!("/plugins/{plugin}/install");
            link(
                &href,
                "btn btn-plain btn-sm",
                "arrow-up",
                &l.version.to_string(),
            )
        }
        (None, Some(l)) => ui::pill(Tone::Info, "arrow-up", &l.version.to_string()),
        (None, None) => Html::text(&t.t("adm-current")),
    };
    let reasons = permissions::reasons(t, row.risk, &row.permissions, &row.kind);
    Row::new([
        Row::lead(
            &ui::tile(&row.route.name),
            &row.route.name,
            &href,
            plugin.as_str(),
        ),
        version.into(),
        parts::health(t, &row.health),
        parts::risk_badge(t, row.risk, &reasons),
        policy_word(t, row.policy).into(),
        news,
    ])
}

/// A policy as a word.
pub(super) fn policy_word(t: &T, policy: UpgradePolicy) -> String {
    t.t(match policy {
        UpgradePolicy::Off => "adm-policy-off",
        UpgradePolicy::Notify => "adm-policy-notify",
        UpgradePolicy::Auto => "adm-policy-auto",
    })
}

fn export(shelf: &Shelf, found: &[&Installed]) -> Export {
    let columns = vec![
        "plugin",
        "name",
        "version",
        "candidate",
        "previous",
        "update",
        "health",
        "risk",
        "policy",
        "channel",
        "permissions",
    ];
    let rows = found.iter().map(|row| {
        let version =
            |r: &Option<crate::app::route::Release>| json!(r.as_ref().map(|r| &r.version));
        let rights: Vec<String> = row.permissions.iter().map(ToString::to_string).collect();
        vec![
            json!(row.route.plugin),
            json!(row.route.name),
            version(&row.route.committed),
            version(&row.route.candidate),
            version(&row.route.previous),
            json!(shelf.update(row).map(|l| &l.version)),
            json!(row.health),
            json!(row.risk),
            json!(row.policy),
            json!(row.channel),
            json!(rights.join(" ")),
        ]
    });
    Export::new("installed", columns).rows(rows)
}
