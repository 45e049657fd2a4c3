//! Signing in and out, language and theme.

use super::store::{self, NewSession};
use super::{Caller, password};
use crate::hashing::{base64url, sha256_hex};
use crate::html::Html;
use crate::http::cookies::{self, Cookie};
use crate::http::{Answer, client_address};
use crate::i18n::{Lang, T};
use crate::shell::{Flash, Theme, Ui, local_path};
use crate::ui::{Note, Tone};
use crate::web::Web;
use askama::Template;
use axum::Form;
use axum::extract::{Query, Request};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{RequestExt, extract::FromRequestParts};
use http::{HeaderMap, StatusCode, header};
use px_model::{PublisherId, TenantId};
use px_store::Actor;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    t: &'a T,
    csrf: Html,
    note: Html,
    name: &'a str,
    next: &'a str,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

fn page(ui: &Ui, note: Html, name: &str, next: &str, status: StatusCode) -> Response {
    let body = SignInPage {
        t: &ui.t,
        csrf: ui.csrf_field(),
        note,
        name,
        next,
    };
    let title = ui.t.t("sign-in-title");
    ui.page(title).status(status).bare().show(&body)
}

fn home_or(ui: &Ui, next: &str) -> String {
    if next.is_empty() {
        ui.web.site().home.clone()
    } else {
        local_path(next).to_owned()
    }
}

/// `GET /sign-in?next=/path`
pub(super) async fn sign_in_page(ui: Ui, Query(query): Query<Next>) -> Response {
    if ui.caller.is_signed_in() {
        return Redirect::to(&home_or(&ui, &query.next)).into_response();
    }
    page(&ui, Html::empty(), "", &query.next, StatusCode::OK)
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`
pub(super) async fn sign_in(mut request: Request) -> Answer {
    let (mut parts, body) = request.into_parts();
    let web = Web::of(&parts);
    let Ok(ui) = Ui::from_request_parts(&mut parts, &()).await;
    let headers = parts.headers.clone();
    request = Request::from_parts(parts, body);
    let address = client_address(&web, &request);
    let Ok(Form(form)) = request.extract::<Form<SignIn>, _>().await else {
        return Ok(page(
            &ui,
            Html::empty(),
            "",
            "",
            StatusCode::UNPROCESSABLE_ENTITY,
        ));
    };
    let name = form.name.trim().to_lowercase();
    let name: String = name.chars().take(200).collect();
    let keys = [format!("name:{name}"), format!("address:{address}")];
    let wait = store::wait_seconds(web.db(), &keys).await?;
    if wait > 0 {
        let args = [("span", ui.t.duration(wait).into())];
        let note = Note::new(Tone::Warn, "", ui.t.t_args("sign-in-wait", &args)).html();
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut answer = page(&ui, note, &name, &form.next, status);
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, wait.into());
        return Ok(answer);
    }
    let account = store::find_account(web.db(), &name).await?;
    let stored = match &account {
        Some(account) => store::password_of(web.db(), account.id).await?,
        None => None,
    };
    let fits = password::fits(&form.password, stored).await;
    match account.filter(|a| fits && !a.disabled) {
        Some(account) => {
            let browser = Browser {
                headers: &headers,
                address: &address,
                try_key: &keys[0],
            };
            open(&web, &account, &browser, &home_or(&ui, &form.next)).await
        }
        None => {
            store::note_failure(web.db(), &keys).await?;
            tracing::info!(address, "sign-in refused");
            let note = Note::new(Tone::Danger, "", ui.t.t("sign-in-bad")).html();
            Ok(page(&ui, note, &name, &form.next, StatusCode::UNAUTHORIZED))
        }
    }
}

struct Browser<'a> {
    headers: &'a HeaderMap,
    address: &'a str,
    try_key: &'a str,
}

/// Starts a session with a fresh secret; the one the browser brought along ends.
async fn open(web: &Web, account: &store::Account, from: &Browser<'_>, to: &str) -> Answer {
    let secret = base64url(&web.env().random_bytes(32));
    let name = web.site().session_cookie();
    let old = cookies::get(from.headers, &name).map(|s| sha256_hex(s.as_bytes()));
    let agent = from.headers.get(header::USER_AGENT);
    let actor = Actor {
        kind: "account".to_owned(),
        id: account.id.to_string(),
        name: account.name.clone(),
    };
    let mut tx = web.db().begin().await?;
    let new = NewSession {
        account: account.id,
        hash: &sha256_hex(secret.as_bytes()),
        agent: agent.and_then(|v| v.to_str().ok()).unwrap_or("—"),
        address: from.address,
        replaces: old.as_deref(),
    };
    store::open_session(&mut tx, &actor, new).await?;
    store::forget_tries(&mut tx, from.try_key).await?;
    tx.commit().await?;
    let mut answer = Redirect::to(to).into_response();
    let secure = web.secure_cookies();
    let days = 7 * 24 * 3600;
    cookies::set(
        &mut answer,
        &Cookie::new(name, &secret).seconds(days).secure(secure),
    );
    // Forms of before the sign-in must not fit any more.
    let csrf = Cookie::new(web.site().csrf_cookie(), &web.env().secret(16));
    cookies::set(&mut answer, &csrf.secure(secure));
    Ok(answer)
}

/// `POST /sign-out`
pub(super) async fn sign_out(ui: Ui) -> Answer {
    let caller: &Caller = &ui.caller;
    if let (Some(account), Some(session)) = (caller.account(), caller.session()) {
        let mut tx = ui.web.db().begin().await?;
        store::end_session(&mut tx, &caller.actor(), account, session).await?;
        tx.commit().await?;
    }
    let mut answer = ui.redirect("/sign-in", &Flash::done(ui.t.t("signed-out"), None));
    let gone = Cookie::gone(ui.web.site().session_cookie());
    cookies::set(&mut answer, &gone.secure(ui.web.secure_cookies()));
    Ok(answer)
}

#[derive(Deserialize)]
pub(super) struct Prefs {
    lang: Option<String>,
    theme: Option<String>,
    tenant: Option<TenantId>,
    publisher: Option<PublisherId>,
    #[serde(default)]
    back: String,
}

/// `POST /prefs`: language, theme, and the tenant or publisher pages begin with, kept in cookies for
/// a year.
pub(super) async fn prefs(ui: Ui, Form(form): Form<Prefs>) -> Response {
    let mut answer = Redirect::to(&home_or(&ui, &form.back)).into_response();
    let mut keep = |name: &str, value: &str| {
        let year = 365 * 24 * 3600;
        let cookie = Cookie::new(name, value).seconds(year);
        cookies::set(&mut answer, &cookie.secure(ui.web.secure_cookies()));
    };
    if let Some(lang) = form.lang.as_deref().and_then(Lang::from_tag) {
        keep("px_lang", lang.tag());
    }
    if let Some(theme) = form.theme.as_deref() {
        keep("px_theme", Theme::from_cookie(Some(theme)).as_str());
    }
    if let Some(tenant) = form.tenant {
        keep("px_tenant", &tenant.to_string());
    }
    if let Some(publisher) = form.publisher {
        keep("px_publisher", &publisher.to_string());
    }
    answer
}
