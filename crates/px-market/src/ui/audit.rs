//! The audit log: who did what, searchable, with a check of its chain.

use axum::extract::State;
use px_store::AuditRecord;
use px_web::i18n::T;
use px_web::identity::MarketOperator;
use px_web::ui::{self, Card, Column, Empty, Filter, ListQuery, Note, Row, Table, Tone};
use px_web::{Answer, Flash, Html, Ui};
use serde_json::json;

use super::export::Export;
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
        return Ok(file(&found).answer(&query));
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
    let table = Card::new("", table(t, &query, &found, next)).flush().html();
    let page = ui
        .page(t.t("mkt-nav-audit"))
        .lead(t.t("mkt-audit-lead"))
        .actions(check);
    let page = page.crumb(t.t("mkt-nav-operate"), "/ops").active("audit");
    Ok(page.show_html(stack([about, table])))
}

fn table(t: &T, query: &ListQuery, found: &[AuditRecord], next: Option<String>) -> Html {
    let nouns = NOUNS.map(|noun| (noun.to_owned(), t.t(&format!("mkt-noun-{noun}"))));
    Table::new(t, query, t.t("mkt-nav-audit"))
        .search(t.t("mkt-audit-search"))
        .filter(Filter::new("noun", t.t("mkt-audit-noun"), nouns.to_vec()))
        .column(Column::new(t.t("mkt-audit-when")))
        .column(Column::new(t.t("mkt-audit-who")))
        .column(Column::new(t.t("mkt-audit-what")))
        .column(Column::new(t.t("mkt-audit-subject")))
        .column(Column::new(t.t("mkt-audit-detail")))
        .rows(found.iter().map(|entry| line(t, query, entry)))
        .empty(Empty::new(
            "history",
            t.t("mkt-audit-empty"),
            t.t("mkt-audit-empty-text"),
        ))
        .next(next)
        .export()
        .html()
}

fn line(t: &T, query: &ListQuery, entry: &AuditRecord) -> Row {
    let (action, seq) = (
        Html::text(&entry.action),
        number(t, entry.seq.unsigned_abs()),
    );
    let href = Html::text(&query.with("subject", Some(&entry.subject))).into_string();
    let subject = Html::text(&entry.subject);
    let subject = Html::trusted(format!(
        r#"<a class="px-id" href="{href}"><code>{subject}</code></a>"#
    ));
    let detail = serde_json::to_string_pretty(&entry.detail).unwrap_or_default();
    let chain = format!(
        "{detail}\n\n{}\n{} → {}",
        entry.id,
        short(&entry.prev),
        short(&entry.hash)
    );
    let (detail, show) = (Html::text(&chain), Html::text(&t.t("mkt-audit-show")));
    Row::new([
        ui::time(t, entry.at),
        Row::lead(
            &ui::avatar(&entry.actor.name),
            &entry.actor.name,
            "",
            &entry.actor.kind,
        ),
        Html::trusted(format!(
            r#"<code>{action}</code> <small class="px-muted">#{seq}</small>"#
        )),
        subject,
        Html::trusted(format!(
            r#"<details class="mkt-more"><summary>{show}</summary><pre class="mkt-json" tabindex="0">{detail}</pre></details>"#
        )),
    ])
}

fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

fn file(found: &[AuditRecord]) -> Export {
    let cells = found.iter().map(|e| {
        vec![
            json!(e.seq),
            json!(e.id),
            json!(e.at),
            json!(e.actor.kind),
            json!(e.actor.id),
            json!(e.actor.name),
            json!(e.action),
            json!(e.subject),
            e.detail.clone(),
            json!(e.prev),
            json!(e.hash),
        ]
    });
    Export {
        name: "audit",
        columns: &[
            "seq",
            "id",
            "at",
            "actorKind",
            "actor",
            "actorName",
            "action",
            "subject",
            "detail",
            "prev",
            "hash",
        ],
        rows: cells.collect(),
    }
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
