//! One rollout: batches with their progress, who is stuck and why, and the ways to steer it.

use axum::extract::{Form, Path, State};
use axum::response::Response;
use http::StatusCode;
use px_api::Problem;
use px_model::RolloutId;
use px_web::http::Export;
use px_web::i18n::T;
use px_web::identity::PlatformOps;
use px_web::ui::{self, Card, Field, Note, Stat, Tone, pill};
use px_web::{Answer, Failure, Flash, Html, Ui};

use super::operation::Reason;
use super::parts::{self, count, foreign, link, refused, say};
use super::rollout_members;
use super::rollouts::{current, members_in, name_of, names, state};
use super::who::Reader;
use crate::Core;
use crate::app::authority::{PlatformOps as Ops, TenantScope};
use crate::app::rollout::{BatchRow, MemberState, RolloutState, View};
use crate::store::pages::{self, MemberRow};
use crate::store::rollouts::{self, Rollout};

/// Everything the page of a rollout shows.
pub(super) struct Sheet {
    pub(super) rollout: Rollout,
    pub(super) view: View,
    pub(super) members: Vec<MemberRow>,
    pub(super) name: String,
}

async fn load(core: &Core, id: &str) -> Answer<Sheet> {
    let missing = || Failure::not_found("rollout");
    let id: RolloutId = id.parse().map_err(|_| missing())?;
    let (db, every) = (core.db(), TenantScope::every());
    let rollout = rollouts::get(db, id).await?.ok_or_else(missing)?;
    let names = names(core).await?;
    Ok(Sheet {
        view: rollouts::view(db, &every, &rollout).await?,
        members: pages::members(db, &every, id).await?,
        name: name_of(&names, rollout.plugin.as_str()).to_owned(),
        rollout,
    })
}

/// `GET /rollouts/{rollout}`
pub(super) async fn page(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    _ops: PlatformOps,
    Path(id): Path<String>,
) -> Answer {
    let sheet = load(&core, &id).await?;
    let query = ui.list();
    if Export::wanted(&query) {
        return Ok(rollout_members::export(&sheet).answer(&query));
    }
    let step = query.get("ask").map(str::to_owned);
    Ok(show(&core, &ui, &who, &sheet, step.as_deref(), "", None).await)
}

async fn show(
    core: &Core,
    ui: &Ui,
    who: &Reader,
    sheet: &Sheet,
    ask: Option<&str>,
    reason: &str,
    problem: Option<&Problem>,
) -> Response {
    let (t, it) = (&ui.t, &sheet.rollout);
    let base = format!("/rollouts/{}", it.id);
    let inner = live_part(t, sheet);
    let (stream, poll) = (format!("{base}/live"), format!("{base}/part"));
    let part = ui::live_every("rollout", super::live::every(core), &stream, &poll, &inner);
    let form = ask.map_or_else(Html::empty, |step| ask_form(ui, sheet, step, reason));
    let problem_panel = problem.map_or_else(Html::empty, |p| parts::refusal(t, p));
    let status = problem.and_then(|p| StatusCode::from_u16(p.status).ok());
    let title = format!("{} {}", sheet.name, it.version);
    let page = parts::frame(core, ui, who, "rollouts", title).await;
    let page = page
        .crumb(t.t("adm-nav-rollouts"), "/rollouts")
        .lead(lead(t, sheet))
        .actions(buttons(t, sheet))
        .status(status.unwrap_or(StatusCode::OK));
    let pieces = [problem_panel, form, part, rollout_members::list(ui, sheet)];
    page.show_html(parts::stack(pieces.into_iter().filter(|p| !p.is_empty())))
}

fn lead(t: &T, sheet: &Sheet) -> String {
    let done = members_in(&sheet.view, None, &[MemberState::Committed]);
    let numbers = [
        ("done", done.to_string()),
        ("all", sheet.members.len().to_string()),
        ("batch", current(&sheet.view).to_string()),
        ("batches", sheet.view.batches.len().to_string()),
    ];
    let args: Vec<(&str, &str)> = numbers.iter().map(|(k, v)| (*k, v.as_str())).collect();
    say(t, "adm-rollout-lead", &args)
}

fn buttons(t: &T, sheet: &Sheet) -> Html {
    let base = format!("/rollouts/{}", sheet.rollout.id);
    let go = |step: &str, class: &str, icon: &str, key: &str| {
        link(&format!("{base}?ask={step}#ask"), class, icon, &t.t(key))
    };
    match sheet.rollout.state {
        RolloutState::Running => Html::join([
            go("pause", "btn btn-plain", "player-pause", "adm-pause"),
            go("end", "btn btn-plain", "player-stop", "adm-end"),
        ]),
        RolloutState::Paused => Html::join([
            go("end", "btn btn-plain", "player-stop", "adm-end"),
            go("resume", "btn btn-primary", "player-play", "adm-resume"),
        ]),
        _ => Html::empty(),
    }
}

