//! The Marketplace as this tenant sees it.

use axum::extract::State;
use px_api::core::CatalogState;
use px_model::Risk;
use px_web::http::Export;
use px_web::i18n::T;
use px_web::ui::{self, Card, Empty, Filter, ListQuery, Note, PluginCard, Table, Tone, chip, pill};
use px_web::{Answer, Html, Ui};
use serde_json::json;

use super::parts::{self, counted, fail, link, say};
use super::who::Reader;
use super::why;
use crate::Core;
use crate::app::pages::{Offer, Shelf};

/// `GET /plugins/marketplace`
pub(super) async fn page(State(core): State<Core>, ui: Ui, who: Reader) -> Answer {
    let (t, query) = (&ui.t, ui.list());
    let shelf = core.shelf(&who.scope()).await.map_err(fail)?;
    let state = core.catalog_state().await.map_err(fail)?;
    let mut found: Vec<&Offer> = shelf
        .offers
        .iter()
        .filter(|o| matches(&query, &shelf, o))
        .collect();
    match query.get("sort") {
        Some("new") => found.sort_by_key(|o| std::cmp::Reverse(o.newest.listed_at)),
        Some("risk") => found.sort_by_key(|o| o.newest.risk),
        _ => {}
    }
    if Export::wanted(&query) {
        return Ok(export(&shelf, &found).answer(&query));
    }
    let cards = found.iter().map(|o| card(t, &who, &shelf, o));
    let filters = filters(t, &query, found.is_empty(), &shelf);
    let mut pieces = vec![freshness(t, &state), filters];
    if !found.is_empty() {
        pieces.push(PluginCard::grid(cards));
        pieces.push(foot(t, &query, found.len(), shelf.offers.len()));
    }
    let page = parts::frame(&core, &ui, &who, "catalog", t.t("adm-nav-catalog")).await;
    let page = page.lead(counted(t, "adm-catalog-lead", shelf.offers.len()));
    let pieces = pieces.into_iter().filter(|p| !p.is_empty());
    Ok(page.show_html(parts::body(&ui, &who, pieces)))
}

fn matches(query: &ListQuery, shelf: &Shelf, offer: &Offer) -> bool {
    let it = &offer.newest;
    let text = query.q().is_none_or(|q| {
        let all = [&it.name, &it.summary, &it.publisher].map(|s| s.to_lowercase());
        let id = it.plugin_id.as_str();
        q.to_lowercase()
            .split_whitespace()
            .all(|w| id.contains(w) || all.iter().any(|s| s.contains(w)))
    });
    let risk = query.get("risk").is_none_or(|r| r == it.risk.as_str());
    let own = shelf.own(&it.plugin_id);
    let show = match query.get("show") {
        Some("installed") => own.is_some(),
        Some("new") => own.is_none(),
        Some("update") => own.is_some_and(|row| shelf.update(row).is_some()),
        Some("fits") => shelf.blockers(it).is_empty(),
        _ => true,
    };
    text && risk && show
}

fn options(t: &T, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let word = |(value, key): &(&str, &str)| ((*value).to_owned(), t.t(key));
    pairs.iter().map(word).collect()
}

/// Search and filters, with what to say when nothing is found.
fn filters(t: &T, query: &ListQuery, nothing: bool, shelf: &Shelf) -> Html {
    let show = options(
        t,
        &[
            ("fits", "adm-show-fits"),
            ("new", "adm-show-new"),
            ("installed", "adm-show-installed"),
            ("update", "adm-show-update"),
        ],
    );
    let risks = [Risk::Low, Risk::Medium, Risk::High]
        .map(|r| (r.as_str().to_owned(), t.t(&format!("risk-{r}"))));
    let sorts = options(t, &[("new", "adm-sort-new"), ("risk", "adm-sort-risk")]);
    let table = Table::new(t, query, t.t("adm-nav-catalog"))
        .search(t.t("adm-catalog-search"))
        .filter(Filter::new("show", t.t("adm-filter-show"), show))
        .filter(Filter::new("risk", t.t("adm-filter-risk"), risks.to_vec()))
        .filter(Filter::new("sort", t.t("adm-filter-sort"), sorts).unset(t.t("adm-sort-name")));
    let html = if nothing && shelf.offers.is_empty() {
        let (title, text) = (t.t("adm-catalog-empty"), t.t("adm-catalog-empty-text"));
        Empty::new("building-store", title, text).html()
    } else if nothing {
        table.plain()
    } else {
        only_filters(&table.plain())
    };
    Card::new("", html).flush().html()
}

