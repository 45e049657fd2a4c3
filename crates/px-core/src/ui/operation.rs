//! One install while it runs and after: steps, log, proof, and the ways to stop it.

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use px_api::Problem;
use px_api::core::RollbackRequest;
use px_model::{InstallId, InstallState};
use px_web::ui::{self, Card, Field, Look};
use px_web::{Answer, Failure, Flash, Html, Ui};
use serde::Deserialize;

use super::operation_parts::{Sheet, live_part, log_line};
use super::parts::{self, link, refused};
use super::who::Reader;
use crate::Core;
use crate::store::{installed, installs, logs};

async fn load(core: &Core, who: &Reader, id: &str) -> Answer<Sheet> {
    let missing = || Failure::not_found("operation");
    let id: InstallId = id.parse().map_err(|_| missing())?;
    let (db, scope) = (core.db(), who.scope());
    let install = installs::get(db, &scope, id).await?.ok_or_else(missing)?;
    let row = installed::get(db, &scope, install.tenant, &install.plugin).await?;
    let back_until = row
        .filter(|r| install.state == InstallState::Committed && r.commit_install == Some(id))
        .filter(|r| r.route.previous.is_some())
        .and_then(|r| r.pinned_until)
        .filter(|until| *until > db.env().now());
    let bytes = logs::progress_of(db, &install.digest).await?;
    Ok(Sheet {
        steps: logs::steps(db, &scope, id).await?,
        log: logs::lines(db, &scope, id).await?,
        bytes: (bytes.0, bytes.1.max(install.size)),
        back_until,
        install,
    })
}

/// `GET /operations/{install}`
pub(super) async fn page(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(id): Path<String>,
) -> Answer {
    let sheet = load(&core, &who, &id).await?;
    let query = ui.list();
    let asked = query.get("ask").filter(|_| who.may_act());
    Ok(show(&core, &ui, &who, &sheet, asked, "", None).await)
}

async fn show(
    core: &Core,
    ui: &Ui,
    who: &Reader,
    sheet: &Sheet,
    asked: Option<&str>,
    reason: &str,
    problem: Option<&Problem>,
) -> Response {
    let (t, it) = (&ui.t, &sheet.install);
    let base = format!("/operations/{}", it.id);
    let inner = live_part(t, who, sheet);
    let part = if it.state.is_final() && it.state != InstallState::Committed {
        inner
    } else {
        let (stream, poll) = (format!("{base}/live"), format!("{base}/part"));
        ui::live_every(
            "operation",
            super::live::every(core),
            &stream,
            &poll,
            &inner,
        )
    };
    let ask = match asked {
        Some("cancel") if sheet.can_cancel() => cancel_form(ui, &base),
        Some("rollback") if sheet.can_roll_back() => rollback_form(ui, &base, reason),
        _ => Html::empty(),
    };
    let title = format!("{} {}", it.name, it.version);
    let status = problem.and_then(|p| StatusCode::from_u16(p.status).ok());
    let page = parts::frame(core, ui, who, "operations", title).await;
    let page = page
        .crumb(t.t("adm-nav-operations"), "/operations")
        .status(status.unwrap_or(StatusCode::OK));
    let problem = problem.map_or_else(Html::empty, |p| parts::refusal(t, p));
    let pieces = [problem, ask, part].into_iter().filter(|p| !p.is_empty());
    page.show_html(parts::body(ui, who, pieces))
}

fn cancel_form(ui: &Ui, base: &str) -> Html {
    let t = &ui.t;
    let button = ui
        .action(format!("{base}/cancel"), t.t("adm-cancel-yes"))
        .look(Look::Danger)
        .icon("player-stop")
        .html();
    let keep = link(base, "btn btn-plain", "", &t.t("adm-keep-going"));
    let what = parts::paragraph(&t.t("adm-cancel-what"));
    let inner = parts::stack([what, parts::row([button, keep])]);
    Card::new(t.t("adm-cancel"), inner).id("ask").html()
}

