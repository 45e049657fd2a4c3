//! The alert board: what is wrong now, for whom, and who has taken note.

use jiff::Timestamp;
use px_model::{AlertId, AuditId, EndpointId, Event, EventId, TenantId};
use px_store::{Actor, AuditEntry, Db, Result, Tx};
use serde::Serialize;
use serde_json::json;

use crate::endpoint::{add_with_secret, use_secret};
use crate::store::{alerts, endpoints};
use crate::text::words;
use crate::{
    AlertWebhook, EndpointKind, Language, MailText, NewEndpoint, NotifyError, Severity, Text2,
    remove_endpoint, send_mail_about, send_webhook_about,
};

/// Owner of endpoints that get every alert; `alerts:AUDIENCE` gets that audience's only.
pub const ALERT_OWNER: &str = "alerts";
/// Owner of the endpoints that come from the configuration file.
const CONFIGURED: &str = "alerts:configuration";
/// CloudEvents type of an alert sent to an endpoint.
const ALERT_EVENT: &str = "powerx.alert.raised";

words! {
    /// Whether an alert still needs somebody.
    AlertState {
        /// Nobody has taken note.
        Open = "open",
        /// Somebody has.
        Acknowledged = "acknowledged",
        /// The cause is gone.
        Resolved = "resolved",
    }
}

/// An alert to be raised.
#[derive(Debug, Clone)]
pub struct NewAlert {
    /// Who sees it: `tenant:ten_…`, `publisher:org_…`, `role:platform_ops`.
    pub audience: String,
    /// How loud.
    pub severity: Severity,
    /// Stable word for machines: `install.rolled_back`.
    pub kind: String,
    /// One line.
    pub title: Text2,
    /// What happened and what to do, plain text.
    pub body: Text2,
    /// Whose tenant it concerns.
    pub tenant: Option<TenantId>,
    /// What it is about, by id.
    pub subject: Option<String>,
    /// While an alert of the audience with this key is open, another only counts there.
    pub dedup: Option<String>,
}

/// An alert as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// Who sees it.
    pub audience: String,
    /// How loud.
    pub severity: Severity,
    /// Stable word for machines.
    pub kind: String,
    /// One line.
    pub title: Text2,
    /// What happened and what to do; of the latest occurrence.
    pub body: Text2,
    /// Whose tenant it concerns.
    pub tenant: Option<TenantId>,
    /// What it is about, by id.
    pub subject: Option<String>,
    /// Whether it still needs somebody.
    pub state: AlertState,
    /// How often it happened while open.
    pub times: i64,
    /// First occurrence.
    pub first_at: Timestamp,
    /// Latest occurrence.
    pub last_at: Timestamp,
    /// When somebody took note.
    pub acknowledged_at: Option<Timestamp>,
    /// Name of who did.
    pub acknowledged_by: Option<String>,
    /// When the cause went away.
    pub resolved_at: Option<Timestamp>,
}

/// Raises an alert and queues it for the alert endpoints; `None` when one with the same key is
/// open, which then counts this one.
///
/// # Errors
/// When it cannot be written.
pub async fn raise_alert(tx: &mut Tx, new: NewAlert) -> Result<Option<AlertId>> {
    raise_but_not_to(tx, new, None).await
}

/// As [`raise_alert`], without telling an endpoint about its own failure.
pub(crate) async fn raise_but_not_to(
    tx: &mut Tx,
    new: NewAlert,
    except: Option<EndpointId>,
) -> Result<Option<AlertId>> {
    let id = AlertId::from_uuid(tx.env().uuid());
    if !alerts::insert(tx, id, &new).await? {
        return Ok(None);
    }
    let alert = alerts::load(tx, id).await?;
    let event = event_of(tx, &alert)?;
    let topic = id.to_string();
    for owner in [ALERT_OWNER, CONFIGURED, &format!("alerts:{}", new.audience)] {
        for endpoint in endpoints::active_of_owner(tx, owner).await? {
            if Some(endpoint.id) == except {
                continue;
            }
            match &endpoint.kind {
                EndpointKind::Webhook { .. } => {
                    send_webhook_about(tx, &topic, endpoint.id, &event).await?;
                }
                EndpointKind::Mail { language, .. } => {
                    let mail = mail_of(&alert, *language);
                    send_mail_about(tx, &topic, Some(&event.id), endpoint.id, mail).await?;
                }
            }
        }
    }
    Ok(Some(id))
}

