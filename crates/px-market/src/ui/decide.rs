//! Claiming a review and deciding about it.

use axum::Form;
use axum::extract::{Path, State};
use px_api::market::DecisionRequest;
use px_api::{Code, Problem};
use px_model::{Decision, ReviewId, VersionId, VersionState};
use px_web::i18n::{Lang, T};
use px_web::identity::Reviewer;
use px_web::ui::{Look, Note, Tone};
use px_web::{Answer, Failure, Flash, Html, Ui};
use serde::Deserialize;

use super::ask::{Ask, Field};
use super::parts::{fail, reviewer, title};
use super::report::{read, show};
use crate::Market;
use crate::app::authority::ReviewerAuth;
use crate::app::error::AppError;
use crate::app::pages::ReviewFile;

/// A refused decision: why, and what was typed.
pub(super) struct Refused {
    pub(super) problem: Problem,
    form: Decide,
}

/// Reasons that decisions name, in both languages, since the author may read either.
const CAUSES: [(&str, &str, &str); 6] = [
    ("security", "Security problem", "安全问题"),
    (
        "permissions",
        "Permissions not justified",
        "权限申请理由不足",
    ),
    ("quality", "Does not work as described", "功能与描述不符"),
    (
        "documentation",
        "Documentation is missing or unclear",
        "文档缺失或不清楚",
    ),
    (
        "name",
        "Name or branding may mislead",
        "名称或品牌易引起误解",
    ),
    ("policy", "Against the Marketplace's policy", "违反市场规范"),
];

/// What the reviewer typed.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Decide {
    decision: String,
    #[serde(default)]
    notes: String,
    #[serde(default)]
    cause: String,
    #[serde(default)]
    overrule: String,
    #[serde(default)]
    token: String,
}

impl Decide {
    fn request(&self) -> Result<DecisionRequest, Problem> {
        let decision: Decision = self.decision.parse().map_err(|_| {
            Problem::new(
                Code::InvalidField,
                "The decision is none of approve, reject, request_changes.",
            )
        })?;
        let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        let cause = CAUSES.iter().find(|(name, ..)| *name == self.cause);
        let notes = match (cause, some(&self.notes)) {
            (Some((_, en, zh)), Some(notes)) => Some(format!("{en} / {zh}\n{notes}")),
            // A reason from the list alone is none that an author can act on.
            (_, notes) => notes,
        };
        Ok(DecisionRequest {
            decision,
            notes,
            approvers: Vec::new(),
            claim_token: self.token.parse().ok(),
            overrule_reason: some(&self.overrule),
        })
    }
}

/// The bar that is always in sight: what this reviewer can do now.
pub(super) fn bar(
    ui: &Ui,
    auth: &ReviewerAuth,
    file: &ReviewFile,
    refused: Option<&Refused>,
) -> Html {
    let (t, row) = (&ui.t, &file.row);
    if !matches!(row.state, VersionState::InReview | VersionState::Blocked) {
        // Nothing to decide: a line at the end, which covers nothing.
        return quiet(Tone::Info, t.t("mkt-decide-over"));
    }
    let inner = match row.live_claim(t.now()) {
        _ if auth.publishers.contains(&row.publisher) => quiet(Tone::Warn, t.t("mkt-decide-own")),
        Some(claim) if claim.by == auth.account => forms(ui, auth, file, refused),
        Some(claim) => quiet(
            Tone::Info,
            t.t_args("mkt-decide-held", &[("name", claim.name.clone().into())]),
        ),
        None => {
            let claim = ui
                .action(format!("/review/{}/claim", row.review), t.t("mkt-claim"))
                .look(Look::Primary)
                .icon("hand-stop")
                .key('c')
                .html();
            let words = Html::text(&t.t("mkt-decide-claim"));
            Html::join([
                claim,
                Html::trusted(format!(r#"<span class="px-muted">{words}</span>"#)),
            ])
        }
    };
    let label = Html::text(&t.t("mkt-decide"));
    Html::trusted(format!(
        r#"<section class="px-decide mkt-decide" aria-label="{label}">{inner}</section>"#
    ))
}

fn quiet(tone: Tone, text: String) -> Html {
    Note::new(tone, "", text).html()
}

fn forms(ui: &Ui, auth: &ReviewerAuth, file: &ReviewFile, refused: Option<&Refused>) -> Html {
    let t = &ui.t;
    let mut pieces = Vec::new();
    if file.approvals.iter().any(|a| a.account == auth.account) {
        pieces.push(quiet(Tone::Info, t.t("mkt-decide-approved")));
    }
    let typed = |name: &str| refused.map(|r| &r.form).filter(|f| f.decision == name);
    pieces.push(approve(ui, file, typed("approve")));
    pieces.push(send_back(
        ui,
        file,
        typed("request_changes"),
        Decision::RequestChanges,
    ));
    pieces.push(send_back(ui, file, typed("reject"), Decision::Reject));
    Html::join(pieces)
}

fn ask<'a>(
    ui: &'a Ui,
    file: &ReviewFile,
    decision: Decision,
    label: String,
    what: String,
) -> Ask<'a> {
    Ask::new(
        ui,
        format!("/review/{}/decide", file.row.review),
        label,
        what,
    )
    .group("decide")
    .hidden("decision", decision)
    .hidden("token", file.row.claim_token)
}

