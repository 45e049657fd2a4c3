//! One version for its author: where it is, what happens next, what was found, how to take it back.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect};
use px_api::Problem;
use px_api::market::StatusPatch;
use px_model::{VersionId, VersionState};
use px_web::http::last_event_id;
use px_web::i18n::T;
use px_web::identity::Publisher;
use px_web::ui::{self, Card, Look, Stat, Tone};
use px_web::{Answer, Failure, Flash, Html, Ui};
use serde::Deserialize;

use super::ask::Ask;
use super::live::follow;
use super::parts::{beta, fail, muted, number, publishers, refusal, split, stack};
use super::report_parts::findings;
use super::{markdown, steps};
use crate::Market;
use crate::app::authority::PublisherAuth;
use crate::app::pages::VersionFile;

async fn owner(market: &Market, who: &Publisher, id: VersionId) -> Result<PublisherAuth, Failure> {
    market.owner_among(publishers(who), id).await.map_err(fail)
}

fn read(id: &str) -> Result<VersionId, Failure> {
    id.parse().map_err(|_| Failure::not_found("version"))
}

/// `GET /my/versions/{id}`
pub(super) async fn page(
    ui: Ui,
    who: Publisher,
    State(market): State<Market>,
    Path(id): Path<String>,
) -> Answer {
    let auth = owner(&market, &who, read(&id)?).await?;
    show(&ui, &market, &auth, read(&id)?, None).await
}

/// `GET /my/versions/{id}/part`: what is live on the page.
pub(super) async fn part(
    ui: Ui,
    who: Publisher,
    State(market): State<Market>,
    Path(id): Path<String>,
) -> Answer {
    let id = read(&id)?;
    let auth = owner(&market, &who, id).await?;
    let file = market.version_file(&auth, id).await.map_err(fail)?;
    let words = steps::next_words(&ui.t, &file.view, file.row.listed_at.is_some());
    let said = Html::trusted(format!(
        r#"<div id="mkt-said" hx-swap-oob="innerHTML">{}</div>"#,
        Html::text(&words)
    ));
    Ok(ui.fragment(Html::join([state(&ui, &file), said])))
}

#[derive(Deserialize)]
pub(super) struct Seen {
    #[serde(default)]
    pub(super) seen: i64,
}

/// `GET /my/versions/{id}/live`: says when the version changed.
pub(super) async fn live(
    who: Publisher,
    State(market): State<Market>,
    Path(id): Path<String>,
    Query(query): Query<Seen>,
    headers: http::HeaderMap,
) -> Answer {
    let id = read(&id)?;
    let auth = owner(&market, &who, id).await?;
    let seen = last_event_id(&headers)
        .and_then(|id| id.parse().ok())
        .unwrap_or(query.seen);
    let of = market.clone();
    Ok(follow(&market, seen, move || {
        let (market, auth) = (of.clone(), auth.clone());
        async move { market.version_stamp(&auth, id).await }
    }))
}

/// A refused withdrawal: why, and what was typed.
struct Refused {
    problem: Problem,
    reason: String,
}

async fn show(
    ui: &Ui,
    market: &Market,
    auth: &PublisherAuth,
    id: VersionId,
    refused: Option<Refused>,
) -> Answer {
    let file = market.version_file(auth, id).await.map_err(fail)?;
    let (t, view) = (&ui.t, &file.view);
    let base = format!("/my/versions/{id}");
    let live = Html::trusted(format!(
        r#"<div id="mkt-live" hx-ext="sse" sse-connect="{base}/live?seen={}" hx-get="{base}/part" hx-trigger="sse:changed" hx-swap="innerHTML" data-poll="{base}/part">{}</div><div id="mkt-said" class="px-sr" role="status" aria-live="polite"></div>"#,
        file.row.revision,
        state(ui, &file)
    ));
    let note = refused
        .as_ref()
        .map(|r| refusal(t, &r.problem))
        .unwrap_or_default();
    let reason = refused.as_ref().map_or("", |r| &r.reason);
    let body = stack([note, live, withdrawal(ui, &file, reason, refused.is_some())]);
    let status = refused
        .as_ref()
        .and_then(|r| http::StatusCode::from_u16(r.problem.status).ok());
    let title = format!("{} {}", view.name, view.version);
    let page = ui
        .page(title)
        .crumb(t.t("mkt-nav-mine"), "/my")
        .active("mine");
    let page = page.status(status.unwrap_or(http::StatusCode::OK));
    Ok(page.show_html(body))
}

fn state(ui: &Ui, file: &VersionFile) -> Html {
    let t = &ui.t;
    let mut wide = vec![steps::next_card(t, file)];
    wide.push(outcomes(t, file));
    if let Some(report) = &file.report {
        wide.push(Card::new(t.t("mkt-findings"), findings(t, report, true)).html());
    } else {
        wide.push(Card::new(t.t("mkt-findings"), muted(&t.t("mkt-no-report"))).html());
    }
    if let Some(notes) = &file.row.notes {
        wide.push(Card::new(t.t("mkt-notes"), markdown::render(notes)).html());
    }
    let narrow = stack([
        Card::new(t.t("mkt-way"), steps::timeline(t, &file.view.timeline)).html(),
        Card::new(t.t("mkt-facts"), facts(t, file)).html(),
        Card::new(
            t.t("mkt-permissions"),
            ui::permission_list(t, &file.view.permissions, &[]),
        )
        .html(),
    ]);
    split(&stack(wide), &narrow)
}

