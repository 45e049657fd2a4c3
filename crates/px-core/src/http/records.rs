//! The inbox and the audit log.

use axum::extract::{Path, Query, State};
use px_api::market::InboxMessage;
use px_model::InboxId;
use px_notify::{list_inbox, mark_read};
use px_store::{AuditFilter, AuditRecord, AuditVerdict, list_audit, verify_audit};
use px_web::{Answer, Failure, Json};

use super::query::{AboutQuery, AuditQuery};
use super::who::Who;
use crate::Core;
use crate::app::authority::Caller;
use crate::store::aftermath::{OPERATORS, audience};

/// Most messages in one answer.
const MESSAGES: u32 = 200;

/// Messages for the caller, latest first; with `active=true` only unread ones.
#[utoipa::path(get, path = "/api/v1/admin/inbox", tag = "inbox", params(AboutQuery),
    responses((status = 200, body = Vec<InboxMessage>)))]
pub async fn inbox(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<AboutQuery>,
) -> Answer<Json<Vec<InboxMessage>>> {
    let caller = who.reader(query.tenant_id).await?;
    let messages = list_inbox(core.db(), &receiver(&caller), query.active, MESSAGES).await?;
    Ok(Json(messages.into_iter().map(view).collect()))
}

/// Marks a message as read.
#[utoipa::path(post, path = "/api/v1/admin/inbox/{messageId}/read", tag = "inbox",
    params(("messageId" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = px_api::Problem)))]
pub async fn read(
    State(core): State<Core>,
    who: Who,
    Path(id): Path<InboxId>,
) -> Answer<Json<serde_json::Value>> {
    let caller = who.reader(None).await?;
    let mut tx = core.db().begin().await?;
    if !mark_read(&mut tx, &receiver(&caller), id).await? {
        return Err(Failure::not_found("message"));
    }
    tx.commit().await?;
    Ok(Json(serde_json::json!({ "id": id, "read": true })))
}

/// The audit log, latest first: a tenant's own entries, or all of them for whoever runs the installation.
#[utoipa::path(get, path = "/api/v1/admin/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = Vec<Object>)))]
pub async fn audit(
    State(core): State<Core>,
    who: Who,
    Query(query): Query<AuditQuery>,
) -> Answer<Json<Vec<AuditRecord>>> {
    let caller = who.reader(query.tenant_id).await?;
    let filter = AuditFilter {
        tenant: caller.tenant(),
        subject: query.subject,
        before: query.before,
        limit: query.limit.unwrap_or(100),
    };
    Ok(Json(list_audit(core.db(), &filter).await?))
}

/// Walks the whole chain and names the first entry that does not fit.
#[utoipa::path(get, path = "/api/v1/admin/audit/verify", tag = "audit",
    responses((status = 200, body = Object), (status = 403, body = px_api::Problem)))]
pub async fn verify(State(core): State<Core>, who: Who) -> Answer<Json<AuditVerdict>> {
    who.ops()?;
    Ok(Json(verify_audit(core.db()).await?))
}

fn receiver(caller: &Caller) -> String {
    caller
        .tenant()
        .map_or_else(|| OPERATORS.to_owned(), audience)
}

fn view(message: px_notify::InboxMessage) -> InboxMessage {
    InboxMessage {
        id: message.id.to_string(),
        level: message.level.to_string(),
        title: message.title.en,
        body: message.body.en,
        subject: message.subject,
        at: message.at,
        read: message.read_at.is_some(),
    }
}