/// The form above a table without the table, because cards follow instead.
fn only_filters(table: &Html) -> Html {
    let text = table.as_str();
    let end = text.find("</form>").map_or(0, |at| at + "</form>".len());
    Html::trusted(&text[..end])
}

fn card(t: &T, who: &Reader, shelf: &Shelf, offer: &Offer) -> PluginCard {
    let it = &offer.newest;
    let href = format!("/plugins/marketplace/{}", it.plugin_id);
    let reasons = ui::risk_reasons(t, it.risk, &it.permissions, &it.kind);
    let blockers = shelf.blockers(it);
    let own = shelf.own(&it.plugin_id);
    let update = own.and_then(|row| shelf.update(row));
    let install = format!("/plugins/{}/install", it.plugin_id);
    let foot = match (own, update) {
        _ if !who.may_act() => Html::empty(),
        (Some(_), None) => link(
            &format!("/plugins/installed/{}", it.plugin_id),
            "btn btn-plain btn-sm",
            "settings",
            &t.t("adm-manage"),
        ),
        _ if !blockers.is_empty() => Html::empty(),
        (None, _) => link(
            &install,
            "btn btn-plain btn-sm",
            "download",
            &t.t("adm-install"),
        ),
        (Some(_), Some(_)) => link(
            &install,
            "btn btn-plain btn-sm",
            "arrow-up",
            &t.t("adm-upgrade"),
        ),
    };
    let card = PluginCard::new(&it.name, href)
        .publisher(&it.publisher, None)
        .line(&it.summary)
        .badge(parts::risk_badge(t, it.risk, &reasons));
    let card = match (own, update) {
        (Some(_), None) => card.badge(pill(Tone::Ok, "circle-check", &t.t("adm-installed"))),
        (Some(_), Some(_)) => card.badge(pill(Tone::Info, "arrow-up", &t.t("adm-update-there"))),
        (None, _) if blockers.is_empty() => card,
        (None, _) => card.badge(why::fit(t, &blockers)),
    };
    card.badge(parts::beta(t, it.channel))
        .fact("tag", it.version.to_string())
        .fact("clock", t.ago(it.listed_at))
        .foot(foot)
}

/// How far behind the catalog may be, when it is.
fn freshness(t: &T, state: &CatalogState) -> Html {
    if !state.stale {
        return Html::empty();
    }
    let (title, text) = match state.polled_at {
        Some(at) => {
            let text = say(t, "adm-todo-stale-since", &[("ago", &t.ago(at))]);
            (t.t("adm-todo-stale"), text)
        }
        None => (t.t("adm-todo-unsynced"), t.t("adm-todo-unsynced-text")),
    };
    Note::new(Tone::Warn, title, text).html()
}

fn foot(t: &T, query: &ListQuery, shown: usize, all: usize) -> Html {
    let numbers = [("shown", shown), ("total", all)].map(|(k, n)| (k, n.to_string()));
    let args: Vec<(&str, &str)> = numbers.iter().map(|(k, n)| (*k, n.as_str())).collect();
    let words = chip(&say(t, "table-shown-of", &args));
    let csv = link(&query.with("format", Some("csv")), "", "", "CSV");
    let json = link(&query.with("format", Some("json")), "", "", "JSON");
    parts::row([words, csv, json])
}

fn export(shelf: &Shelf, found: &[&Offer]) -> Export {
    let columns = vec![
        "plugin",
        "name",
        "publisher",
        "version",
        "channel",
        "risk",
        "kind",
        "listedAt",
        "installed",
        "fits",
    ];
    let rows = found.iter().map(|offer| {
        let it = &offer.newest;
        let own = shelf
            .own(&it.plugin_id)
            .and_then(|r| r.route.committed.as_ref());
        vec![
            json!(it.plugin_id),
            json!(it.name),
            json!(it.publisher),
            json!(it.version),
            json!(it.channel),
            json!(it.risk),
            json!(it.kind),
            json!(it.listed_at),
            json!(own.map(|r| &r.version)),
            json!(shelf.blockers(it).is_empty()),
        ]
    });
    Export::new("catalog", columns).rows(rows)
}
