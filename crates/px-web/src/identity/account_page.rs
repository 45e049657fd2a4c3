//! A person's own account: roles, tokens, browsers, password.

use super::store::{self, NewToken, Session, Token};
use super::{Caller, SignedIn, agent, hash_password, password};
use crate::html::Html;
use crate::http::{Answer, Failure};
use crate::i18n::T;
use crate::shell::{Flash, Ui};
use crate::ui::{
    Card, Column, Empty, ListQuery, Look, Note, Row, Table, Tone, chip, code, copyable, facts, time,
};
use askama::Template;
use axum::extract::Form;
use jiff::SignedDuration;
use px_api::{Code, Problem};
use px_model::{Role, Scope, SessionId, TokenId};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Longest life of a token in days.
const MAX_DAYS: i64 = 366;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    t: &'a T,
    csrf: Html,
    note: Html,
    facts: Html,
    tokens: Html,
    sessions: Html,
    scopes: Vec<(Scope, String)>,
    has_password: bool,
}

/// Only a signed-in browser manages the account: a token must not make further tokens.
fn need_browser(caller: &Caller) -> Result<SessionId, Failure> {
    caller.session().ok_or_else(|| {
        Failure::new(
            Code::Forbidden,
            "Tokens cannot manage the account; sign in with a browser.",
        )
    })
}

/// `GET /account`
pub(super) async fn show(ui: Ui, me: SignedIn) -> Answer {
    page(&ui, &me, Html::empty()).await
}

async fn page(ui: &Ui, me: &SignedIn, note: Html) -> Answer {
    let session = need_browser(me.caller())?;
    let (t, db) = (&ui.t, ui.web.db());
    let tokens = store::tokens_of(db, me.account()).await?;
    let sessions = store::sessions_of(db, me.account()).await?;
    let password = store::password_of(db, me.account()).await?;
    let query = ListQuery::new("/account", "");
    let body = AccountPage {
        t,
        csrf: ui.csrf_field(),
        note,
        facts: identity_card(t, me),
        tokens: token_card(ui, &query, &tokens),
        sessions: session_card(ui, &query, &sessions, session),
        scopes: offered(t, me.caller()),
        has_password: password.is_some(),
    };
    let page = ui.page(t.t("account")).lead(t.t("account-lead"));
    Ok(page.active("account").show(&body))
}

/// Scopes that the caller's roles can make use of, with what they allow.
fn offered(t: &T, caller: &Caller) -> Vec<(Scope, String)> {
    let useful = |scope: &Scope| match scope {
        Scope::PluginPublish | Scope::PluginRead => caller.has_role(Role::Publisher),
        Scope::ReviewDecide => caller.has_role(Role::Reviewer),
        Scope::MarketOperate => caller.has_role(Role::MarketOperator),
        Scope::FeedRead | Scope::InstallationReport => caller.installation().is_some(),
        Scope::TenantPlugins => {
            caller.has_role(Role::TenantAdmin) || caller.has_role(Role::TenantViewer)
        }
        Scope::PlatformOperate => caller.has_role(Role::PlatformOps),
    };
    let scopes = Scope::ALL.iter().copied().filter(useful);
    scopes
        .map(|scope| {
            (
                scope,
                t.t(&format!("scope-{}", scope.as_str().replace('.', "-"))),
            )
        })
        .collect()
}

fn identity_card(t: &T, me: &SignedIn) -> Html {
    let roles = me.caller().grants().iter().map(|grant| {
        let role = t.t(&format!("role-{}", grant.role.as_str().replace('_', "-")));
        let reach = match grant.reach {
            super::Reach::Everywhere => Html::text(&t.t("account-scope-all")),
            other => copyable(t, &other.to_string()),
        };
        Html::trusted(format!(
            r#"<div class="px-row">{} {reach}</div>"#,
            chip(&role)
        ))
    });
    let list = [
        (t.t("account-col-name"), me.caller().name().into()),
        (t.t("account-login"), me.caller().login().into()),
        (t.t("account-roles"), Html::join(roles)),
    ];
    Card::new(t.t("account-identity"), facts(&list)).html()
}

fn token_card(ui: &Ui, query: &ListQuery, tokens: &[Token]) -> Html {
    let t = &ui.t;
    let rows = tokens.iter().map(|token| {
        let revoke = ui
            .action("/account/tokens/revoke", t.t("account-token-revoke"))
            .what(t.t("account-token-revoke-what"))
            .look(Look::Danger)
            .small()
            .field("token", token.id.to_string())
            .html();
        Row::new([
            Row::lead(&Html::empty(), &token.name, "", ""),
            Html::join(token.scopes.iter().map(|s| chip(s.as_str()))),
            token
                .used_at
                .map_or_else(|| t.t("account-never").into(), |at| time(t, at)),
            time(t, token.expires_at),
            revoke,
        ])
    });
    let none = Empty::new(
        "key",
        t.t("account-tokens-none-title"),
        t.t("account-tokens-none-text"),
    );
    let table = Table::new(t, query, t.t("account-tokens"))
        .column(Column::new(t.t("account-col-name")))
        .column(Column::new(t.t("account-col-scopes")))
        .column(Column::new(t.t("account-col-last")))
        .column(Column::new(t.t("account-col-expires")))
        .column(Column::new(""))
        .rows(rows)
        .empty(none);
    Card::new(t.t("account-tokens"), table.plain())
        .flush()
        .html()
}

