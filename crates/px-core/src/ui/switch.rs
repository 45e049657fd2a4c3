//! Which tenant is looked at.

use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect};
use px_model::TenantId;
use px_web::http::cookies::{self, Cookie};
use px_web::{Answer, Failure, Ui};
use serde::Deserialize;

use super::who::{TENANT_COOKIE, may_switch};
use crate::Core;

/// A year, in seconds.
const LONG: i64 = 31_536_000;

#[derive(Deserialize)]
pub(super) struct Switch {
    tenant: String,
}

/// `POST /tenant`
pub(super) async fn switch(State(core): State<Core>, ui: Ui, Form(form): Form<Switch>) -> Answer {
    let missing = || Failure::not_found("tenant");
    let tenant: TenantId = form.tenant.parse().map_err(|_| missing())?;
    if !may_switch(&core, &ui.caller, tenant).await? {
        return Err(missing());
    }
    let mut answer = Redirect::to("/").into_response();
    let cookie = Cookie::new(TENANT_COOKIE, &tenant.to_string()).seconds(LONG);
    cookies::set(&mut answer, &cookie);
    Ok(answer)
}
