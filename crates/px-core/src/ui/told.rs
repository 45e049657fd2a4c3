//! How the tenant is told: webhook, mail and language, beside the inbox that always works.

use axum::extract::{Form, State};
use axum::response::Response;
use http::StatusCode;
use px_api::core::{AddressesRequest, AddressesSaved, AddressesView};
use px_api::{FieldError, Problem};
use px_notify::Language;
use px_web::i18n::T;
use px_web::ui::{self, Card, Empty, Field, Note, Tone};
use px_web::{Answer, Flash, Html, Ui};
use serde::Deserialize;

use super::parts::{self, fail, refused, say};
use super::who::Reader;
use crate::Core;

/// Address of the page.
pub(super) const PATH: &str = "/settings/notifications";

/// What a person typed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    webhook: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    language: String,
}

impl Typed {
    fn of(view: &AddressesView) -> Self {
        Self {
            webhook: view.webhook_url.clone().unwrap_or_default(),
            email: view.email.clone().unwrap_or_default(),
            language: view.language.clone(),
        }
    }

    fn request(&self) -> AddressesRequest {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        AddressesRequest {
            tenant_id: None,
            webhook_url: given(&self.webhook),
            email: given(&self.email),
            language: given(&self.language),
        }
    }
}

/// `GET /settings/notifications`
pub(super) async fn page(State(core): State<Core>, ui: Ui, who: Reader) -> Answer {
    show(&core, &ui, &who, None, Html::empty(), None).await
}

/// `POST /settings/notifications`: a new webhook's secret is shown once, in the page itself.
pub(super) async fn save(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Form(typed): Form<Typed>,
) -> Answer {
    match core.set_addresses(&who.admin()?, &typed.request()).await {
        Ok(saved) if saved.webhook_secret.is_some() => {
            let note = once(&ui.t, &saved);
            show(&core, &ui, &who, None, note, None).await
        }
        Ok(saved) => {
            let flash = Flash::done(ui.t.t("adm-tell-saved"), saved.audit_id.parse().ok());
            Ok(ui.redirect(PATH, &flash))
        }
        Err(error) => {
            let problem = refused(error)?;
            let note = parts::refusal(&ui.t, &problem);
            show(&core, &ui, &who, Some(typed), note, Some(&problem)).await
        }
    }
}

/// `POST /settings/notifications/secret`
pub(super) async fn renew(State(core): State<Core>, ui: Ui, who: Reader) -> Answer {
    let saved = core.renew_webhook_secret(&who.admin()?).await;
    let note = once(&ui.t, &saved.map_err(fail)?);
    show(&core, &ui, &who, None, note, None).await
}

async fn show(
    core: &Core,
    ui: &Ui,
    who: &Reader,
    typed: Option<Typed>,
    note: Html,
    problem: Option<&Problem>,
) -> Answer<Response> {
    let t = &ui.t;
    let view = core.addresses(who.tenant().id).await.map_err(fail)?;
    let typed = typed.unwrap_or_else(|| Typed::of(&view));
    let status = problem.and_then(|p| StatusCode::from_u16(p.status).ok());
    let errors = problem.map_or(&[][..], |p| p.errors.as_slice());
    let wide = if who.may_act() {
        form(ui, &typed, errors)
    } else {
        facts(t, &view)
    };
    let side = parts::stack(
        [state(t, &view), signing(ui, who, &view)]
            .into_iter()
            .filter(|p| !p.is_empty()),
    );
    let page = parts::frame(core, ui, who, "told", t.t("adm-nav-told")).await;
    let page = page
        .lead(t.t("adm-tell-lead"))
        .status(status.unwrap_or(StatusCode::OK));
    let pieces = [note, nothing(t, &view), parts::split(&wide, &side)];
    let pieces = pieces.into_iter().filter(|p| !p.is_empty());
    Ok(page.show_html(parts::body(ui, who, pieces)))
}

/// As long as no address is set: what happens without one.
fn nothing(t: &T, view: &AddressesView) -> Html {
    if view.webhook_url.is_some() || view.email.is_some() {
        return Html::empty();
    }
    let (title, text) = (t.t("adm-tell-none"), t.t("adm-tell-none-text"));
    Card::new("", Empty::new("inbox", title, text).html())
        .flush()
        .html()
}

fn languages(t: &T) -> Vec<(String, String)> {
    [Language::English, Language::Chinese]
        .map(|l| {
            let key = format!("adm-tell-language-{}", l.as_str().to_lowercase());
            (l.as_str().to_owned(), t.t(&key))
        })
        .to_vec()
}