fn event_of(tx: &Tx, alert: &Alert) -> Result<Event> {
    Ok(Event {
        specversion: "1.0".to_owned(),
        id: EventId::from_uuid(tx.env().uuid()).to_string(),
        source: "/alerts".to_owned(),
        kind: ALERT_EVENT.to_owned(),
        subject: alert.id.to_string(),
        time: alert.last_at,
        datacontenttype: "application/json".to_owned(),
        data: serde_json::to_value(alert)?,
        sequence: None,
    })
}

fn mail_of(alert: &Alert, language: Language) -> MailText {
    let title = alert.title.get(language.as_str());
    let body = alert.body.get(language.as_str());
    MailText {
        subject: format!("[{}] {title}", alert.severity),
        text: format!("{title}\n\n{body}\n\n{} · {}\n", alert.kind, alert.id),
        html: format!(
            "<h1>{}</h1><p>{}</p><p><code>{}</code> · <code>{}</code></p>",
            escape(title),
            escape(body),
            escape(&alert.kind),
            alert.id
        ),
    }
}

/// Makes text harmless inside HTML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("<br>"),
            other => out.push(other),
        }
    }
    out
}

/// One alert.
///
/// # Errors
/// When the engine is away.
pub async fn get_alert(db: &Db, id: AlertId) -> Result<Option<Alert>> {
    alerts::find(db, id).await
}

/// An audience's alerts, latest occurrence first, at most 1000.
///
/// # Errors
/// When the engine is away.
pub async fn list_alerts(db: &Db, audience: &str, open_only: bool) -> Result<Vec<Alert>> {
    alerts::list(db, Some(audience), open_only, 1000).await
}

/// Everybody's alerts, for operators, latest occurrence first.
///
/// # Errors
/// When the engine is away.
pub async fn list_all_alerts(db: &Db, open_only: bool, limit: u32) -> Result<Vec<Alert>> {
    alerts::list(db, None, open_only, limit).await
}

/// How many of an audience's alerts are open.
///
/// # Errors
/// When the engine is away.
pub async fn count_open_alerts(db: &Db, audience: &str) -> Result<i64> {
    alerts::count_open(db, audience).await
}

/// Takes note of an open alert, with an audit entry whose id is answered. Whether the actor may
/// is the caller's question: see [`get_alert`] for its audience and tenant.
///
/// # Errors
/// [`px_store::StoreError::Missing`] when there is no such alert, `Stale` when it is not open.
pub async fn acknowledge(tx: &mut Tx, id: AlertId, actor: &Actor) -> Result<AuditId> {
    let alert = alerts::load(tx, id).await?;
    alerts::acknowledge(tx, id, &actor.name).await?;
    tx.audit(AuditEntry {
        actor: actor.clone(),
        action: "alert.acknowledged".to_owned(),
        subject: id.to_string(),
        tenant: alert.tenant,
        detail: json!({ "kind": alert.kind, "severity": alert.severity, "times": alert.times }),
    })
    .await
}

/// Closes the alert with this key because its cause is gone; answers whether there was one.
///
/// # Errors
/// When it cannot be written.
pub async fn resolve_alert(tx: &mut Tx, audience: &str, dedup: &str) -> Result<bool> {
    Ok(alerts::resolve(tx, audience, dedup).await? > 0)
}

/// Makes the alert endpoints that come from the configuration what the configuration says.
/// Endpoints added otherwise are left alone.
///
/// # Errors
/// [`NotifyError::Url`] or [`NotifyError::Secret`] when an entry cannot be used.
pub async fn sync_alert_webhooks(tx: &mut Tx, wanted: &[AlertWebhook]) -> Result<(), NotifyError> {
    let present = endpoints::active_of_owner(tx, CONFIGURED).await?;
    let kind_of = |hook: &AlertWebhook| EndpointKind::Webhook {
        url: hook.url.clone(),
    };
    for endpoint in &present {
        if !wanted.iter().any(|hook| kind_of(hook) == endpoint.kind) {
            remove_endpoint(tx, endpoint.id).await?;
        }
    }
    for hook in wanted {
        match present.iter().find(|e| e.kind == kind_of(hook)) {
            Some(endpoint) => {
                if let Some(secret) = &hook.secret {
                    use_secret(tx, endpoint.id, secret).await?;
                }
            }
            None => {
                let new = NewEndpoint {
                    owner: CONFIGURED.to_owned(),
                    kind: kind_of(hook),
                };
                add_with_secret(tx, new, hook.secret.clone()).await?;
            }
        }
    }
    Ok(())
}
