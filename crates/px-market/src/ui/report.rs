//! The report of one version: verdict on the left, evidence on the right, the decision below.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use http::StatusCode;
use px_model::{Dependency, ReviewId};
use px_web::i18n::T;
use px_web::identity::Reviewer;
use px_web::ui::{self, Card, Diff, Note, Tone};
use px_web::{Answer, Failure, Html, Ui};

use super::decide::{Refused, bar};
use super::parts::{
    channel_word, fail, group, kind_word, muted, refusal, reviewer, section, stack, title,
};
use super::report_parts::{buckets, checks, engines, findings, run, verdict};
use super::{markdown, permissions, steps};
use crate::Market;
use crate::app::authority::ReviewerAuth;
use crate::app::pages::ReviewFile;

pub(super) fn read(id: &str) -> Result<ReviewId, Failure> {
    id.parse().map_err(|_| Failure::not_found("review"))
}

/// `GET /review/{reviewId}`
pub(super) async fn page(
    ui: Ui,
    who: Reviewer,
    State(market): State<Market>,
    Path(review): Path<String>,
) -> Answer {
    show(&ui, &market, &reviewer(&who), read(&review)?, None).await
}

/// The page, after a refusal with what was typed.
pub(super) async fn show(
    ui: &Ui,
    market: &Market,
    auth: &ReviewerAuth,
    review: ReviewId,
    refused: Option<&Refused>,
) -> Answer {
    let file = market.review_file(auth, review).await.map_err(fail)?;
    let t = &ui.t;
    let note = refused.map(|r| refusal(t, &r.problem)).unwrap_or_default();
    let columns = format!(
        r#"<div class="px-split px-split-left">{}{}</div>"#,
        left(ui, auth, &file),
        right(t, &file)
    );
    let body = stack([
        note,
        warning(t, &file),
        Html::trusted(columns),
        bar(ui, auth, &file, refused),
    ]);
    let status = refused.and_then(|r| StatusCode::from_u16(r.problem.status).ok());
    let lead = t.t_args(
        "mkt-report-lead",
        &[
            ("publisher", file.row.publisher_name.clone().into()),
            ("channel", channel_word(t, file.row.channel).into()),
        ],
    );
    let page = ui
        .page(title(&file.row))
        .lead(lead)
        .crumb(t.t("mkt-nav-queue"), "/review");
    let page = page
        .active("queue")
        .status(status.unwrap_or(StatusCode::OK));
    Ok(page.show_html(body))
}

fn warning(t: &T, file: &ReviewFile) -> Html {
    match file.signed {
        None => Note::new(
            Tone::Warn,
            t.t("mkt-report-none"),
            t.t("mkt-report-none-text"),
        )
        .html(),
        Some(false) => Note::new(
            Tone::Warn,
            t.t("mkt-report-open"),
            t.t("mkt-report-open-text"),
        )
        .html(),
        Some(true) if file.report.is_none() => Note::new(
            Tone::Warn,
            t.t("mkt-report-unread"),
            t.t("mkt-report-unread-text"),
        )
        .html(),
        Some(true) => Html::empty(),
    }
}

fn left(ui: &Ui, auth: &ReviewerAuth, file: &ReviewFile) -> Html {
    let (t, row) = (&ui.t, &file.row);
    let mut pieces = vec![group([verdict(t, row.verdict.as_deref())])];
    pieces.extend(file.report.as_ref().map(|report| buckets(t, report)));
    if let (Some(from), Some(deadline)) = (row.submitted_at, row.clock.deadline) {
        pieces.push(section(&t.t("mkt-deadline"), &ui::sla(t, from, deadline)));
    }
    stack([
        Card::new(t.t("mkt-verdict"), stack(pieces)).html(),
        Card::new(t.t("mkt-claim-title"), claim(ui, auth, file)).html(),
        Card::new(t.t("mkt-facts"), facts(t, file)).html(),
        Card::new(t.t("mkt-way"), steps::timeline(t, &file.timeline)).html(),
    ])
}

