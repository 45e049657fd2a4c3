//! Who of a rollout is where, and why.

use px_web::http::Export;
use px_web::i18n::T;
use px_web::ui::{self, Card, Column, Filter, ListQuery, Row, Table, Tone, pill};
use px_web::{Html, Ui};
use serde_json::json;

use super::operations::slice;
use super::parts::{self, count, say};
use super::rollout::Sheet;
use super::step_notes;
use crate::app::fault::Blame;
use crate::app::rollout::{MemberState, RolloutState};
use crate::store::pages::MemberRow;

/// Tenants of a rollout, whoever is stuck first.
pub(super) fn list(ui: &Ui, sheet: &Sheet) -> Html {
    let (t, query) = (&ui.t, ui.list());
    let mut found: Vec<&MemberRow> = sheet
        .members
        .iter()
        .filter(|m| matches(&query, m))
        .collect();
    // Whoever is stuck comes first.
    found.sort_by_key(|m| (order(m.member.outcome()), m.member.batch));
    let (shown, next) = slice(&query, &found);
    let rows = shown.iter().map(|m| member(t, sheet, m));
    let states = [
        "failed",
        "installing",
        "pending",
        "excluded",
        "forgiven",
        "committed",
    ]
    .map(|s| (s.to_owned(), t.t(&format!("adm-member-{s}"))));
    let batches = (1..=sheet.view.batches.len()).map(|n| {
        let n = n.to_string();
        let word = say(t, "adm-batch-n", &[("n", &n)]);
        (n, word)
    });
    let table = Table::new(t, &query, t.t("adm-tenants"))
        .search(t.t("adm-tenants-search"))
        .filter(Filter::new("state", t.t("adm-col-state"), states.to_vec()))
        .filter(Filter::new(
            "batch",
            t.t("adm-col-batch"),
            batches.collect(),
        ))
        .column(Column::new(t.t("adm-tenant")))
        .column(Column::new(t.t("adm-col-batch")).number())
        .column(Column::new(t.t("adm-col-state")))
        .column(Column::new(t.t("adm-col-why")))
        .rows(rows)
        .total(count(found.len()))
        .next(next)
        .export();
    Card::new(t.t("adm-who-is-where"), table.html())
        .flush()
        .id("tenants")
        .html()
}

const fn order(state: MemberState) -> u8 {
    match state {
        MemberState::Failed => 0,
        MemberState::Forgiven => 1,
        MemberState::Installing => 2,
        MemberState::Excluded => 3,
        MemberState::Pending => 4,
        MemberState::Committed => 5,
    }
}

fn matches(query: &ListQuery, row: &MemberRow) -> bool {
    let text = query.q().is_none_or(|q| {
        let q = q.to_lowercase();
        row.name.to_lowercase().contains(&q) || row.member.tenant.to_string().contains(&q)
    });
    let state = query
        .get("state")
        .is_none_or(|s| s == row.member.outcome().as_str());
    let batch = query
        .get("batch")
        .is_none_or(|b| b == (row.member.batch + 1).to_string());
    text && state && batch
}

fn member(t: &T, sheet: &Sheet, row: &MemberRow) -> Row {
    let outcome = row.member.outcome();
    let (tone, icon) = match outcome {
        MemberState::Committed => (Tone::Ok, "circle-check"),
        MemberState::Installing => (Tone::Busy, "activity"),
        MemberState::Pending => (Tone::Neutral, "clock-pause"),
        MemberState::Failed => (Tone::Danger, "circle-x"),
        MemberState::Forgiven => (Tone::Warn, "arrow-back-up"),
        MemberState::Excluded => (Tone::Neutral, "minus"),
    };
    let state = pill(
        tone,
        icon,
        &t.t(&format!("adm-member-{}", outcome.as_str())),
    );
    Row::new([
        Row::lead(&Html::empty(), &row.name, "", ""),
        (row.member.batch + 1).to_string().into(),
        state,
        why(t, sheet, row, outcome),
    ])
}

/// Why a tenant is where it is.
fn why(t: &T, sheet: &Sheet, row: &MemberRow, outcome: MemberState) -> Html {
    let blame = row.member.blame.map(|b| match b {
        Blame::Plugin => "adm-blame-plugin",
        Blame::Tenant => "adm-blame-tenant",
        Blame::Infrastructure => "adm-blame-infrastructure",
    });
    match (&row.problem, &row.reason, outcome) {
        (Some(problem), _, _) => {
            let title = Html::text(&parts::problem_title(t, problem));
            let detail = step_notes::reason(t, &problem.detail);
            let blame = blame.map_or_else(String::new, |key| t.t(key));
            let blame = Html::text(&blame);
            let code = Html::text(&problem.code);
            ui::told(&Html::trusted(format!(
                r#"<strong>{title}</strong> <code>{code}</code><br>{detail} <span class="px-muted">{blame}</span>"#
            )))
        }
        (None, Some(reason), _) => step_notes::reason(t, reason),
        (None, None, MemberState::Installing) => row
            .member
            .install
            .map_or_else(Html::empty, |s| ui::install_state(t, s)),
        (None, None, MemberState::Pending) => Html::text(&t.t(match sheet.rollout.state {
            RolloutState::Running => "adm-pending-why",
            RolloutState::Paused => "adm-pending-paused",
            _ => "adm-pending-never",
        })),
        _ => Html::empty(),
    }
}

/// The same as a file.
pub(super) fn export(sheet: &Sheet) -> Export {
    let columns = vec![
        "rollout",
        "plugin",
        "version",
        "tenant",
        "tenantName",
        "batch",
        "state",
        "install",
        "installState",
        "code",
        "detail",
        "blame",
    ];
    let rows = sheet.members.iter().map(|m| {
        vec![
            json!(sheet.rollout.id),
            json!(sheet.rollout.plugin),
            json!(sheet.rollout.version),
            json!(m.member.tenant),
            json!(m.name),
            json!(m.member.batch + 1),
            json!(m.member.outcome().as_str()),
            json!(m.install),
            json!(m.member.install),
            json!(m.problem.as_ref().map(|p| &p.code)),
            json!(
                m.problem
                    .as_ref()
                    .map(|p| p.detail.clone())
                    .or_else(|| m.reason.clone())
            ),
            json!(m.member.blame.map(Blame::as_str)),
        ]
    });
    Export::new(format!("rollout-{}", sheet.rollout.id), columns).rows(rows)
}
