//! A review from its subject to its report.

mod bundle;
mod folder;

pub use bundle::check_bundle;
pub use folder::check_dir;

use crate::catalogue::{CATALOGUE, CheckId};
use crate::check;
use crate::context::Context;
use crate::report::{Engine, Finding, Report, SubjectFacts, SubjectKind};
use crate::scan::{Facts, malware, secrets};
use crate::sink::Sink;
use px_package::manifest::{Manifest, ManifestOutcome, parse_manifest};
use px_package::names::PLUGIN_YAML;

/// Checks that look at a bundle as an archive.
const ARCHIVE: &[CheckId] = &[
    CheckId::Arc01,
    CheckId::Arc02,
    CheckId::Arc03,
    CheckId::Arc04,
    CheckId::Arc05,
    CheckId::Arc06,
    CheckId::Arc07,
    CheckId::Arc10,
    CheckId::Arc11,
    CheckId::Arc12,
];

/// Reviews a manifest by itself: what its text, and the context, can tell.
#[must_use]
pub fn check_manifest(text: &str, context: &Context) -> Report {
    let mut sink = Sink::default();
    let manifest = manifest(parse_manifest(text), &mut sink);
    let outcome = Reviewed {
        manifest: manifest.as_ref(),
        facts: None,
        kind: SubjectKind::Manifest,
        bytes: None,
        broken: false,
    };
    outcome.report(sink, context)
}

/// Notes what the parser found and gives back the manifest, if it is one.
fn manifest(outcome: ManifestOutcome, sink: &mut Sink) -> Option<Manifest> {
    for check in [CheckId::Man01, CheckId::Man02] {
        sink.ran(check);
    }
    check::manifest::issues(PLUGIN_YAML, &outcome.issues, sink);
    outcome.manifest
}

/// The manifest is not there at all.
fn no_manifest(sink: &mut Sink) {
    let seen = "there is no `plugin.yaml` at the root";
    sink.add(Finding::new(
        CheckId::Man01,
        seen,
        "add one; `px-plugin init` writes a first one",
    ));
    sink.ran(CheckId::Man02);
}

/// What is known when the content was looked at.
struct Reviewed<'a> {
    manifest: Option<&'a Manifest>,
    facts: Option<&'a Facts>,
    kind: SubjectKind,
    /// Digest and size of a bundle.
    bytes: Option<(px_model::Digest, u64)>,
    /// This machine could not read the subject: nothing can be said about it.
    broken: bool,
}

impl Reviewed<'_> {
    /// Makes the checks that need the manifest, and closes the review.
    fn report(&self, mut sink: Sink, context: &Context) -> Report {
        if let Some(manifest) = self.manifest {
            let subject = check::Subject {
                manifest,
                facts: self.facts,
                context,
            };
            check::all(&subject, &mut sink);
            if let Some((digest, size)) = &self.bytes {
                check::manifest::bytes(context.request.as_ref(), digest, *size, &mut sink);
                check::identity::bytes(&subject, digest, &mut sink);
            }
        }
        self.excuse(&mut sink);
        let facts = SubjectFacts {
            kind: self.kind,
            plugin: self.manifest.map(|m| m.id.clone()),
            version: self.manifest.map(|m| m.version.clone()),
            digest: self.bytes.map(|(digest, _)| digest),
            size: self.bytes.map(|(_, size)| size),
            files: self.facts.map_or(0, |f| f.files.len() as u64),
        };
        let report = Report::new(facts, engines(context), sink.finish(), &context.policy);
        if context.waivers.is_empty() {
            report
        } else {
            report.with_waivers(&context.waivers, &context.policy)
        }
    }

    /// Says why checks were not made that this subject has nothing for.
    fn excuse(&self, sink: &mut Sink) {
        sink.missing(CheckId::Cmp04, "the compatibility run has not been made");
        if self.broken {
            for info in CATALOGUE {
                sink.missing(info.id, "the subject could not be read");
            }
            return;
        }
        match self.kind {
            SubjectKind::Bundle => {
                sink.not_applicable(CheckId::Arc07, "a bundle is a ZIP archive, tar is refused")
            }
            SubjectKind::Directory | SubjectKind::Manifest => {
                for check in ARCHIVE {
                    sink.not_applicable(*check, "there is no archive yet");
                }
                sink.not_applicable(CheckId::Prv01, "there is no bundle to be signed yet");
            }
        }
        let (alone, why) = match (self.manifest, self.facts) {
            (Some(_), None) if self.kind == SubjectKind::Manifest => {
                (true, "only the manifest is looked at")
            }
            (Some(_), Some(_)) => return,
            (_, None) if self.kind != SubjectKind::Manifest => (
                false,
                "the content was not looked at: mend what is named first",
            ),
            _ => (false, "the manifest is not valid: mend it first"),
        };
        for info in CATALOGUE
            .iter()
            .filter(|info| !sink.knows(info.id))
            .collect::<Vec<_>>()
        {
            if alone {
                sink.not_applicable(info.id, why);
            } else {
                sink.invalid(info.id, why);
            }
        }
    }
}

/// Every part that has a say, with the digest of its rules.
fn engines(context: &Context) -> Vec<Engine> {
    let own = Engine {
        name: "px-review".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        rules: None,
    };
    vec![
        own,
        malware::engine(),
        context.blocked_files.engine(),
        secrets::engine(),
        check::cores::engine(),
        context.blocklist.engine(),
    ]
}