/// Who holds the review and who has approved so far.
fn claim(ui: &Ui, auth: &ReviewerAuth, file: &ReviewFile) -> Html {
    let (t, row) = (&ui.t, &file.row);
    let holder = match row.live_claim(t.now()) {
        None => Html::text(&t.t("mkt-claim-nobody")),
        Some(claim) => {
            let name = if claim.by == auth.account {
                t.t("mkt-claim-yours")
            } else {
                claim.name.clone()
            };
            let until = ui::time(t, claim.until);
            Html::join([
                Html::text(&name),
                Html::trusted(" · "),
                Html::text(&t.t("mkt-until")),
                Html::trusted(" "),
                until,
            ])
        }
    };
    let given = t.t_args(
        "mkt-approvals-of",
        &[
            ("given", file.approvals.len().into()),
            ("needed", file.needed.into()),
        ],
    );
    let names: Vec<&str> = file.approvals.iter().map(|a| a.name.as_str()).collect();
    let given = if names.is_empty() {
        given
    } else {
        format!("{given}: {}", names.join(", "))
    };
    let facts = ui::facts(&[
        (t.t("mkt-claim-by"), holder),
        (t.t("mkt-approvals"), given.into()),
    ]);
    let mine = row
        .live_claim(t.now())
        .is_some_and(|c| c.by == auth.account);
    if !mine {
        return facts;
    }
    let release = ui
        .action(
            format!("/review/{}/release", row.review),
            t.t("mkt-release"),
        )
        .icon("arrow-back-up")
        .html();
    let renew = ui
        .action(format!("/review/{}/claim", row.review), t.t("mkt-renew"))
        .icon("refresh")
        .html();
    let both = Html::trusted(format!(r#"<div class="px-row">{renew}{release}</div>"#));
    stack([facts, both])
}

fn facts(t: &T, file: &ReviewFile) -> Html {
    let row = &file.row;
    let kind = row.facts.as_ref().map(|f| f.kind.as_str());
    let reasons = ui::risk_reasons(t, row.risk, &row.permissions, kind.unwrap_or_default());
    let mut list = vec![
        (t.t("mkt-state"), ui::version_state(t, row.state)),
        (t.t("mkt-publisher"), Html::text(&row.publisher_name)),
        (t.t("mkt-risk"), ui::risk(t, row.risk, &reasons)),
        (
            t.t("mkt-kind"),
            kind.map_or_else(|| "—".into(), |k| kind_word(t, k).into()),
        ),
        (t.t("mkt-size"), t.size(row.size).into()),
        (t.t("mkt-round"), row.round.to_string().into()),
    ];
    if let Some(at) = row.submitted_at {
        list.push((t.t("mkt-submitted"), ui::time(t, at)));
    }
    if let Some(range) = row.facts.as_ref().and_then(|f| f.corex_version.as_deref()) {
        list.push((
            t.t("mkt-core"),
            Html::trusted(format!("<code>{}</code>", Html::text(range))),
        ));
    }
    list.push((t.t("mkt-id"), ui::copyable(t, row.plugin.as_str())));
    list.push((t.t("mkt-digest"), ui::copyable(t, &row.sha256.to_string())));
    ui::facts(&list)
}

fn right(t: &T, file: &ReviewFile) -> Html {
    let row = &file.row;
    let mut cards = Vec::new();
    if let Some(report) = &file.report {
        let body = stack([findings(t, report, false), checks(t, report)]);
        cards.push(Card::new(t.t("mkt-findings"), body).html());
    }
    cards.push(Card::new(t.t("mkt-diff"), diff(t, file)).html());
    if let Some(report) = &file.report {
        cards.push(Card::new(t.t("mkt-run"), run(t, report)).html());
    }
    let notes = match row.notes.as_deref().filter(|n| !n.trim().is_empty()) {
        Some(notes) => markdown::render(notes),
        None => muted(&t.t("mkt-no-notes")),
    };
    cards.push(Card::new(t.t("mkt-notes"), notes).html());
    if let Some(report) = &file.report {
        cards.push(Card::new(t.t("mkt-engines"), engines(t, report)).html());
    }
    stack(cards)
}

/// What this version asks for, against what is listed.
fn diff(t: &T, file: &ReviewFile) -> Html {
    let row = &file.row;
    let Some(old) = &file.previous else {
        return stack([
            muted(&t.t("mkt-diff-first")),
            section(
                &t.t("mkt-permissions"),
                &ui::permission_list(t, &row.permissions, &[]),
            ),
            section(&t.t("mkt-needs"), &dependency_list(t, &row.dependencies)),
        ]);
    };
    let new = permissions::added(&old.permissions, &row.permissions);
    let gone = permissions::added(&row.permissions, &old.permissions);
    let mut pieces = vec![muted(&t.t_args(
        "mkt-diff-against",
        &[("version", old.version.to_string().into())],
    ))];
    if !new.is_empty() {
        let text = t.t_args("mkt-diff-new", &[("n", new.len().into())]);
        pieces.push(Note::new(Tone::Warn, "", text).html());
    }
    pieces.push(section(
        &t.t("mkt-permissions"),
        &ui::permission_list(t, &row.permissions, &new),
    ));
    if !new.is_empty() || !gone.is_empty() {
        pieces.push(lines_diff(
            t,
            &t.t("mkt-permissions"),
            &old.permissions,
            &row.permissions,
        ));
    }
    if old.dependencies == row.dependencies {
        pieces.push(section(
            &t.t("mkt-needs"),
            &dependency_list(t, &row.dependencies),
        ));
    } else {
        pieces.push(lines_diff(
            t,
            &t.t("mkt-needs"),
            &old.dependencies,
            &row.dependencies,
        ));
    }
    stack(pieces)
}

fn lines_diff<D: ToString>(t: &T, name: &str, old: &[D], new: &[D]) -> Html {
    let text = |list: &[D]| {
        let sorted: BTreeSet<String> = list
            .iter()
            .map(|d| format!("{}\n", d.to_string()))
            .collect();
        sorted.into_iter().collect::<String>()
    };
    Diff::between(t, name, &text(old), &text(new)).html()
}

fn dependency_list(t: &T, list: &[Dependency]) -> Html {
    if list.is_empty() {
        return muted(&t.t("mkt-needs-none"));
    }
    let rows: String = list
        .iter()
        .map(|d| format!("<li><code>{}</code></li>", Html::text(&d.to_string())))
        .collect();
    Html::trusted(format!(r#"<ul class="mkt-list">{rows}</ul>"#))
}