/// A reason, then the button; also used on the plugin's own page.
pub(super) fn rollback_form(ui: &Ui, base: &str, reason: &str) -> Html {
    let t = &ui.t;
    let field = Field::area("reason", t.t("adm-rollback-why"), 2)
        .value(reason)
        .hint(t.t("adm-rollback-why-hint"))
        .required()
        .html();
    let what = parts::paragraph(&t.t("adm-rollback-what"));
    let keep = link(base, "btn btn-plain", "", &t.t("adm-keep-version"));
    let (icon, word) = (ui::icon("arrow-back-up"), Html::text(&t.t("adm-roll-back")));
    let (action, csrf) = (Html::text(&format!("{base}/rollback")), ui.csrf_field());
    let form = Html::trusted(format!(
        r#"<form class="px-form" method="post" action="{action}">{csrf}{what}{field}<div class="px-row"><button class="btn btn-danger" type="submit">{icon}{word}</button>{keep}</div></form>"#
    ));
    Card::new(t.t("adm-roll-back"), form).id("ask").html()
}

/// `GET /operations/{install}/part`
pub(super) async fn part(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(id): Path<String>,
) -> Answer {
    let sheet = load(&core, &who, &id).await?;
    Ok(ui.fragment(live_part(&ui.t, &who, &sheet)))
}

/// `GET /operations/{install}/live`
pub(super) async fn live(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(id): Path<String>,
) -> Answer {
    load(&core, &who, &id).await?;
    let source = core.clone();
    Ok(super::live::follow(&source, move || {
        let (core, who, id) = (core.clone(), who.clone(), id.clone());
        let t = ui.t.at(core.db().env().now());
        async move {
            let sheet = load(&core, &who, &id).await?;
            Ok(live_part(&t, &who, &sheet))
        }
    }))
}

/// `GET /operations/{install}/log`: the whole log as a text file.
pub(super) async fn log(State(core): State<Core>, who: Reader, Path(id): Path<String>) -> Answer {
    let sheet = load(&core, &who, &id).await?;
    let text: String = sheet.log.iter().map(log_line).collect();
    let place = format!("attachment; filename=\"{}.log\"", sheet.install.id);
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, place),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}

/// `POST /operations/{install}/cancel`
pub(super) async fn cancel(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(id): Path<String>,
) -> Answer {
    let admin = who.admin()?;
    let sheet = load(&core, &who, &id).await?;
    match core.cancel(&admin, sheet.install.id).await {
        Ok(audit) => {
            let flash = Flash::done(ui.t.t("adm-cancel-done"), Some(audit));
            Ok(ui.redirect(&format!("/operations/{}", sheet.install.id), &flash))
        }
        Err(error) => {
            let problem = refused(error)?;
            Ok(show(&core, &ui, &who, &sheet, None, "", Some(&problem)).await)
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Reason {
    #[serde(default)]
    pub(super) reason: String,
}

/// `POST /operations/{install}/rollback`
pub(super) async fn roll_back(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(id): Path<String>,
    Form(form): Form<Reason>,
) -> Answer {
    let admin = who.admin()?;
    let sheet = load(&core, &who, &id).await?;
    let request = RollbackRequest {
        tenant_id: None,
        plugin_id: sheet.install.plugin.clone(),
        reason: form.reason.trim().to_owned(),
    };
    match core.roll_back(&admin, &request).await {
        Ok(accepted) => {
            let flash = Flash::done(ui.t.t("adm-rollback-begun"), accepted.audit_id.parse().ok());
            Ok(ui.redirect(&format!("/operations/{}", accepted.install_job_id), &flash))
        }
        Err(error) => {
            let problem = refused(error)?;
            let asked = Some("rollback");
            Ok(show(
                &core,
                &ui,
                &who,
                &sheet,
                asked,
                &form.reason,
                Some(&problem),
            )
            .await)
        }
    }
}
