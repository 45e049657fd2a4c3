//! Who did what, when, and the proof that nothing was changed since.

use axum::extract::State;
use px_store::{AuditFilter, AuditRecord, list_audit, verify_audit};
use px_web::http::Export;
use px_web::i18n::T;
use px_web::ui::{Card, Filter, ListQuery, Subject, audit_export, audit_table};
use px_web::{Answer, Flash, Html, Ui};
use serde_json::Value;

use super::parts::{self, say};
use super::rollouts::{Names, name_of, names};
use super::who::Reader;
use crate::Core;
use crate::store::tenants::Tenant;

/// Entries looked through when a word is searched.
const LOOK: u32 = 1000;

/// `GET /audit`
pub(super) async fn page(State(core): State<Core>, ui: Ui, who: Reader) -> Answer {
    let (t, query) = (&ui.t, ui.list());
    let files = Export::wanted(&query);
    let every = who.is_ops() && query.get("of") == Some("all");
    let narrowed = query.q().is_some() || query.get("kind").is_some();
    let limit = query.limit(50);
    let filter = AuditFilter {
        tenant: (!every).then_some(who.tenant().id),
        subject: None,
        before: query.cursor().and_then(|c| c.parse().ok()),
        limit: if narrowed || files { LOOK } else { limit + 1 },
    };
    let all = list_audit(core.db(), &filter).await?;
    let mut found: Vec<AuditRecord> = all.into_iter().filter(|r| matches(&query, r)).collect();
    if files {
        return Ok(audit_export(&found).answer(&query));
    }
    let size = usize::try_from(limit).unwrap_or(50);
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|r| r.seq.to_string());
    let names = names(&core).await?;
    let list = table(t, &query, &who, &names, (&found, next));
    let card = Card::new("", list).flush().html();
    let check = if who.may_act() {
        ui.action("/audit/check", t.t("adm-check-chain"))
            .icon("shield-check")
            .html()
    } else {
        Html::empty()
    };
    let page = parts::frame(&core, &ui, &who, "audit", t.t("adm-nav-audit")).await;
    let page = page.lead(t.t("adm-audit-lead")).actions(check);
    Ok(page.show_html(parts::body(&ui, &who, [card])))
}

fn table(
    t: &T,
    query: &ListQuery,
    who: &Reader,
    names: &Names,
    (found, next): (&[AuditRecord], Option<String>),
) -> Html {
    let kinds = [
        "install",
        "plugin",
        "rollout",
        "alert",
        "subscription",
        "tenant",
    ]
    .map(|k| (k.to_owned(), t.t(&format!("adm-audit-{k}"))));
    let about = Filter::new("kind", t.t("adm-col-about"), kinds.to_vec());
    let mut table = audit_table(t, query, found, next, about, |r| {
        subject(names, who.choices(), r)
    });
    if who.is_ops() {
        let all = vec![("all".to_owned(), t.t("adm-audit-all"))];
        table = table.filter(Filter::new("of", t.t("adm-tenant"), all));
    }
    table.html()
}

fn matches(query: &ListQuery, record: &AuditRecord) -> bool {
    let kind = query
        .get("kind")
        .is_none_or(|k| record.action.split('.').next() == Some(k));
    let text = query.q().is_none_or(|q| {
        let q = q.to_lowercase();
        let all = [
            record.actor.name.to_lowercase(),
            record.action.clone(),
            record.subject.to_lowercase(),
            record.id.to_string(),
            record.detail.to_string().to_lowercase(),
        ];
        all.iter().any(|s| s.contains(&q))
    });
    kind && text
}

/// What an entry is about, by name where there is one, with the way to it.
fn subject(names: &Names, tenants: &[Tenant], record: &AuditRecord) -> Subject {
    let id = record.subject.as_str();
    let text = |field: &str| record.detail.get(field).and_then(Value::as_str);
    let name = match (text("plugin"), text("version")) {
        (Some(plugin), Some(version)) => format!("{} {version}", name_of(names, plugin)),
        (Some(plugin), None) => name_of(names, plugin).to_owned(),
        (None, _) => name_of(names, id).to_owned(),
    };
    let href = if id.starts_with("ins_") {
        format!("/operations/{id}")
    } else if id.starts_with("rol_") {
        format!("/rollouts/{id}")
    } else if id.starts_with("ten_") {
        let name = tenants.iter().find(|tenant| tenant.id.to_string() == id);
        let name = name.map_or_else(String::new, |tenant| tenant.name.clone());
        return Subject {
            name,
            href: String::new(),
        };
    } else if name == id {
        return Subject::default();
    } else {
        format!("/plugins/installed/{id}")
    };
    Subject { name, href }
}

/// `POST /audit/check`: walks the whole chain.
pub(super) async fn check(State(core): State<Core>, ui: Ui, who: Reader) -> Answer {
    who.admin()?;
    let verdict = verify_audit(core.db()).await?;
    let n = ui.t.number(verdict.entries);
    let flash = match &verdict.first_bad {
        None => {
            let head: String = verdict.head.chars().take(12).collect();
            let args = [("n", n.as_str()), ("head", &head)];
            Flash::done(say(&ui.t, "adm-chain-whole", &args), None)
        }
        Some((seq, _)) => {
            let seq = seq.to_string();
            Flash::failed(say(&ui.t, "adm-chain-broken", &[("seq", &seq)]))
        }
    };
    Ok(ui.redirect("/audit", &flash))
}
