//! The alert board.

use axum::extract::{Path, Query, State};
use px_api::core::{AlertView, Recorded};
use px_model::AlertId;
use px_notify::{Alert, acknowledge as take_note, get_alert, list_alerts};
use px_web::{Answer, Failure, Json};

use super::catalog::recorded;
use super::query::AboutQuery;
use super::who::Who;
use crate::Core;
use crate::app::authority::Caller;
use crate::store::aftermath::{OPERATORS, audience};

/// Alerts for the caller, latest first; with `active=true` only open ones.
#[utoipa::path(get, path = "/api/v1/admin/alerts", tag = "alerts", params(AboutQuery),
    responses((status = 200, body = Vec<AlertView>)))]
pub async fn list(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<AboutQuery>,
) -> Answer<Json<Vec<AlertView>>> {
    let caller = who.reader(query.tenant_id).await?;
    let alerts = list_alerts(core.db(), &board(&caller), query.active).await?;
    Ok(Json(alerts.into_iter().map(view).collect()))
}

/// Takes note of an alert.
#[utoipa::path(post, path = "/api/v1/admin/alerts/{alertId}/acknowledge", tag = "alerts",
    params(("alertId" = String, Path)),
    responses((status = 200, body = Recorded), (status = 404, body = px_api::Problem)))]
pub async fn acknowledge(
    State(core): State<Core>,
    who: Who,
    Path(id): Path<AlertId>,
) -> Answer<Json<Recorded>> {
    let caller = who.reader(None).await?;
    let alert = get_alert(core.db(), id).await?;
    let mine = alert.is_some_and(|a| {
        a.audience == board(&caller)
            || (caller.tenant().is_none() && a.audience.starts_with("tenant:"))
    });
    if !mine {
        return Err(Failure::not_found("alert"));
    }
    let mut tx = core.db().begin().await?;
    let audit = take_note(&mut tx, id, caller.actor()).await?;
    tx.commit().await?;
    Ok(recorded(&audit))
}

fn board(caller: &Caller) -> String {
    caller
        .tenant()
        .map_or_else(|| OPERATORS.to_owned(), audience)
}

fn view(alert: Alert) -> AlertView {
    AlertView {
        id: alert.id.to_string(),
        severity: alert.severity.to_string(),
        kind: alert.kind,
        title: alert.title.en,
        body: alert.body.en,
        tenant_id: alert.tenant,
        subject: alert.subject,
        at: alert.last_at,
        acknowledged_by: alert.acknowledged_by,
    }
}