fn session_card(ui: &Ui, query: &ListQuery, list: &[Session], this: SessionId) -> Html {
    let t = &ui.t;
    let rows = list.iter().map(|session| {
        let end = if session.id == this {
            chip(&t.t("account-session-this"))
        } else {
            ui.action("/account/sessions/end", t.t("account-session-end"))
                .field("session", session.id.to_string())
                .small()
                .html()
        };
        let agent = agent::in_words(&session.agent);
        Row::new([
            Row::lead(&Html::empty(), &agent, "", &session.address),
            time(t, session.created_at),
            time(t, session.seen_at),
            end,
        ])
    });
    let table = Table::new(t, query, t.t("account-sessions"))
        .column(Column::new(t.t("account-col-browser")))
        .column(Column::new(t.t("account-col-since")))
        .column(Column::new(t.t("account-col-last")))
        .column(Column::new(""))
        .rows(rows);
    Card::new(t.t("account-sessions"), table.plain())
        .flush()
        .html()
}

/// Reads a form whose field `scope` may occur several times.
fn token_form(body: &[u8]) -> Result<(String, BTreeSet<Scope>, i64), Failure> {
    let (mut name, mut scopes, mut days) = (String::new(), BTreeSet::new(), 90);
    for (field, value) in form_urlencoded::parse(body) {
        match &*field {
            "name" => name = value.trim().chars().take(100).collect(),
            "days" => days = value.parse().unwrap_or(0),
            "scope" => scopes.extend(value.parse::<Scope>()),
            _ => {}
        }
    }
    let mut problem = Problem::new(Code::InvalidField, "The token cannot be made like this.");
    if name.is_empty() {
        problem = problem.field("/name", "is empty", "Say what will use the token.");
    }
    if scopes.is_empty() {
        problem = problem.field("/scope", "none is chosen", "Choose at least one scope.");
    }
    if !(1..=MAX_DAYS).contains(&days) {
        problem = problem.field("/days", "is out of range", "Give 1 to 366 days.");
    }
    if problem.errors.is_empty() {
        Ok((name, scopes, days))
    } else {
        Err(problem.into())
    }
}

/// `POST /account/tokens`: shows the new token once, in the page itself.
pub(super) async fn create_token(ui: Ui, me: SignedIn, body: bytes::Bytes) -> Answer {
    need_browser(me.caller())?;
    let (name, scopes, days) = token_form(&body)?;
    let new = NewToken {
        account: me.account(),
        name: name.clone(),
        scopes,
        lifetime: SignedDuration::from_hours(24 * days),
        secret: None,
    };
    let mut tx = ui.web.db().begin().await?;
    let made = store::issue_token(&mut tx, &me.actor(), new).await?;
    tx.commit().await?;
    let t = &ui.t;
    let title = t.t_args("account-token-created", &[("name", name.into())]);
    let audit = Html::text(&t.t("audit-id"));
    let audit = Html::trusted(format!(
        r#"<div class="px-id">{audit} {}</div>"#,
        copyable(t, &made.audit.to_string())
    ));
    let note = Note::new(Tone::Ok, title, t.t("account-token-once"))
        .extra(Html::join([code(t, &made.secret), audit]))
        .html();
    page(&ui, &me, note).await
}

#[derive(Deserialize)]
pub(super) struct RevokeToken {
    token: TokenId,
}

/// `POST /account/tokens/revoke`
pub(super) async fn revoke_token(ui: Ui, me: SignedIn, Form(form): Form<RevokeToken>) -> Answer {
    need_browser(me.caller())?;
    let mut tx = ui.web.db().begin().await?;
    let audit = store::revoke_token(&mut tx, &me.actor(), me.account(), form.token).await?;
    tx.commit().await?;
    let flash = Flash::done(ui.t.t("account-token-revoked"), audit);
    Ok(ui.redirect("/account", &flash))
}

#[derive(Deserialize)]
pub(super) struct EndSession {
    session: SessionId,
}

/// `POST /account/sessions/end`
pub(super) async fn end_session(ui: Ui, me: SignedIn, Form(form): Form<EndSession>) -> Answer {
    need_browser(me.caller())?;
    let mut tx = ui.web.db().begin().await?;
    let audit = store::end_session(&mut tx, &me.actor(), me.account(), form.session).await?;
    tx.commit().await?;
    let flash = Flash::done(ui.t.t("account-session-ended"), audit);
    Ok(ui.redirect("/account", &flash))
}

#[derive(Deserialize)]
pub(super) struct ChangePassword {
    now: String,
    new: String,
}

/// `POST /account/password`
pub(super) async fn change_password(
    ui: Ui,
    me: SignedIn,
    Form(form): Form<ChangePassword>,
) -> Answer {
    let session = need_browser(me.caller())?;
    let keys = [format!("name:{}", me.caller().login())];
    let wait = store::wait_seconds(ui.web.db(), &keys).await?;
    if wait > 0 {
        let args = [("span", ui.t.duration(wait).into())];
        let text = ui.t.t_args("sign-in-wait", &args);
        return Ok(ui.redirect("/account", &Flash::failed(text)));
    }
    let stored = store::password_of(ui.web.db(), me.account()).await?;
    if !password::fits(&form.now, stored).await {
        store::note_failure(ui.web.db(), &keys).await?;
        let flash = Flash::failed(ui.t.t("sign-in-bad"));
        return Ok(ui.redirect("/account", &flash));
    }
    let hash = hash_password(ui.web.env(), &form.new).await?;
    let mut tx = ui.web.db().begin().await?;
    let actor = me.actor();
    let audit = store::set_password(&mut tx, &actor, me.account(), hash, Some(session)).await?;
    tx.commit().await?;
    let flash = Flash::done(ui.t.t("account-password-changed"), Some(audit));
    Ok(ui.redirect("/account", &flash))
}
