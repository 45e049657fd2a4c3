//! Problems as pages, for people.

use crate::html::Html;
use crate::http::{Answer, Failure};
use crate::i18n::{Lang, T};
use crate::shell::Ui;
use crate::ui::{Card, copyable, facts, icon};
use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use px_api::{Code, Problem};

/// What to do in general about a kind of status.
const fn hint_key(status: u16) -> &'static str {
    match status {
        401 => "problem-hint-identity",
        403 => "problem-hint-right",
        404 | 410 => "problem-hint-missing",
        409 | 412 | 428 => "problem-hint-conflict",
        413 | 429 => "problem-hint-limit",
        400..500 => "problem-hint-content",
        _ => "problem-hint-server",
    }
}

/// A problem as a panel inside a page: what happened, what to do, the request's id.
#[derive(Template)]
#[template(path = "ui/problem.html")]
pub struct ProblemPanel<'a> {
    t: &'a T,
    problem: &'a Problem,
    title: String,
    /// What is usually behind it, in the reader's language; empty where the detail is in it.
    cause: Html,
    hint: Html,
    detail: Html,
    retry: &'a str,
    sign_in: String,
}

impl<'a> ProblemPanel<'a> {
    /// A panel; `retry` is the address to try again, empty when that makes no sense.
    #[must_use]
    pub fn new(t: &'a T, problem: &'a Problem, retry: &'a str) -> Self {
        let code = Code::find(&problem.code);
        let words = code.map(|code| t.code(code));
        let title = match (words, t.lang()) {
            (Some(words), Lang::ZhCn) => words.title.to_owned(),
            _ => problem.title.clone(),
        };
        let cause = match (words, t.lang()) {
            (Some(words), Lang::ZhCn) => in_code(words.cause),
            _ => Html::empty(),
        };
        let hint = words.map_or_else(
            || Html::text(&t.t(hint_key(problem.status))),
            |words| in_code(words.remedy),
        );
        Self {
            t,
            problem,
            title,
            cause,
            hint,
            detail: in_code(&problem.detail),
            retry,
            sign_in: String::new(),
        }
    }

    /// The markup.
    #[must_use]
    pub fn html(&self) -> Html {
        Html::render(self)
    }

    fn icon(&self) -> Html {
        icon(match self.problem.status {
            401 | 403 => "lock",
            404 => "search",
            429 => "hourglass-high",
            _ => "alert-triangle",
        })
    }

    fn request(&self) -> Html {
        let id = self.problem.request_id.as_deref().unwrap_or_default();
        copyable(self.t, id)
    }
}

/// The whole page.
pub(crate) fn show(ui: &Ui, problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let again = ui.uri.to_string();
    let mut panel = ProblemPanel::new(&ui.t, problem, &again);
    if status == StatusCode::UNAUTHORIZED {
        let next: String = form_urlencoded::byte_serialize(again.as_bytes()).collect();
        panel.sign_in = format!("/sign-in?next={next}");
        panel.retry = "";
    }
    if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
        panel.retry = "";
    }
    let title = panel.title.clone();
    let html = panel.html();
    let page = ui.page(title).status(status).narrow();
    // Whoever is signed in keeps the way to everything else.
    let page = if ui.caller.is_signed_in() {
        page.untitled()
    } else {
        page.bare()
    };
    page.show_html(html)
}

/// `GET /problems/{code}`: what the `type` of a problem document points to.
async fn explain(ui: Ui, Path(code): Path<String>) -> Answer {
    let code = Code::find(&code).ok_or_else(|| Failure::not_found("problem code"))?;
    let (words, name, status) = (ui.t.code(code), code.as_str(), code.status());
    let facts = facts(&[
        (ui.t.t("problem-why"), in_code(words.cause)),
        (ui.t.t("problem-what-now"), in_code(words.remedy)),
        (ui.t.t("problem-code"), copyable(&ui.t, name)),
        (ui.t.t("problem-status"), status.to_string().into()),
    ]);
    let page = ui.page(words.title).lead(name).narrow();
    Ok(page.show_html(Card::new("", facts).html()))
}

/// Text in which words between backticks are code.
fn in_code(text: &str) -> Html {
    let parts = text.split('`').enumerate();
    Html::join(parts.map(|(n, part)| match n % 2 {
        1 => Html::trusted(format!("<code>{}</code>", Html::text(part))),
        _ => Html::text(part),
    }))
}

pub(crate) fn routes() -> Router {
    Router::new().route("/problems/{code}", get(explain))
}