fn facts(t: &T, file: &VersionFile) -> Html {
    let (view, row) = (&file.view, &file.row);
    let kind = row.facts.as_ref().map(|f| f.kind.as_str());
    let reasons = ui::risk_reasons(t, view.risk, &view.permissions, kind.unwrap_or_default());
    let channel = Html::join([
        Html::text(&super::parts::channel_word(t, view.channel)),
        Html::trusted(" "),
        beta(t, view.channel),
    ]);
    let mut list = vec![
        (t.t("mkt-channel"), channel),
        (t.t("mkt-risk"), ui::risk(t, view.risk, &reasons)),
        (t.t("mkt-size"), t.size(view.artifact.size).into()),
        (t.t("mkt-id"), ui::copyable(t, view.plugin_id.as_str())),
        (
            t.t("mkt-version-id"),
            ui::copyable(t, &view.version_id.to_string()),
        ),
        (
            t.t("mkt-digest"),
            ui::copyable(t, &view.artifact.sha256.to_string()),
        ),
    ];
    if view.state == VersionState::Listed {
        let href = format!("/plugins/{}", view.plugin_id);
        let label = t.t("mkt-public-page");
        list.push((
            label.clone(),
            super::parts::link(&href, "", &Html::empty(), view.plugin_id.as_str()),
        ));
    }
    if view.state.accepts_bytes() {
        let label = t.t("mkt-received");
        let bar = ui::progress(
            t,
            Tone::Info,
            view.received_bytes,
            view.artifact.size,
            &t.size(view.received_bytes),
        );
        list.push((label, bar));
    }
    ui::facts(&list)
}

fn outcomes(t: &T, file: &VersionFile) -> Html {
    if file.row.listed_at.is_none() {
        return Html::empty();
    }
    let of = |names: &[&str]| -> u64 {
        file.outcomes
            .iter()
            .filter(|(o, _)| names.contains(&o.as_str()))
            .map(|(_, n)| n)
            .sum()
    };
    let (failed, back) = (of(&["failed"]), of(&["rolled_back", "rolled_back_by_hand"]));
    let tone = |n| if n > 0 { Tone::Warn } else { Tone::Ok };
    let note = |n| {
        if n > 0 {
            t.t("mkt-outcome-look")
        } else {
            t.t("mkt-stat-none")
        }
    };
    Stat::row(&[
        Stat::new(t.t("mkt-outcome-committed"), number(t, of(&["committed"]))).icon("download"),
        Stat::new(t.t("mkt-outcome-failed"), number(t, failed))
            .icon("circle-x")
            .note(tone(failed), note(failed)),
        Stat::new(t.t("mkt-outcome-rolled-back"), number(t, back))
            .icon("arrow-back-up")
            .note(tone(back), note(back)),
    ])
}

fn withdrawal(ui: &Ui, file: &VersionFile, reason: &str, open: bool) -> Html {
    let (t, view) = (&ui.t, &file.view);
    if !view.state.next().contains(&VersionState::Withdrawn) {
        return Html::empty();
    }
    let what = if file.row.listed_at.is_some() {
        "mkt-withdraw-listed"
    } else {
        "mkt-withdraw-what"
    };
    let url = format!("/my/versions/{}/withdraw", view.version_id);
    let ask = Ask::new(ui, url, t.t("mkt-withdraw"), t.t(what))
        .look(Look::Danger)
        .quiet()
        .submit(t.t("mkt-withdraw-send"))
        .icon("archive")
        .reason("reason", t.t("mkt-withdraw-hint"), reason)
        .open(open)
        .html();
    Card::new(t.t("mkt-withdraw-title"), ask).html()
}

#[derive(Deserialize)]
pub(super) struct Withdraw {
    #[serde(default)]
    reason: String,
}

/// `POST /my/versions/{id}/withdraw`
pub(super) async fn withdraw(
    ui: Ui,
    who: Publisher,
    State(market): State<Market>,
    Path(id): Path<String>,
    Form(form): Form<Withdraw>,
) -> Answer {
    let id = read(&id)?;
    let auth = owner(&market, &who, id).await?;
    let patch = StatusPatch {
        status: VersionState::Withdrawn,
        reason: form.reason.clone(),
    };
    match market.withdraw(&auth, id, &patch).await {
        Ok(view) => {
            let audit = market
                .newest_audit(&auth.actor, &id.to_string())
                .await
                .map_err(fail)?;
            let args = [("name", format!("{} {}", view.name, view.version).into())];
            let flash = Flash::done(ui.t.t_args("mkt-withdraw-done", &args), audit);
            Ok(ui.redirect(&format!("/my/versions/{id}"), &flash))
        }
        Err(error) if error.is_trouble() => Err(fail(error)),
        Err(error) => {
            let refused = Refused {
                problem: error.problem(),
                reason: form.reason,
            };
            show(&ui, &market, &auth, id, Some(refused)).await
        }
    }
}

/// `GET /my/reviews/{reviewId}`: messages name the review; its version has the page.
pub(super) async fn by_review(
    who: Publisher,
    State(market): State<Market>,
    Path(review): Path<String>,
) -> Answer {
    let review = super::report::read(&review)?;
    let version = market
        .version_of_review(publishers(&who), review)
        .await
        .map_err(fail)?;
    Ok(Redirect::to(&format!("/my/versions/{version}")).into_response())
}
