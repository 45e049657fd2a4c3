//! The demo's timeline: one line per step with a tick and the time taken, or one JSON document.

use std::future::Future;
use std::io::{IsTerminal, Write};
use std::time::Instant;

use serde::Serialize;

/// How the timeline is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Lines for people, as steps end.
    Text,
    /// One JSON document at the end.
    Json,
}

/// One step that was done or failed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Part of the chain: `publish`, `review`, `install`…
    pub stage: &'static str,
    /// What was done.
    pub name: String,
    /// Whether it was verified.
    pub ok: bool,
    /// What was seen, or why it failed.
    pub detail: String,
    /// Seconds it took.
    pub seconds: f64,
}

/// All steps so far.
pub struct Timeline {
    format: Format,
    colour: bool,
    started: Instant,
    steps: Vec<Step>,
}

impl Timeline {
    /// An empty timeline that starts now.
    #[must_use]
    pub fn new(format: Format) -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            format,
            colour,
            started: Instant::now(),
            steps: Vec::new(),
        }
    }

    /// Does a step and records it; its answer is a value and what was seen.
    ///
    /// # Errors
    /// The step's own.
    pub async fn step<T>(
        &mut self,
        stage: &'static str,
        name: &str,
        work: impl Future<Output = anyhow::Result<(T, String)>>,
    ) -> anyhow::Result<T> {
        let begun = Instant::now();
        let outcome = work.await;
        let (ok, detail) = match &outcome {
            Ok((_, detail)) => (true, detail.clone()),
            Err(e) => (false, format!("{e:#}")),
        };
        let step = Step {
            stage,
            name: name.to_owned(),
            ok,
            detail,
            seconds: begun.elapsed().as_secs_f64(),
        };
        self.show(&step);
        self.steps.push(step);
        outcome.map(|(value, _)| value)
    }

    /// Prints the end; answers whether every step was verified.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn finish(&self, failure: Option<&anyhow::Error>) -> anyhow::Result<bool> {
        let ok = failure.is_none() && self.steps.iter().all(|s| s.ok);
        let seconds = self.started.elapsed().as_secs_f64();
        let mut out = std::io::stdout().lock();
        match self.format {
            Format::Json => {
                let document = serde_json::json!({
                    "ok": ok, "seconds": seconds, "steps": self.steps,
                    "error": failure.map(|e| format!("{e:#}")),
                });
                writeln!(out, "{}", serde_json::to_string_pretty(&document)?)?;
            }
            Format::Text if ok => {
                writeln!(
                    out,
                    "\n{} {} steps verified in {seconds:.1} s",
                    self.mark(true),
                    self.steps.len()
                )?;
            }
            Format::Text => {
                let why = failure.map(|e| format!(": {e:#}")).unwrap_or_default();
                writeln!(
                    out,
                    "\n{} stopped after {} steps{why}",
                    self.mark(false),
                    self.steps.len()
                )?;
            }
        }
        Ok(ok)
    }

    /// Prints a line that is no step, for people only.
    pub fn say(&self, text: &str) {
        if self.format == Format::Text {
            let _ = writeln!(std::io::stdout().lock(), "{text}");
        }
    }

    fn show(&self, step: &Step) {
        if self.format == Format::Text {
            let line = format!(
                "{} {:<9} {:<58} {:>7.2} s  {}",
                self.mark(step.ok),
                step.stage,
                step.name,
                step.seconds,
                step.detail
            );
            let _ = writeln!(std::io::stdout().lock(), "{}", line.trim_end());
        }
    }

    const fn mark(&self, ok: bool) -> &'static str {
        match (ok, self.colour) {
            (true, true) => "\x1b[32m✓\x1b[0m",
            (false, true) => "\x1b[31m✗\x1b[0m",
            (true, false) => "✓",
            (false, false) => "✗",
        }
    }
}