fn notes(t: &T, label: &str, hint: &str, value: &str, required: bool) -> Field {
    Field {
        name: "notes",
        label: t.t(label),
        hint: if hint.is_empty() {
            String::new()
        } else {
            t.t(hint)
        },
        value: value.to_owned(),
        required,
        options: Vec::new(),
    }
}

fn approve(ui: &Ui, file: &ReviewFile, typed: Option<&Decide>) -> Html {
    let (t, row) = (&ui.t, &file.row);
    let given = u32::try_from(file.approvals.len()).unwrap_or(u32::MAX);
    let last = given.saturating_add(1) >= file.needed;
    let (label, what) = if file.needed < 2 {
        (t.t("mkt-approve"), t.t("mkt-approve-what"))
    } else {
        let args = [
            ("n", given.saturating_add(1).min(file.needed).into()),
            ("of", file.needed.into()),
        ];
        let what = if last {
            "mkt-approve-what"
        } else {
            "mkt-approve-first"
        };
        (t.t_args("mkt-approve-of", &args), t.t(what))
    };
    let form = ask(ui, file, Decision::Approve, label, what)
        .look(Look::Primary)
        .icon("check")
        .submit(t.t(if last {
            "mkt-approve-send"
        } else {
            "mkt-approve-send-first"
        }))
        .key('a')
        .open(typed.is_some());
    let clean = matches!(row.verdict.as_deref(), Some("clean" | "needs_person"));
    let form = if clean && row.state == VersionState::InReview {
        form
    } else {
        form.field(Field {
            name: "overrule",
            label: t.t("mkt-overrule"),
            hint: t.t("mkt-overrule-hint"),
            value: typed.map(|f| f.overrule.clone()).unwrap_or_default(),
            required: true,
            options: Vec::new(),
        })
    };
    let value = typed.map_or("", |f| &f.notes);
    form.field(notes(t, "mkt-approve-notes", "", value, false))
        .html()
}

fn send_back(ui: &Ui, file: &ReviewFile, typed: Option<&Decide>, decision: Decision) -> Html {
    let t = &ui.t;
    let reject = decision == Decision::Reject;
    let (label, what) = if reject {
        (t.t("mkt-reject"), t.t("mkt-reject-what"))
    } else {
        (t.t("mkt-changes"), t.t("mkt-changes-what"))
    };
    let causes = CAUSES.iter().map(|(name, en, zh)| {
        let word = if t.lang() == Lang::ZhCn { zh } else { en };
        ((*name).to_owned(), (*word).to_owned())
    });
    let cause = Field {
        name: "cause",
        label: t.t("mkt-cause"),
        value: typed.map(|f| f.cause.clone()).unwrap_or_default(),
        options: causes.collect(),
        ..Field::default()
    };
    let value = typed.map_or("", |f| &f.notes);
    let form = ask(ui, file, decision, label, what)
        .open(typed.is_some())
        .field(cause)
        .field(notes(
            t,
            "mkt-decide-notes",
            "mkt-decide-notes-hint",
            value,
            true,
        ));
    if reject {
        let question = t.t_args("mkt-reject-sure", &[("name", title(&file.row).into())]);
        form.look(Look::Danger)
            .quiet()
            .submit(t.t("mkt-reject-send"))
            .icon("x")
            .key('x')
            .confirm(question)
            .html()
    } else {
        form.icon("message-report")
            .look(Look::Primary)
            .quiet()
            .submit(t.t("mkt-changes-send"))
            .key('r')
            .html()
    }
}

