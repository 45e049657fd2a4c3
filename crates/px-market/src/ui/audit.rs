//! The audit log: who did what, searchable, with a check of its chain.

use std::collections::BTreeMap;

use axum::extract::State;
use px_store::AuditRecord;
use px_web::http::Export;
use px_web::i18n::T;
use px_web::identity::MarketOperator;
use px_web::ui::{self, Card, Filter, ListQuery, Note, Subject, Tone, audit_export, audit_table};
use px_web::{Answer, Flash, Html, Ui};

use super::parts::{fail, number, operator, stack};
use crate::Market;
use crate::store::pages::AuditQuery;

/// Rows of an export.
const EXPORTED: u32 = 10_000;
/// Nouns that actions begin with.
const NOUNS: [&str; 8] = [
    "version",
    "review",
    "key",
    "publisher",
    "endpoint",
    "alert",
    "account",
    "session",
];

/// `GET /ops/audit`
pub(super) async fn page(ui: Ui, who: MarketOperator, State(market): State<Market>) -> Answer {
    let (t, query) = (&ui.t, ui.list());
    let limit = query.limit(50);
    let export = Export::wanted(&query);
    let asked = AuditQuery {
        words: query.q().map(str::to_owned),
        noun: query.get("noun").map(str::to_owned),
        subject: query.get("subject").map(str::to_owned),
        before: query.cursor().and_then(|c| c.parse().ok()),
        limit: if export { EXPORTED } else { limit + 1 },
    };
    let mut found = market
        .search_audit(&operator(&who), &asked)
        .await
        .map_err(fail)?;
    if export {
        return Ok(audit_export(&found).answer(&query));
    }
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found
        .last()
        .filter(|_| more)
        .map(|entry| entry.seq.to_string());
    let check = ui
        .action("/ops/audit/check", t.t("mkt-audit-check"))
        .icon("shield-check")
        .html();
    let about = asked
        .subject
        .as_deref()
        .map_or_else(Html::default, |subject| {
            let text = t.t_args("mkt-audit-about", &[("subject", subject.to_owned().into())]);
            let clear = super::parts::link(
                &query.with("subject", None),
                "btn btn-plain btn-sm",
                &ui::icon("x"),
                &t.t("table-clear"),
            );
            Note::new(Tone::Info, "", text).extra(clear).html()
        });
    let names = market
        .subject_names(&operator(&who), &found)
        .await
        .map_err(fail)?;
    let table = table(t, &query, &names, &found, next);
    let table = Card::new("", table).flush().html();
    let page = ui
        .page(t.t("mkt-nav-audit"))
        .lead(t.t("mkt-audit-lead"))
        .actions(check);
    let page = page.crumb(t.t("mkt-nav-operate"), "/ops").active("audit");
    Ok(page.show_html(stack([about, table])))
}

fn table(
    t: &T,
    query: &ListQuery,
    names: &BTreeMap<String, String>,
    found: &[AuditRecord],
    next: Option<String>,
) -> Html {
    let nouns = NOUNS.map(|noun| (noun.to_owned(), t.t(&format!("mkt-noun-{noun}"))));
    let about = Filter::new("noun", t.t("mkt-audit-noun"), nouns.to_vec());
    let subject = |entry: &AuditRecord| Subject {
        name: names.get(&entry.subject).cloned().unwrap_or_default(),
        href: query.with("subject", Some(&entry.subject)),
    };
    audit_table(t, query, found, next, about, subject).html()
}

fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

/// `POST /ops/audit/check`: walks the chain and says what it found.
pub(super) async fn check(ui: Ui, who: MarketOperator, State(market): State<Market>) -> Answer {
    let verdict = market.check_audit(&operator(&who)).await.map_err(fail)?;
    let entries = number(&ui.t, verdict.entries.unsigned_abs());
    let flash = match &verdict.first_bad {
        None => {
            let args = [
                ("n", entries.into()),
                ("head", short(&verdict.head).to_owned().into()),
            ];
            Flash::done(ui.t.t_args("mkt-audit-whole", &args), None)
        }
        Some((seq, why)) => {
            let args = [
                ("n", number(&ui.t, seq.unsigned_abs()).into()),
                ("why", why.clone().into()),
            ];
            Flash::failed(ui.t.t_args("mkt-audit-broken", &args))
        }
    };
    Ok(ui.redirect("/ops/audit", &flash))
}
