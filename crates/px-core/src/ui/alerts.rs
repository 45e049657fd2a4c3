//! Alerts: what happened, what was done by itself, what one can do.

use axum::extract::{Path, State};
use px_model::AlertId;
use px_notify::{Alert, AlertState, acknowledge as take_note, get_alert, list_alerts};
use px_web::http::Export;
use px_web::i18n::T;
use px_web::ui::{self, Card, Empty, Look, Tone, pill};
use px_web::{Answer, Failure, Flash, Html, Ui};
use serde_json::json;

use super::inbox::about;
use super::operations::slice;
use super::parts::{self, counted, link};
use super::who::Reader;
use crate::Core;

/// `GET /alerts`
pub(super) async fn page(State(core): State<Core>, ui: Ui, who: Reader) -> Answer {
    let (t, query) = (&ui.t, ui.list());
    let past = query.get("show") == Some("all");
    let mut all = Vec::new();
    for audience in who.audiences() {
        all.extend(list_alerts(core.db(), &audience, !past).await?);
    }
    all.sort_by_key(|a| (a.state != AlertState::Open, std::cmp::Reverse(a.last_at)));
    if Export::wanted(&query) {
        return Ok(export(t, &all).answer(&query));
    }
    let open = all.iter().filter(|a| a.state == AlertState::Open).count();
    let tabs = [
        (t.t("adm-alerts-open"), "/alerts".to_owned(), !past),
        (t.t("adm-alerts-all"), "/alerts?show=all".to_owned(), past),
    ];
    let (shown, next) = slice(&query, &all);
    let mut cards = Vec::new();
    for one in shown {
        let way = about(&core, t, one.subject.as_deref()).await?;
        cards.push(card(&ui, &who, one, way));
    }
    let list = if cards.is_empty() {
        let (title, text) = (t.t("adm-alerts-none"), t.t("adm-alerts-none-text"));
        Card::new("", Empty::new("circle-check", title, text).html())
            .flush()
            .html()
    } else {
        parts::stack(cards)
    };
    let csv = link(
        &query.with("format", Some("csv")),
        "btn btn-plain",
        "download",
        "CSV",
    );
    let more = next.map_or_else(Html::empty, |cursor| {
        let href = query.with("cursor", Some(&cursor));
        link(&href, "btn btn-plain", "", &t.t("table-next"))
    });
    let lead = if open == 0 {
        t.t("adm-alerts-lead-none")
    } else {
        counted(t, "adm-alerts-lead", open)
    };
    let page = parts::frame(&core, &ui, &who, "alerts", t.t("adm-nav-alerts")).await;
    let page = page.lead(lead).actions(csv);
    Ok(page.show_html(parts::body(&ui, &who, [ui::tabs(t, &tabs), list, more])))
}

fn part(t: &T, key: &str, text: &str) -> Html {
    if text.is_empty() {
        return Html::empty();
    }
    let (head, text) = (Html::text(&t.t(key)), Html::text(text));
    Html::trusted(format!(
        r#"<div><div class="px-muted">{head}</div><p class="mb-0">{text}</p></div>"#
    ))
}

fn card(ui: &Ui, who: &Reader, alert: &Alert, about: Html) -> Html {
    let (t, lang) = (&ui.t, ui.t.lang().tag());
    let slug = alert.kind.replace(['.', '_'], "-");
    let known = |about: &str| {
        t.find(&format!("adm-alert-{slug}-{about}"))
            .unwrap_or_default()
    };
    let todo = known("do");
    let todo = if todo.is_empty() {
        t.t("adm-alert-do")
    } else {
        todo
    };
    let mut pieces = vec![
        part(t, "adm-what-happened", alert.body.get(lang)),
        part(t, "adm-done-by-itself", &known("did")),
        part(t, "adm-you-can", &todo),
    ];
    let note = match (alert.state, &alert.acknowledged_by) {
        (AlertState::Open, _) if who.may_act() => ui
            .action(
                format!("/alerts/{}/acknowledge", alert.id),
                t.t("adm-take-note"),
            )
            .look(Look::Plain)
            .icon("check")
            .small()
            .html(),
        (AlertState::Acknowledged, Some(by)) => {
            Html::text(&parts::say(t, "adm-noted-by", &[("who", by)]))
        }
        _ => Html::empty(),
    };
    pieces.push(parts::row([about, note]));
    let state = match alert.state {
        AlertState::Open => Html::empty(),
        AlertState::Acknowledged => pill(Tone::Neutral, "eye", &t.t("adm-alert-noted")),
        AlertState::Resolved => pill(Tone::Ok, "circle-check", &t.t("adm-alert-resolved")),
    };
    let times = if alert.times > 1 {
        let n = usize::try_from(alert.times).unwrap_or(1);
        ui::chip(&counted(t, "adm-alert-times", n))
    } else {
        Html::empty()
    };
    let when = ui::time(t, alert.last_at);
    let quiet = Html::trusted(format!(r#"<small class="px-muted">{when}</small>"#));
    let level = parts::severity(t, alert.severity);
    Card::new(
        alert.title.get(lang),
        parts::stack(pieces.into_iter().filter(|p| !p.is_empty())),
    )
    .action(Html::join([times, state, level, quiet]))
    .html()
}

/// `POST /alerts/{alert}/acknowledge`
pub(super) async fn acknowledge(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(id): Path<String>,
) -> Answer {
    who.admin()?;
    let missing = || Failure::not_found("alert");
    let id: AlertId = id.parse().map_err(|_| missing())?;
    let alert = get_alert(core.db(), id).await?.ok_or_else(missing)?;
    if !who.audiences().contains(&alert.audience) {
        return Err(missing());
    }
    let mut tx = core.db().begin().await?;
    let audit = take_note(&mut tx, id, who.actor()).await?;
    tx.commit().await?;
    let flash = Flash::done(ui.t.t("adm-note-taken"), Some(audit));
    Ok(ui.redirect("/alerts", &flash))
}

fn export(t: &T, all: &[Alert]) -> Export {
    let columns = vec![
        "id",
        "severity",
        "kind",
        "title",
        "body",
        "tenant",
        "subject",
        "state",
        "times",
        "firstAt",
        "lastAt",
        "acknowledgedBy",
    ];
    let lang = t.lang().tag();
    let rows = all.iter().map(|a| {
        vec![
            json!(a.id),
            json!(a.severity),
            json!(a.kind),
            json!(a.title.get(lang)),
            json!(a.body.get(lang)),
            json!(a.tenant),
            json!(a.subject),
            json!(a.state),
            json!(a.times),
            json!(a.first_at),
            json!(a.last_at),
            json!(a.acknowledged_by),
        ]
    });
    Export::new("alerts", columns).rows(rows)
}