/// What will happen, a reason, the button.
fn ask_form(ui: &Ui, sheet: &Sheet, step: &str, reason: &str) -> Html {
    let t = &ui.t;
    let open = matches!(
        sheet.rollout.state,
        RolloutState::Running | RolloutState::Paused
    );
    let (label, what, class) = match step {
        "pause" if open => ("adm-pause", "adm-pause-what", "btn btn-primary"),
        "resume" if open => ("adm-resume", "adm-resume-what", "btn btn-primary"),
        "end" if open => ("adm-end", "adm-end-what", "btn btn-danger"),
        _ => return Html::empty(),
    };
    let base = format!("/rollouts/{}", sheet.rollout.id);
    let field = Field::area("reason", t.t("reason-required"), 2)
        .value(reason)
        .required()
        .html();
    let (word, action) = (
        Html::text(&t.t(label)),
        Html::text(&format!("{base}/{step}")),
    );
    let (csrf, what) = (ui.csrf_field(), parts::paragraph(&t.t(what)));
    let back = link(&base, "btn btn-plain", "", &t.t("cancel"));
    let form = Html::trusted(format!(
        r#"<form class="px-form" method="post" action="{action}">{csrf}{what}{field}<div class="px-row"><button class="{class}" type="submit">{word}</button>{back}</div></form>"#
    ));
    Card::new(t.t(label), form).id("ask").html()
}

fn live_part(t: &T, sheet: &Sheet) -> Html {
    let mut pieces = Vec::new();
    if sheet.rollout.state == RolloutState::Paused {
        let why = sheet.rollout.reason.as_deref().unwrap_or_default();
        let why = Html::trusted(format!("<p>{}</p>", foreign(t, why)));
        let note = Note::new(Tone::Warn, t.t("adm-rollout-stands"), "").extra(why);
        pieces.push(note.html());
    }
    pieces.push(stats(t, sheet));
    let batches = sheet.view.batches.iter().map(|b| batch(t, sheet, b));
    let list = parts::stack(batches);
    let head = state(t, sheet.rollout.state);
    pieces.push(Card::new(t.t("adm-batches"), list).action(head).html());
    parts::stack(pieces)
}

fn stats(t: &T, sheet: &Sheet) -> Html {
    let number = |states: &[MemberState]| {
        let n = members_in(&sheet.view, None, states);
        (n, parts::number(t, count(n)))
    };
    let (_, done) = number(&[MemberState::Committed]);
    let (_, running) = number(&[MemberState::Installing]);
    let (_, waiting) = number(&[MemberState::Pending]);
    let (failed, failed_words) = number(&[MemberState::Failed, MemberState::Forgiven]);
    let out = members_in(&sheet.view, None, &[MemberState::Excluded]);
    let out = if out == 0 {
        String::new()
    } else {
        parts::counted(t, "adm-n-excluded", out)
    };
    let tone = if failed > 0 { Tone::Danger } else { Tone::Ok };
    let key = if failed > 0 {
        "adm-failed-some"
    } else {
        "adm-failed-none"
    };
    let filter = |state: &str| format!("/rollouts/{}?state={state}#tenants", sheet.rollout.id);
    Stat::row(&[
        Stat::new(t.t("adm-member-committed"), done)
            .icon("circle-check")
            .href(filter("committed")),
        Stat::new(t.t("adm-member-installing"), running)
            .icon("activity")
            .href(filter("installing")),
        Stat::new(t.t("adm-member-pending"), waiting)
            .icon("clock-pause")
            .note(Tone::Neutral, out)
            .href(filter("pending")),
        Stat::new(t.t("adm-member-failed"), failed_words)
            .icon("circle-x")
            .note(tone, t.t(key))
            .href(filter("failed")),
    ])
}

