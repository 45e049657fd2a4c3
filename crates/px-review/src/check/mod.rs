//! Checks that look at the manifest and at what the scanners learnt. Each decides, none reads files.

pub(crate) mod cores;
pub(crate) mod dependencies;
pub(crate) mod documents;
pub(crate) mod executables;
pub(crate) mod identity;
pub(crate) mod lookalike;
pub(crate) mod manifest;
pub(crate) mod platform;
pub(crate) mod ranges;
pub(crate) mod resolve;
pub(crate) mod signature;
pub(crate) mod test_reports;

use crate::context::Context;
use crate::report::{Finding, Location};
use crate::scan::Facts;
use crate::sink::Sink;
use px_package::manifest::Manifest;
use px_package::names::PLUGIN_YAML;

/// What every check is given.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub manifest: &'a Manifest,
    /// Content of the bundle or folder; none when only a manifest is looked at.
    pub facts: Option<&'a Facts>,
    pub context: &'a Context,
}

/// Makes every check that needs a valid manifest.
pub(crate) fn all(subject: &Subject<'_>, sink: &mut Sink) {
    manifest::declared(subject, sink);
    identity::check(subject, sink);
    lookalike::check(subject, sink);
    dependencies::check(subject, sink);
    cores::check(subject, sink);
    executables::check(subject, sink);
    documents::check(subject, sink);
    test_reports::check(subject, sink);
}

/// A place in `plugin.yaml`.
pub(crate) fn field(name: &str) -> Location {
    Location::field(PLUGIN_YAML, name)
}

impl Finding {
    /// At a field of `plugin.yaml`.
    pub(crate) fn in_field(self, name: &str) -> Self {
        self.at(field(name))
    }
}