async fn version_of(market: &Market, auth: &ReviewerAuth, review: ReviewId) -> Answer<VersionId> {
    Ok(market.review_file(auth, review).await.map_err(fail)?.row.id)
}

/// What a refusal of a claim or a release leads to: back to the report with the reason.
fn back(ui: &Ui, review: ReviewId, error: AppError) -> Answer {
    if error.is_trouble() {
        return Err(fail(error));
    }
    let problem = error.problem();
    let text = format!(
        "{} ({})",
        super::parts::capital(&problem.detail),
        problem.code
    );
    Ok(ui.redirect(&format!("/review/{review}"), &Flash::failed(text)))
}

/// `POST /review/{reviewId}/claim`
pub(super) async fn claim(
    ui: Ui,
    who: Reviewer,
    State(market): State<Market>,
    Path(review): Path<String>,
) -> Answer {
    let (auth, review) = (reviewer(&who), read(&review)?);
    let version = version_of(&market, &auth, review).await?;
    match market.claim_review(&auth, version).await {
        Err(error) => back(&ui, review, error),
        Ok(claim) => {
            let audit = market
                .newest_audit(&auth.actor, &version.to_string())
                .await
                .map_err(fail)?;
            let left = claim.claimed_until.as_second() - ui.t.now().as_second();
            let args = [("span", ui.t.duration(left).into())];
            let flash = Flash::done(ui.t.t_args("mkt-claim-done", &args), audit);
            Ok(ui.redirect(&format!("/review/{review}"), &flash))
        }
    }
}

/// `POST /review/{reviewId}/release`
pub(super) async fn release(
    ui: Ui,
    who: Reviewer,
    State(market): State<Market>,
    Path(review): Path<String>,
) -> Answer {
    let (auth, review) = (reviewer(&who), read(&review)?);
    let version = version_of(&market, &auth, review).await?;
    match market.release_review(&auth, version).await {
        Err(error) => back(&ui, review, error),
        Ok(()) => {
            let audit = market
                .newest_audit(&auth.actor, &version.to_string())
                .await
                .map_err(fail)?;
            Ok(ui.redirect("/review", &Flash::done(ui.t.t("mkt-release-done"), audit)))
        }
    }
}

/// `POST /review/{reviewId}/decide`
pub(super) async fn decide(
    ui: Ui,
    who: Reviewer,
    State(market): State<Market>,
    Path(review): Path<String>,
    Form(form): Form<Decide>,
) -> Answer {
    let (auth, review) = (reviewer(&who), read(&review)?);
    let version = version_of(&market, &auth, review).await?;
    let request = form.request().map_err(Failure::from)?;
    match market.decide(&auth, version, &request).await {
        Err(error) if error.is_trouble() && error.problem().status >= 500 => Err(fail(error)),
        Err(error) => {
            let refused = Refused {
                problem: error.problem(),
                form,
            };
            show(&ui, &market, &auth, review, Some(&refused)).await
        }
        Ok(view) => {
            let audit = market
                .newest_audit(&auth.actor, &version.to_string())
                .await
                .map_err(fail)?;
            let key = match view.state {
                VersionState::Listed => "mkt-done-listed",
                VersionState::Rejected => "mkt-done-rejected",
                VersionState::ChangesRequested => "mkt-done-changes",
                _ => "mkt-done-approved",
            };
            let args = [("name", format!("{} {}", view.name, view.version).into())];
            Ok(ui.redirect("/review", &Flash::done(ui.t.t_args(key, &args), audit)))
        }
    }
}
