//! `explain`: what an error code or a check means, and what to do.

use px_api::Code;
use px_review::{CATALOGUE, CheckId, CheckInfo};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::printer::{Page, Text, Tone};
use crate::session::Session;

/// Options of `explain`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  px-plugin explain PX-0203\n  px-plugin explain ARC-03\n  px-plugin explain --list"
)]
pub struct Args {
    /// Error code (`PX-0203`) or check (`ARC-03`).
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// List every code and check.
    #[arg(long, conflicts_with = "name")]
    list: bool,
}

/// Explains one, or lists all.
///
/// # Errors
/// When the name is neither a code nor a check.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let chinese = session
        .variable("LC_ALL")
        .or_else(|| session.variable("LANG"))
        .is_some_and(|locale| locale.starts_with("zh"));
    let Some(name) = &args.name else {
        return Ok(list(chinese));
    };
    if let Some(code) = Code::find(name) {
        return Ok(code_page(code, chinese));
    }
    match name.parse::<CheckId>() {
        Ok(check) => Ok(check_page(check.info(), chinese)),
        Err(_) => Err(Failure::usage(
            format!("`{name}` is neither an error code nor a check"),
            "`px-plugin explain --list` shows them all.",
        )),
    }
}

fn code_page(code: Code, chinese: bool) -> Outcome {
    let (title, cause, remedy, words) = if chinese {
        let words = ["原因", "处理", "HTTP 状态"];
        (code.title_zh(), code.cause_zh(), code.remedy_zh(), words)
    } else {
        let words = ["why", "help", "HTTP status"];
        (code.title(), code.cause(), code.remedy(), words)
    };
    let status = code.status().to_string();
    let page = head(code.as_str(), title).blank().pairs([
        (words[0], cause.to_owned()),
        (words[1], remedy.to_owned()),
        (words[2], status),
    ]);
    Outcome::new(&code_json(code), page).essence(code.explain())
}

fn check_page(info: &CheckInfo, chinese: bool) -> Outcome {
    let title = if chinese { info.title_zh } else { info.title };
    let page = head(info.id.as_str(), title)
        .blank()
        .line(info.explain)
        .blank()
        .pairs([("Severity", severity_words(info))]);
    Outcome::new(&check_json(info), page).essence(info.explain)
}

fn head(id: &str, title: &str) -> Page {
    Page::new().line(Text::toned(Tone::Code, id).and(Tone::Strong, format!("  {title}")))
}

fn severity_words(info: &CheckInfo) -> String {
    let meaning = match info.severity.as_str() {
        "block" => "never listed",
        "error" => "the author must rework it",
        "hold" => "a person must look",
        "warning" => "worth mending",
        _ => "good to know",
    };
    format!("{} ({meaning})", info.severity.as_str())
}

fn list(chinese: bool) -> Outcome {
    let row =
        |id: &str, en: &str, zh: &str| (id.to_owned(), if chinese { zh } else { en }.to_owned());
    let codes = Code::ALL
        .iter()
        .map(|c| row(c.as_str(), c.title(), c.title_zh()));
    let checks = CATALOGUE
        .iter()
        .map(|c| row(c.id.as_str(), c.title, c.title_zh));
    let page = Page::new()
        .line(Text::toned(Tone::Strong, "Error codes"))
        .pairs(codes)
        .heading("Checks")
        .pairs(checks);
    let document = json!({
        "codes": Code::ALL.iter().map(|code| code_json(*code)).collect::<Vec<_>>(),
        "checks": CATALOGUE.iter().map(check_json).collect::<Vec<_>>(),
    });
    let ids = Code::ALL
        .iter()
        .map(|c| c.as_str())
        .chain(CATALOGUE.iter().map(|c| c.id.as_str()));
    let essence = ids.collect::<Vec<_>>().join("\n");
    Outcome::new(&document, page).essence(essence)
}

fn code_json(code: Code) -> Value {
    json!({
        "code": code.as_str(), "title": code.title(), "titleZh": code.title_zh(),
        "status": code.status(), "explain": code.explain(),
        "cause": code.cause(), "remedy": code.remedy(),
        "causeZh": code.cause_zh(), "remedyZh": code.remedy_zh(),
    })
}

fn check_json(info: &CheckInfo) -> Value {
    json!({
        "check": info.id.as_str(), "title": info.title, "titleZh": info.title_zh,
        "severity": info.severity.as_str(), "explain": info.explain,
    })
}
