//! `doctor`: tries everything a publish needs, step by step.

mod local;
mod online;

use serde::Serialize;
use serde_json::json;

use super::keys::{ConnectArgs, ProfileArgs};
use crate::config::{Settings, Wishes};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::printer::{Mark, Page, Text, Tone};
use crate::session::Session;

/// Options of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  px-plugin doctor
  px-plugin doctor --format json | jq '.steps[] | select(.result == \"bad\")'

Looks at the settings and where each comes from, the signing key and its certificate, the way to the
Marketplace, the token and what it may do, and the clock.")]
pub struct Args {
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// In order.
    Good,
    /// Deserves a look.
    Warning,
    /// Publishing will fail.
    Bad,
}

/// One thing that was tried.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What was tried.
    pub name: &'static str,
    /// How it went.
    pub result: Health,
    /// What was seen.
    pub seen: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Step {
    /// All is well.
    pub fn good(name: &'static str, seen: impl Into<String>) -> Self {
        Self {
            name,
            result: Health::Good,
            seen: seen.into(),
            remedy: None,
        }
    }

    /// Deserves a look.
    pub fn warning(name: &'static str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            name,
            result: Health::Warning,
            seen: seen.into(),
            remedy: Some(remedy.into()),
        }
    }

    /// Publishing will fail.
    pub fn bad(name: &'static str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            name,
            result: Health::Bad,
            seen: seen.into(),
            remedy: Some(remedy.into()),
        }
    }

    /// What a failure says.
    pub fn failed(name: &'static str, failure: &Failure) -> Self {
        let problem = &failure.problem;
        Self::bad(
            name,
            format!("{} {}: {}", problem.code, problem.title, problem.detail),
            failure.remedy.as_str(),
        )
    }
}

/// Tries everything.
///
/// # Errors
/// None of its own: what fails is a step of the result.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let loaded = Settings::load(
        session,
        &Wishes {
            api_url: args.connect.api_url.as_deref(),
            profile: args.profile.profile.as_deref(),
            ..Wishes::default()
        },
    );
    let mut steps = Vec::new();
    match loaded {
        Ok(settings) => {
            steps.extend(local::steps(session, &settings));
            let online = session.block_on(async { Ok(online::steps(session, &settings).await) });
            steps.extend(online?);
        }
        Err(failure) => steps.push(Step::failed("settings", &failure)),
    }
    let bad = steps
        .iter()
        .filter(|step| step.result == Health::Bad)
        .count();
    let document = json!({ "healthy": bad == 0, "steps": steps });
    let essence = if bad == 0 { "healthy" } else { "not healthy" };
    Ok(Outcome::new(&document, page(&steps, bad))
        .essence(essence)
        .blocked_if(bad > 0))
}

fn page(steps: &[Step], bad: usize) -> Page {
    let mut page = Page::new();
    for step in steps {
        let mark = match step.result {
            Health::Good => Mark::Good,
            Health::Warning => Mark::Warn,
            Health::Bad => Mark::Bad,
        };
        let text = Text::toned(Tone::Strong, step.name).plain(format!("  {}", step.seen));
        let remedy = step
            .remedy
            .iter()
            .map(|remedy| Text::toned(Tone::Dim, "fix:").plain(format!(" {remedy}")));
        page = page.detailed(mark, text, remedy.collect());
    }
    let page = page.blank();
    match bad {
        0 => page.item(Mark::Good, Text::toned(Tone::Good, "ready to publish")),
        1 => page.item(Mark::Bad, Text::toned(Tone::Bad, "one thing is in the way")),
        bad => page.item(
            Mark::Bad,
            Text::toned(Tone::Bad, format!("{bad} things are in the way")),
        ),
    }
}
