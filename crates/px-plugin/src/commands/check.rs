//! `check`: what a reviewer would see.

use std::path::PathBuf;

use px_review::{Context, Report, Status, check_bundle, check_dir, check_manifest};

use crate::failure::Failure;
use crate::files;
use crate::findings::{self, Folder, Nowhere, Single, Sources};
use crate::outcome::Outcome;
use crate::project;
use crate::session::Session;

/// Options of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  px-plugin check                        the plugin in this folder
  px-plugin check notes-1.0.0.pxp        a packed bundle
  px-plugin check --manifest plugin.yaml a manifest alone
  px-plugin check --format json | jq .verdict.status

These are the checks that the Marketplace makes; those that need its catalog are made at `publish`.
`px-plugin explain CHECK-ID` tells what a check looks at and why.")]
pub struct Args {
    /// Folder or bundle to check.
    #[arg(value_name = "DIR|BUNDLE", default_value = ".")]
    path: PathBuf,
    /// Check a manifest alone.
    #[arg(long, value_name = "FILE", conflicts_with = "path")]
    manifest: Option<PathBuf>,
    /// List every check, also those that passed.
    #[arg(long)]
    all: bool,
}

/// Reviews and shows the report.
///
/// # Errors
/// When there is nothing to review, or a file cannot be read.
pub fn run(args: &Args, session: &Session) -> Result<Outcome, Failure> {
    let context = Context::local();
    if let Some(file) = &args.manifest {
        let text = files::read_text(&session.path(file))?;
        let report = check_manifest(&text, &context);
        return Ok(outcome(&report, &context, &Single(&text), args.all));
    }
    let path = session.path(&args.path);
    let busy = session.printer.busy("Checking");
    let (report, dir) = if path.is_file() {
        (check_bundle(&path, &context), None)
    } else {
        let dir = project::folder(session, Some(&path)).inspect_err(|_| busy.finish())?;
        (check_dir(&dir, &context), Some(dir))
    };
    busy.finish();
    Ok(match &dir {
        Some(dir) => outcome(&report, &context, &Folder(dir), args.all),
        None => outcome(&report, &context, &Nowhere, args.all),
    })
}

fn outcome(report: &Report, context: &Context, sources: &dyn Sources, all: bool) -> Outcome {
    let page = findings::page(report, &context.policy, sources, all);
    let status = report.verdict.status;
    let mut outcome = Outcome::new(report, page).essence(status.as_str());
    outcome.exit = match status {
        Status::Blocked => 1,
        Status::Held => 2,
        Status::Clean | Status::NeedsPerson => 0,
    };
    outcome
}
