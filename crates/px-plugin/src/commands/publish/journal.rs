//! What happened during a publish: written to `publish-debug.log` when it fails, without secrets.

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::failure::Failure;
use crate::files::{self, Access};
use crate::session::Session;

/// Name of the file.
pub const FILE: &str = "publish-debug.log";
/// Lines kept; the middle of a very long story is left out.
const MAX_LINES: usize = 4000;

/// The story of one publish, in memory until it is needed.
pub struct Journal {
    lines: Vec<String>,
    secrets: Vec<String>,
}

impl Journal {
    /// Begins with the settings and where each came from; never their secrets.
    #[must_use]
    pub fn new(session: &Session, settings: &Settings) -> Self {
        let secrets = settings
            .token
            .iter()
            .map(|token| token.value.reveal().to_owned())
            .collect();
        let mut journal = Self {
            lines: Vec::new(),
            secrets,
        };
        let build = (
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH,
        );
        journal.note(
            session,
            &format!("px-plugin {} on {}-{}", build.0, build.1, build.2),
        );
        journal.note(
            session,
            &format!(
                "marketplace {} ({})",
                settings.api_url.value, settings.api_url.origin
            ),
        );
        let token = settings
            .token
            .as_ref()
            .map_or_else(|| "none".to_owned(), |token| token.origin.to_string());
        journal.note(
            session,
            &format!(
                "token from {token}; profile {} ({})",
                settings.profile.value, settings.profile.origin
            ),
        );
        journal
    }

    /// Adds a line.
    pub fn note(&mut self, session: &Session, text: &str) {
        if self.lines.len() >= MAX_LINES {
            self.lines.remove(MAX_LINES / 2);
        }
        let text = self.clean(text);
        self.lines.push(format!("{} {text}", session.now()));
    }

    fn clean(&self, text: &str) -> String {
        let hidden = self.secrets.iter().filter(|secret| secret.len() >= 4);
        let text = hidden.fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), "…")
        });
        text.replace(['\r', '\n'], " ")
    }

    /// Writes the story into the project's folder; a folder that cannot be written to is no second failure.
    pub fn write(&mut self, session: &Session, dir: &Path, failure: &Failure) -> Option<PathBuf> {
        let problem = &failure.problem;
        self.note(
            session,
            &format!(
                "failed: {} {}: {}",
                problem.code, problem.title, problem.detail
            ),
        );
        for error in &problem.errors {
            self.note(
                session,
                &format!(
                    "  {} {}: {} ({})",
                    error.code, error.pointer, error.detail, error.remedy
                ),
            );
        }
        if let Some(id) = &problem.request_id {
            self.note(session, &format!("  request {id}"));
        }
        let path = dir.join(FILE);
        let text = format!("{}\n", self.lines.join("\n"));
        files::write(&path, text.as_bytes(), Access::Shared)
            .is_ok()
            .then_some(path)
    }
}
