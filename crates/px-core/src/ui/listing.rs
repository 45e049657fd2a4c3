//! One plugin of the Marketplace, seen from this tenant.

use axum::extract::{Form, Path, State};
use px_api::market::ListedVersion;
use px_model::{Channel, PluginId, VersionState};
use px_web::i18n::T;
use px_web::ui::{self, Card, Column, Note, Row, Table, Tone};
use px_web::{Answer, Failure, Flash, Html, Ui};
use serde::Deserialize;

use super::parts::{self, fail, link, say};
use super::who::Reader;
use super::{notes, permissions, why};
use crate::Core;
use crate::app::install::resolve::missing;
use crate::app::pages::{Offer, Shelf};

/// `GET /plugins/marketplace/{plugin}`
pub(super) async fn page(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(plugin): Path<String>,
) -> Answer {
    let (t, plugin) = (&ui.t, named(&plugin)?);
    let shelf = core.shelf(&who.scope()).await.map_err(fail)?;
    let offer = shelf
        .offer(&plugin)
        .ok_or_else(|| Failure::not_found("plugin"))?;
    let subscribed = core
        .is_subscribed(&who.scope(), &plugin)
        .await
        .map_err(fail)?;
    let it = &offer.newest;
    let side = parts::stack([
        about(t, &shelf, it),
        dependencies(t, &shelf, it),
        news(&ui, &who, &shelf, &plugin, subscribed),
    ]);
    let granted = shelf.own(&plugin).and_then(|r| r.route.committed.as_ref());
    let granted = granted.map_or(&[][..], |r| r.granted.as_slice());
    let added = if shelf.own(&plugin).is_some() {
        missing(&it.permissions, granted)
    } else {
        Vec::new()
    };
    let rights = permissions::list(t, &it.permissions, &added);
    let wide = parts::stack([
        whats_new(t, it),
        Card::new(t.t("adm-permissions"), rights).html(),
        versions(&ui, &who, &shelf, offer),
    ]);
    let page = parts::frame(&core, &ui, &who, "catalog", it.name.clone()).await;
    let page = page
        .crumb(t.t("adm-nav-catalog"), "/plugins/marketplace")
        .lead(it.summary.clone())
        .actions(actions(t, &who, &shelf, it));
    let pieces = [blocked(t, &shelf, it), parts::split(&wide, &side)];
    let pieces = pieces.into_iter().filter(|p| !p.is_empty());
    Ok(page.show_html(parts::body(&ui, &who, pieces)))
}

/// A plugin's id from the address.
pub(super) fn named(text: &str) -> Answer<PluginId> {
    text.parse().map_err(|_| Failure::not_found("plugin"))
}

fn actions(t: &T, who: &Reader, shelf: &Shelf, it: &ListedVersion) -> Html {
    let plugin = &it.plugin_id;
    let install = format!("/plugins/{plugin}/install");
    let own = shelf.own(plugin);
    if let Some(operation) = shelf.operation(plugin) {
        let href = format!("/operations/{}", operation.id);
        return link(&href, "btn btn-primary", "activity", &t.t("adm-follow"));
    }
    let manage = own.map(|_| {
        let href = format!("/plugins/installed/{plugin}");
        link(&href, "btn btn-plain", "settings", &t.t("adm-manage"))
    });
    let update = own.and_then(|row| shelf.update(row));
    let go = match (who.may_act(), own, update) {
        (true, None, _) if shelf.blockers(it).is_empty() => {
            link(&install, "btn btn-primary", "download", &t.t("adm-install"))
        }
        (true, Some(_), Some(l)) if shelf.blockers(l).is_empty() => {
            let word = say(t, "adm-upgrade-to", &[("version", &l.version.to_string())]);
            link(&install, "btn btn-primary", "arrow-up", &word)
        }
        _ => Html::empty(),
    };
    Html::join(manage.into_iter().chain([go]))
}

fn blocked(t: &T, shelf: &Shelf, it: &ListedVersion) -> Html {
    let blockers = shelf.blockers(it);
    if blockers.is_empty() {
        return Html::empty();
    }
    let items = blockers.iter().map(|b| why::sentence(t, b)).collect();
    Note::new(Tone::Warn, t.t("adm-blocked"), "")
        .items(items)
        .html()
}

fn about(t: &T, shelf: &Shelf, it: &ListedVersion) -> Html {
    let own = shelf.own(&it.plugin_id);
    let serves = own.and_then(|r| r.route.committed.as_ref());
    let reasons = permissions::reasons(t, it.risk, &it.permissions, &it.kind);
    let runs_on = it.corex_version.clone().unwrap_or_else(|| t.t("adm-any"));
    let mut list = vec![
        (t.t("adm-publisher"), Html::text(&it.publisher)),
        (t.t("adm-newest"), Html::text(&it.version.to_string())),
        (t.t("adm-risk"), parts::risk_badge(t, it.risk, &reasons)),
        (t.t("adm-kind"), Html::text(&parts::kind_word(t, &it.kind))),
        (t.t("adm-runs-on"), Html::text(&runs_on)),
        (t.t("adm-this-core"), Html::text(&shelf.core.to_string())),
        (t.t("adm-size"), Html::text(&t.size(it.artifact.size))),
        (t.t("adm-listed"), ui::time(t, it.listed_at)),
        (t.t("adm-id"), ui::copyable(t, it.plugin_id.as_str())),
    ];
    if let Some(release) = serves {
        let text = Html::text(&release.version.to_string());
        list.insert(2, (t.t("adm-yours"), text));
    }
    Card::new(t.t("adm-about"), ui::facts(&list)).html()
}