/// Where a batch stands.
fn batch_state(t: &T, sheet: &Sheet, batch: &BatchRow) -> Html {
    let now = current(&sheet.view) == batch.batch + 1;
    let (tone, icon, word) = match (batch.settled, batch.started, sheet.rollout.state) {
        (Some(_), _, _) => (Tone::Ok, "circle-check", "adm-batch-passed"),
        (_, _, RolloutState::Paused) if now => (Tone::Warn, "player-pause", "adm-batch-paused"),
        (None, Some(_), RolloutState::Running) => (Tone::Busy, "player-play", "adm-batch-running"),
        (_, _, RolloutState::Running | RolloutState::Paused) => {
            (Tone::Neutral, "clock", "adm-batch-pending")
        }
        _ => (Tone::Neutral, "minus", "adm-batch-never"),
    };
    pill(tone, icon, &t.t(word))
}

fn batch(t: &T, sheet: &Sheet, batch: &BatchRow) -> Html {
    let index = batch.batch;
    let all = sheet
        .view
        .members
        .iter()
        .filter(|m| m.batch == index)
        .count();
    let done = members_in(&sheet.view, Some(index), &[MemberState::Committed]);
    let failed = members_in(
        &sheet.view,
        Some(index),
        &[MemberState::Failed, MemberState::Forgiven],
    );
    let state = batch_state(t, sheet, batch);
    let when = match (batch.settled.or(batch.started), batch.start_at) {
        (Some(at), _) => ui::time(t, at),
        (None, Some(at)) => Html::text(&say(t, "adm-not-before", &[("at", &t.datetime(at))])),
        (None, None) if batch.wait.as_secs() > 0 => {
            let span = t.duration(batch.wait.as_secs());
            Html::text(&say(t, "adm-batch-wait", &[("span", &span)]))
        }
        (None, None) => Html::empty(),
    };
    let share = format!("{} %", batch.percentage);
    let number = (index + 1).to_string();
    let key = if batch.percentage == 0 {
        "adm-batch-first"
    } else {
        "adm-batch"
    };
    let title = say(t, key, &[("n", &number), ("share", &share)]);
    let failed_words = if failed > 0 {
        pill(
            Tone::Danger,
            "circle-x",
            &parts::counted(t, "adm-n-failed", failed),
        )
    } else {
        Html::empty()
    };
    let words = parts::say(
        t,
        "adm-n-of-m",
        &[("done", &done.to_string()), ("all", &all.to_string())],
    );
    let bar_tone = if failed > 0 { Tone::Danger } else { Tone::Ok };
    let bar = ui::progress(t, bar_tone, count(done), count(all), &words);
    let title = Html::text(&title);
    Html::trusted(format!(
        r#"<div><div class="px-row px-between mb-1"><strong>{title}</strong><span class="px-row">{failed_words}<small class="px-muted">{when}</small>{state}</span></div>{bar}</div>"#
    ))
}

/// `GET /rollouts/{rollout}/part`
pub(super) async fn part(
    State(core): State<Core>,
    ui: Ui,
    _ops: PlatformOps,
    Path(id): Path<String>,
) -> Answer {
    let sheet = load(&core, &id).await?;
    Ok(ui.fragment(live_part(&ui.t, &sheet)))
}

/// `GET /rollouts/{rollout}/live`
pub(super) async fn live(
    State(core): State<Core>,
    ui: Ui,
    _ops: PlatformOps,
    Path(id): Path<String>,
) -> Answer {
    load(&core, &id).await?;
    let source = core.clone();
    Ok(super::live::follow(&source, move || {
        let (core, id) = (core.clone(), id.clone());
        let t = ui.t.at(core.db().env().now());
        async move {
            let sheet = load(&core, &id).await?;
            Ok(live_part(&t, &sheet))
        }
    }))
}

/// `POST /rollouts/{rollout}/pause|resume|end`
pub(super) async fn steer(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    ops: PlatformOps,
    Path((id, step)): Path<(String, String)>,
    Form(form): Form<Reason>,
) -> Answer {
    let sheet = load(&core, &id).await?;
    let auth = Ops { actor: ops.actor() };
    let (rollout, why) = (sheet.rollout.id, form.reason.trim());
    let (done, key) = match step.as_str() {
        "pause" => (core.pause(&auth, rollout, why).await, "adm-paused"),
        "resume" => (core.resume(&auth, rollout, why).await, "adm-resumed"),
        "end" => (core.end_rollout(&auth, rollout, why).await, "adm-ended"),
        _ => return Err(Failure::not_found("action")),
    };
    match done {
        Ok(audit) => {
            let flash = Flash::done(ui.t.t(key), Some(audit));
            Ok(ui.redirect(&format!("/rollouts/{rollout}"), &flash))
        }
        Err(error) => {
            let problem = refused(error)?;
            let ask = Some(step.as_str());
            Ok(show(&core, &ui, &who, &sheet, ask, &form.reason, Some(&problem)).await)
        }
    }
}
