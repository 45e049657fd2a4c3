//! The inbox: what the Marketplace told somebody, unread first.

use axum::Form;
use axum::extract::State;
use px_model::InboxId;
use px_notify::{InboxMessage, Severity, list_inbox, mark_all_read, mark_read};
use px_web::i18n::T;
use px_web::identity::{Caller, SignedIn};
use px_web::ui::{self, Card, Empty, Tone};
use px_web::{Answer, Failure, Flash, Html, Ui};
use serde::Deserialize;

use super::markdown;
use super::parts::{audiences, paged, stack, unread};
use crate::Market;

/// Messages read per audience.
const KEPT: u32 = 200;

/// `GET /inbox`
pub(super) async fn page(ui: Ui, who: SignedIn, State(market): State<Market>) -> Answer {
    let (t, query) = (&ui.t, ui.list());
    let only_new = query.get("show") == Some("unread");
    let all = messages(&market, who.caller(), only_new).await?;
    let waiting = unread(&market, &ui).await;
    let tabs = ui::tabs(
        t,
        &[
            (t.t("mkt-inbox-all"), "/inbox".to_owned(), !only_new),
            (
                t.t("mkt-inbox-unread"),
                "/inbox?show=unread".to_owned(),
                only_new,
            ),
        ],
    );
    let (shown, _, next) = paged(all, &query, 50);
    let list = if shown.is_empty() {
        Empty::new("inbox", t.t("mkt-inbox-empty"), t.t("mkt-inbox-empty-text")).html()
    } else {
        let rows: String = shown
            .iter()
            .map(|m| message(&ui, m).into_string())
            .collect();
        Html::trusted(format!(r#"<ul class="mkt-inbox">{rows}</ul>"#))
    };
    let more = next.map_or_else(Html::default, |at| {
        let href = query.with("cursor", Some(&at));
        super::parts::link(&href, "btn btn-plain", &Html::empty(), &t.t("mkt-more"))
    });
    let all_read = if waiting > 0 {
        ui.action("/inbox/read", t.t("mkt-inbox-read-all"))
            .icon("checks")
            .html()
    } else {
        Html::empty()
    };
    let body = stack([
        super::parts::group([tabs, Card::new("", list).flush().html()]),
        more,
    ]);
    let lead = t.t_args("mkt-inbox-lead", &[("n", waiting.into())]);
    let page = ui.page(t.t("inbox")).lead(lead).actions(all_read).narrow();
    Ok(page.alerts(waiting).show_html(body))
}

async fn messages(market: &Market, caller: &Caller, only_new: bool) -> Answer<Vec<InboxMessage>> {
    let mut all = Vec::new();
    for audience in audiences(caller) {
        all.extend(list_inbox(market.db(), &audience, only_new, KEPT).await?);
    }
    all.sort_by_key(|m| (m.read_at.is_some(), std::cmp::Reverse(m.at)));
    Ok(all)
}

fn message(ui: &Ui, m: &InboxMessage) -> Html {
    let t = &ui.t;
    let (tone, name) = match m.level {
        Severity::Info => (Tone::Info, "info-circle"),
        Severity::Warning => (Tone::Warn, "alert-triangle"),
        Severity::Critical | Severity::Page => (Tone::Danger, "alert-circle"),
    };
    let lang = t.lang().tag();
    let (title, body) = (
        Html::text(m.title.get(lang)),
        body(t, m.body.get(lang).trim()),
    );
    let (icon, when) = (ui::icon(name), ui::time(t, m.at));
    let open = link_of(t, m);
    let (mark, button) = if m.read_at.is_none() {
        let button = ui
            .action("/inbox/read", t.t("mkt-inbox-read"))
            .field("message", m.id.to_string())
            .html();
        (
            format!(
                r#"<span class="px-sr">{}</span>"#,
                Html::text(&t.t("mkt-inbox-new"))
            ),
            button,
        )
    } else {
        (String::new(), Html::empty())
    };
    let (tone, fresh) = (tone.as_str(), m.read_at.is_none());
    Html::trusted(format!(
        r#"<li data-row data-new="{fresh}"><span class="px-{tone}">{icon}</span><div class="mkt-grow"><div class="px-row px-between"><strong>{title}</strong><span class="px-muted">{when}</span></div>{mark}{body}<div class="px-row mkt-tools">{open}{button}</div></div></li>"#
    ))
}

/// The first paragraph, and the rest behind a click.
fn body(t: &T, text: &str) -> Html {
    let (first, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let first = format!(
        r#"<div class="px-muted mkt-pre">{}</div>"#,
        Html::text(first)
    );
    if rest.trim().is_empty() {
        return Html::trusted(first);
    }
    let (more, rest) = (Html::text(&t.t("mkt-inbox-rest")), markdown::render(rest));
    Html::trusted(format!(
        r#"{first}<details class="mkt-more"><summary>{more}</summary>{rest}</details>"#
    ))
}

/// What a message is about, where this reader has a page for it.
fn link_of(t: &T, m: &InboxMessage) -> Html {
    let Some(subject) = &m.subject else {
        return Html::empty();
    };
    if !subject.starts_with("rev_") {
        return Html::empty();
    }
    let folder = if m.audience.starts_with("publisher:") {
        "/my/reviews"
    } else {
        "/review"
    };
    let href = format!("{folder}/{subject}");
    super::parts::link(&href, "btn btn-plain", &Html::empty(), &t.t("mkt-open"))
}

#[derive(Deserialize)]
pub(super) struct Read {
    message: Option<String>,
}

/// `POST /inbox/read`: one message, or all of them.
pub(super) async fn read(
    ui: Ui,
    who: SignedIn,
    State(market): State<Market>,
    Form(form): Form<Read>,
) -> Answer {
    let unknown = |_| Failure::not_found("message");
    let id: Option<InboxId> = form
        .message
        .map(|m| m.parse().map_err(unknown))
        .transpose()?;
    let mut tx = market.db().begin().await?;
    for audience in audiences(who.caller()) {
        match id {
            Some(id) => {
                mark_read(&mut tx, &audience, id).await?;
            }
            None => {
                mark_all_read(&mut tx, &audience).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(ui.redirect("/inbox", &Flash::done(ui.t.t("mkt-inbox-done"), None)))
}