fn dependencies(t: &T, shelf: &Shelf, it: &ListedVersion) -> Html {
    let items: Vec<Html> = it
        .dependencies
        .iter()
        .map(|need| {
            let own = shelf.own(&need.plugin);
            let has = own.and_then(|r| r.route.committed.as_ref());
            let state = match has {
                Some(r) if need.range.contains(&r.version) => {
                    ui::pill(Tone::Ok, "check", &r.version.to_string())
                }
                Some(r) => ui::pill(Tone::Warn, "alert-triangle", &r.version.to_string()),
                None => ui::pill(Tone::Warn, "x", &t.t("adm-not-installed")),
            };
            let href = format!("/plugins/marketplace/{}", need.plugin);
            let name = if shelf.offer(&need.plugin).is_some() {
                link(&href, "", "", need.plugin.as_str())
            } else {
                Html::text(need.plugin.as_str())
            };
            let range = Html::text(&need.range.to_string());
            Html::trusted(format!(
                r#"<div class="px-row px-between"><span>{name} <code>{range}</code></span>{state}</div>"#
            ))
        })
        .collect();
    let inner = if items.is_empty() {
        parts::muted(&t.t("adm-needs-nothing"))
    } else {
        parts::stack(items)
    };
    Card::new(t.t("adm-needs"), inner).html()
}

/// Being told about new versions without having the plugin.
fn news(ui: &Ui, who: &Reader, shelf: &Shelf, plugin: &PluginId, subscribed: bool) -> Html {
    if !who.may_act() || shelf.own(plugin).is_some() {
        return Html::empty();
    }
    let t = &ui.t;
    let (text, label, icon, wish) = if subscribed {
        ("adm-told-yes", "adm-told-stop", "bell", "no")
    } else {
        ("adm-told-no", "adm-told-start", "bell", "yes")
    };
    let url = format!("/plugins/marketplace/{plugin}/subscribe");
    let button = ui.action(url, t.t(label)).icon(icon).field("wish", wish);
    let how = link(super::told::PATH, "", "", &t.t("adm-told-how"));
    let how = Html::trusted(format!("<div>{how}</div>"));
    let inner = parts::stack([parts::paragraph(&t.t(text)), button.html(), how]);
    Card::new(t.t("adm-told"), inner).html()
}

fn whats_new(t: &T, it: &ListedVersion) -> Html {
    let title = say(t, "adm-whats-new", &[("version", &it.version.to_string())]);
    let inner = match it.notes.as_deref().filter(|n| !n.trim().is_empty()) {
        Some(text) => notes::render(text),
        None => parts::muted(&t.t("adm-no-notes")),
    };
    Card::new(title, inner).html()
}

fn versions(ui: &Ui, who: &Reader, shelf: &Shelf, offer: &Offer) -> Html {
    let (t, query) = (&ui.t, ui.list());
    let own = shelf.own(&offer.newest.plugin_id);
    let serves = own.and_then(|r| r.route.committed.as_ref());
    let rows = offer.versions.iter().take(50).map(|l| {
        let mine = serves.is_some_and(|r| r.version == l.version);
        let blockers = shelf.blockers(l);
        let state = if mine {
            ui::pill(Tone::Ok, "circle-check", &t.t("adm-installed"))
        } else if l.state == VersionState::Listed {
            why::fit(t, &blockers)
        } else {
            ui::version_state(t, l.state)
        };
        let go = if who.may_act() && !mine && blockers.is_empty() {
            let href = format!("/plugins/{}/install?version={}", l.plugin_id, l.version);
            link(&href, "btn btn-plain btn-sm", "", &t.t("adm-choose"))
        } else {
            Html::empty()
        };
        let channel = ui::chip(&parts::channel_word(t, l.channel));
        let version = Html::trusted(format!(
            "<strong>{}</strong>",
            Html::text(&l.version.to_string())
        ));
        Row::new([
            parts::line([version, channel]),
            ui::risk(t, l.risk, &[]),
            ui::time(t, l.listed_at),
            state,
            go,
        ])
    });
    let table = Table::new(t, &query, t.t("adm-versions"))
        .column(Column::new(t.t("adm-col-version")))
        .column(Column::new(t.t("adm-risk")))
        .column(Column::new(t.t("adm-listed")))
        .column(Column::new(t.t("adm-col-here")))
        .column(Column::new(""))
        .rows(rows);
    Card::new(t.t("adm-versions"), table.plain()).flush().html()
}

#[derive(Deserialize)]
pub(super) struct Wish {
    wish: String,
}

/// `POST /plugins/marketplace/{plugin}/subscribe`
pub(super) async fn subscribe(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(plugin): Path<String>,
    Form(form): Form<Wish>,
) -> Answer {
    let (admin, plugin) = (who.admin()?, named(&plugin)?);
    let (done, key) = if form.wish == "yes" {
        (
            core.subscribe(&admin, &plugin, Channel::Stable).await,
            "adm-told-started",
        )
    } else {
        (core.unsubscribe(&admin, &plugin).await, "adm-told-stopped")
    };
    let audit = done.map_err(fail)?;
    let path = format!("/plugins/marketplace/{plugin}");
    Ok(ui.redirect(&path, &Flash::done(ui.t.t(key), Some(audit))))
}
