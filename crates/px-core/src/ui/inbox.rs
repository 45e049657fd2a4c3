//! Messages, unread first.

use axum::extract::{Form, State};
use px_model::{InboxId, PluginId};
use px_notify::{InboxMessage, Severity, list_inbox, mark_all_read, mark_read};
use px_web::i18n::T;
use px_web::ui::{self, Card, Empty};
use px_web::{Answer, Failure, Flash, Html, Ui};
use serde::Deserialize;

use super::operations::slice;
use super::parts::{self, counted, link};
use super::who::Reader;
use crate::Core;
use crate::store::catalog;

/// Messages read at most.
const LOOK: u32 = 500;

/// `GET /inbox`
pub(super) async fn page(State(core): State<Core>, ui: Ui, who: Reader) -> Answer {
    let (t, query) = (&ui.t, ui.list());
    let unread_only = query.get("show") == Some("unread");
    let mut all = Vec::new();
    for audience in who.audiences() {
        all.extend(list_inbox(core.db(), &audience, unread_only, LOOK).await?);
    }
    all.sort_by_key(|m| (m.read_at.is_some(), std::cmp::Reverse(m.at)));
    let unread = all.iter().filter(|m| m.read_at.is_none()).count();
    let tabs = [
        (t.t("adm-inbox-all"), "/inbox".to_owned(), !unread_only),
        (
            t.t("adm-inbox-unread"),
            "/inbox?show=unread".to_owned(),
            unread_only,
        ),
    ];
    let (shown, next) = slice(&query, &all);
    let mut items = Vec::new();
    for one in shown {
        let way = about(&core, t, one.subject.as_deref()).await?;
        items.push(message(&ui, &who, one, way));
    }
    let list = if items.is_empty() {
        let (title, text) = (t.t("adm-inbox-none"), t.t("adm-inbox-none-text"));
        Card::new("", Empty::new("inbox", title, text).html())
            .flush()
            .html()
    } else {
        parts::stack(items)
    };
    let more = next.map_or_else(Html::empty, |cursor| {
        let href = query.with("cursor", Some(&cursor));
        link(&href, "btn btn-plain", "", &t.t("table-next"))
    });
    let lead = if unread == 0 {
        t.t("adm-inbox-lead-none")
    } else {
        counted(t, "adm-inbox-lead", unread)
    };
    let read_all = if unread > 0 && who.may_act() {
        let button = ui.action("/inbox/read", t.t("adm-read-all"));
        button.icon("checks").field("id", "all").html()
    } else {
        Html::empty()
    };
    let page = parts::frame(&core, &ui, &who, "inbox", t.t("adm-nav-inbox")).await;
    let page = page.lead(lead).actions(read_all);
    Ok(page.show_html(parts::body(&ui, &who, [ui::tabs(t, &tabs), list, more])))
}

fn message(ui: &Ui, who: &Reader, message: &InboxMessage, about: Html) -> Html {
    let (t, lang) = (&ui.t, ui.t.lang().tag());
    let body = parts::paragraph(message.body.get(lang));
    let when = ui::time(t, message.at);
    let new = if message.read_at.is_none() {
        ui::chip(&t.t("adm-unread"))
    } else {
        Html::empty()
    };
    let level = if message.level > Severity::Info {
        parts::severity(t, message.level)
    } else {
        Html::empty()
    };
    let read = if message.read_at.is_none() && who.may_act() {
        ui.action("/inbox/read", t.t("adm-read"))
            .icon("check")
            .small()
            .field("id", message.id.to_string())
            .html()
    } else {
        Html::empty()
    };
    let foot = parts::row([about, read]);
    let quiet = Html::trusted(format!(r#"<small class="px-muted">{when}</small>"#));
    let inner = parts::stack([body, foot]);
    Card::new(message.title.get(lang), inner)
        .action(Html::join([new, level, quiet]))
        .html()
}

/// The way to what a message or an alert is about.
pub(super) async fn about(core: &Core, t: &T, subject: Option<&str>) -> Answer<Html> {
    let Some(subject) = subject else {
        return Ok(Html::empty());
    };
    let (href, key) = if subject.starts_with("ins_") {
        (format!("/operations/{subject}"), "adm-to-operation")
    } else if subject.starts_with("rol_") {
        (format!("/rollouts/{subject}"), "adm-to-rollout")
    } else if let Ok(version) = subject.parse() {
        match catalog::get(core.db(), version).await? {
            Some(l) => (
                format!("/plugins/marketplace/{}", l.plugin_id),
                "adm-to-catalog",
            ),
            None => return Ok(Html::empty()),
        }
    } else if subject.parse::<PluginId>().is_ok() {
        (format!("/plugins/installed/{subject}"), "adm-to-plugin")
    } else {
        return Ok(Html::empty());
    };
    Ok(link(&href, "btn btn-plain btn-sm", "", &t.t(key)))
}

#[derive(Deserialize)]
pub(super) struct Read {
    id: String,
}

/// `POST /inbox/read`: one message, or all of them.
pub(super) async fn read(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Form(form): Form<Read>,
) -> Answer {
    who.admin()?;
    let mut tx = core.db().begin().await?;
    let mut marked = 0;
    if form.id == "all" {
        for audience in who.audiences() {
            marked += mark_all_read(&mut tx, &audience).await?;
        }
    } else {
        let id: InboxId = form.id.parse().map_err(|_| Failure::not_found("message"))?;
        for audience in who.audiences() {
            marked += u64::from(mark_read(&mut tx, &audience, id).await?);
        }
    }
    tx.commit().await?;
    if marked == 0 && form.id != "all" {
        return Err(Failure::not_found("message"));
    }
    let n = usize::try_from(marked).unwrap_or(usize::MAX);
    let flash = Flash::done(counted(&ui.t, "adm-read-done", n), None);
    Ok(ui.redirect("/inbox", &flash))
}
