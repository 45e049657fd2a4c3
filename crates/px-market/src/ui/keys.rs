//! A publisher's signing keys: what may sign in its name, and revoking it.

use axum::Form;
use axum::extract::State;
use px_api::market::KeyView;
use px_model::KeyId;
use px_web::identity::Publisher;
use px_web::ui::{self, Card, Column, Empty, Look, Row, Table, Tone};
use px_web::{Answer, Failure, Flash, Html, Ui};
use serde::Deserialize;

use super::ask::Ask;
use super::parts::{fail, muted, publisher, stack};
use crate::Market;

/// `GET /my/keys`
pub(super) async fn page(ui: Ui, who: Publisher, State(market): State<Market>) -> Answer {
    show(&ui, &who, &market, Html::empty()).await
}

async fn show(ui: &Ui, who: &Publisher, market: &Market, note: Html) -> Answer {
    let keys = market.publisher_keys(&publisher(who)).await.map_err(fail)?;
    let (t, query) = (&ui.t, ui.list());
    let table = Table::new(t, &query, t.t("mkt-nav-keys"))
        .column(Column::new(t.t("mkt-key-name")))
        .column(Column::new(t.t("mkt-state")))
        .column(Column::new(t.t("mkt-key-until")))
        .column(Column::new(t.t("mkt-key-serial")))
        .column(Column::new(t.t("mkt-action")))
        .rows(keys.iter().map(|key| row(ui, key)))
        .empty(Empty::new(
            "key",
            t.t("mkt-keys-empty"),
            t.t("mkt-keys-empty-text"),
        ));
    let how = stack([
        muted(&t.t("mkt-keys-how")),
        ui::code(
            t,
            "px-plugin keys generate\npx-plugin keys register --name ci",
        ),
    ]);
    let body = stack([
        note,
        Card::new(t.t("mkt-nav-keys"), table.plain()).flush().html(),
        Card::new(t.t("mkt-keys-add"), how).html(),
    ]);
    let page = ui.page(t.t("mkt-nav-keys")).lead(t.t("mkt-keys-lead"));
    let page = page.crumb(t.t("mkt-nav-mine"), "/my").active("keys");
    Ok(page.show_html(body))
}

fn row(ui: &Ui, key: &KeyView) -> Row {
    let t = &ui.t;
    let (tone, icon, word) = if key.revoked {
        (Tone::Danger, "ban", "mkt-key-revoked")
    } else if key.not_after <= t.now() {
        (Tone::Warn, "clock", "mkt-key-expired")
    } else {
        (Tone::Ok, "shield-check", "mkt-key-valid")
    };
    let revoke = if key.revoked {
        Html::empty()
    } else {
        Ask::new(
            ui,
            "/my/keys/revoke".to_owned(),
            t.t("mkt-key-revoke"),
            t.t("mkt-key-revoke-what"),
        )
        .look(Look::Danger)
        .quiet()
        .submit(t.t("mkt-key-revoke-send"))
        .small()
        .hidden("key", key.key_id)
        .reason("reason", t.t("mkt-key-revoke-hint"), "")
        .confirm(t.t_args("mkt-key-revoke-sure", &[("name", key.name.clone().into())]))
        .html()
    };
    let name = Html::join([
        Html::trusted(format!("<strong>{}</strong><br>", Html::text(&key.name))),
        ui::copyable(t, &key.fingerprint),
    ]);
    Row::new([
        name,
        ui::pill(tone, icon, &t.t(word)),
        ui::time(t, key.not_after),
        Html::trusted(format!("<code>{}</code>", Html::text(&key.serial))),
        revoke,
    ])
}

#[derive(Deserialize)]
pub(super) struct Revoke {
    key: String,
    #[serde(default)]
    reason: String,
}

/// `POST /my/keys/revoke`
pub(super) async fn revoke(
    ui: Ui,
    who: Publisher,
    State(market): State<Market>,
    Form(form): Form<Revoke>,
) -> Answer {
    let key: KeyId = form.key.parse().map_err(|_| Failure::not_found("key"))?;
    let reason = form.reason.trim();
    if reason.is_empty() {
        return Ok(ui.redirect("/my/keys", &Flash::failed(ui.t.t("mkt-key-revoke-hint"))));
    }
    let auth = publisher(&who);
    let view = market.revoke_key(&auth, key, reason).await.map_err(fail)?;
    let audit = market
        .newest_audit(&auth.actor, &key.to_string())
        .await
        .map_err(fail)?;
    let args = [("name", view.name.into())];
    Ok(ui.redirect(
        "/my/keys",
        &Flash::done(ui.t.t_args("mkt-key-revoked-done", &args), audit),
    ))
}