fn form(ui: &Ui, typed: &Typed, errors: &[FieldError]) -> Html {
    let t = &ui.t;
    let wrong = |pointer: &str| {
        let found = errors.iter().find(|e| e.pointer == pointer);
        found.map_or_else(String::new, |e| word_of(t, e))
    };
    let webhook = Field::input("url", "webhook", t.t("adm-tell-webhook"))
        .value(&typed.webhook)
        .hint(t.t("adm-tell-webhook-hint"))
        .error(wrong("/webhookUrl"));
    let email = Field::input("email", "email", t.t("adm-tell-email"))
        .value(&typed.email)
        .hint(t.t("adm-tell-email-hint"))
        .error(wrong("/email"));
    let language = Field::select("language", t.t("adm-tell-language"), languages(t))
        .value(&typed.language)
        .error(wrong("/language"));
    let fields = [
        ui.csrf_field(),
        webhook.html(),
        email.html(),
        language.html(),
    ];
    let (fields, save) = (Html::join(fields), Html::text(&t.t("adm-save")));
    let form = Html::trusted(format!(
        r#"<form class="px-form" method="post" action="{PATH}">{fields}<div><button class="btn btn-primary" type="submit">{save}</button></div></form>"#
    ));
    let what = parts::muted(&t.t("adm-tell-what"));
    Card::new(t.t("adm-tell-addresses"), parts::stack([what, form])).html()
}

/// What is wrong with a field, in the reader's language.
fn word_of(t: &T, error: &FieldError) -> String {
    let pointer = error.pointer.trim_start_matches('/').to_lowercase();
    let code = error.code.to_lowercase();
    t.find(&format!("adm-tell-bad-{pointer}-{code}"))
        .unwrap_or_else(|| error.detail.clone())
}

fn facts(t: &T, view: &AddressesView) -> Html {
    let none = || t.t("adm-tell-unset");
    let language = languages(t).into_iter().find(|(l, _)| *l == view.language);
    let list = [
        (
            t.t("adm-tell-webhook"),
            Html::text(&view.webhook_url.clone().unwrap_or_else(none)),
        ),
        (
            t.t("adm-tell-email"),
            Html::text(&view.email.clone().unwrap_or_else(none)),
        ),
        (
            t.t("adm-tell-language"),
            Html::text(&language.map_or_else(String::new, |(_, word)| word)),
        ),
    ];
    Card::new(t.t("adm-tell-addresses"), ui::facts(&list)).html()
}

/// How far the Marketplace knows.
fn state(t: &T, view: &AddressesView) -> Html {
    let plugins = view.plugins.to_string();
    let pending = view.pending.to_string();
    let text = match (view.plugins, view.pending) {
        (0, _) => t.t("adm-tell-state-none"),
        (_, 0) => say(t, "adm-tell-state-all", &[("n", &plugins)]),
        _ => say(
            t,
            "adm-tell-state-some",
            &[("n", &plugins), ("pending", &pending)],
        ),
    };
    let refused = view.refused.as_deref().map_or_else(Html::empty, |why| {
        Note::new(Tone::Danger, t.t("adm-tell-refused"), "")
            .extra(parts::foreign(t, why))
            .html()
    });
    let pieces = [parts::paragraph(&text), refused];
    let pieces = pieces.into_iter().filter(|p| !p.is_empty());
    Card::new(t.t("adm-tell-state"), parts::stack(pieces)).html()
}

/// What the webhook's messages are signed with, and a way to another secret.
fn signing(ui: &Ui, who: &Reader, view: &AddressesView) -> Html {
    let (t, Some(since)) = (&ui.t, view.webhook_secret_at) else {
        return Html::empty();
    };
    let text = parts::paragraph(&t.t("adm-tell-secret-text"));
    let list = ui::facts(&[(t.t("adm-tell-secret-since"), ui::time(t, since))]);
    let mut pieces = vec![text, list];
    if who.may_act() {
        let url = format!("{PATH}/secret");
        let button = ui.action(url, t.t("adm-tell-secret-new")).icon("refresh");
        pieces.push(button.what(t.t("adm-tell-secret-new-what")).html());
    }
    Card::new(t.t("adm-tell-secret"), parts::stack(pieces)).html()
}

/// A secret, this once.
fn once(t: &T, saved: &AddressesSaved) -> Html {
    let secret = saved.webhook_secret.as_ref().map_or("", |s| s.reveal());
    let audit = Html::text(&t.t("audit-id"));
    let audit = Html::trusted(format!(
        r#"<div class="px-id">{audit} {}</div>"#,
        ui::copyable(t, &saved.audit_id)
    ));
    Note::new(
        Tone::Ok,
        t.t("adm-tell-secret-made"),
        t.t("adm-tell-secret-once"),
    )
    .extra(Html::join([ui::code(t, secret), audit]))
    .html()
}
