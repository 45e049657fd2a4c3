//! The manifest itself: valid (MAN-01, MAN-02), in agreement with the rest (MAN-03), licence (MAN-07).

use super::Subject;
use crate::catalogue::CheckId;
use crate::context::RequestFacts;
use crate::report::{Finding, Location, Severity};
use crate::sink::Sink;
use px_model::Digest;
use px_package::Issue;
use px_package::names::MANIFEST_JSON;
use std::collections::BTreeSet;

/// Turns what the parser found into findings. Its rule names are ids of this catalogue.
pub(crate) fn issues(file: &str, issues: &[Issue], sink: &mut Sink) {
    for issue in issues {
        let check = issue.rule.parse().unwrap_or(CheckId::Man01);
        let severity = match issue.severity {
            px_package::Severity::Block => Severity::Block,
            px_package::Severity::Error => Severity::Error,
            px_package::Severity::Hold => Severity::Hold,
            px_package::Severity::Warning => Severity::Warning,
            px_package::Severity::Info => Severity::Info,
        };
        let positive = |n: usize| u32::try_from(n).ok().filter(|n| *n > 0);
        let location = Location {
            line: positive(issue.line),
            column: positive(issue.column),
            field: Some(issue.field.clone()).filter(|f| !f.is_empty()),
            ..Location::file(file)
        };
        sink.add(
            Finding::new(check, &issue.message, &issue.remedy)
                .at(location)
                .severity(severity),
        );
    }
}

/// Checks on a valid manifest.
pub(crate) fn declared(subject: &Subject<'_>, sink: &mut Sink) {
    agreement(subject, sink);
    licence(subject, sink);
    if let Some(facts) = subject.facts {
        let paths: Vec<&String> = facts.files.iter().collect();
        issues(
            px_package::names::PLUGIN_YAML,
            &subject.manifest.check_files(&paths),
            sink,
        );
    }
}

fn agreement(subject: &Subject<'_>, sink: &mut Sink) {
    let check = CheckId::Man03;
    sink.ran(check);
    if let Some(json) = subject.facts.and_then(|f| f.document(MANIFEST_JSON))
        && json.trim_end() != subject.manifest.canonical_json().trim_end()
    {
        let remedy = "pack again: `manifest.json` is made from `plugin.yaml` and its catalogs";
        sink.add(
            Finding::new(
                check,
                "`manifest.json` does not say what `plugin.yaml` says",
                remedy,
            )
            .at(Location::file(MANIFEST_JSON)),
        );
    }
    if let Some(request) = &subject.context.request {
        registered(subject, request, sink);
    }
}

/// The bundle's manifest against what was registered.
fn registered(subject: &Subject<'_>, request: &RequestFacts, sink: &mut Sink) {
    let manifest = subject.manifest;
    let mut differ = |field: &str, here: String, there: String| {
        let seen = format!("`{field}` is {here} in the bundle, {there} was registered");
        sink.add(
            Finding::new(
                CheckId::Man03,
                seen,
                "register what the bundle says, or pack again",
            )
            .in_field(field),
        );
    };
    if manifest.id != request.plugin {
        differ("id", manifest.id.to_string(), request.plugin.to_string());
    }
    if manifest.version != request.version {
        differ(
            "version",
            manifest.version.to_string(),
            request.version.to_string(),
        );
    }
    let words = |items: &mut dyn Iterator<Item = String>| items.collect::<BTreeSet<_>>();
    if let Some(there) = &request.permissions {
        let here = words(&mut manifest.permissions.iter().map(ToString::to_string));
        let there = words(&mut there.iter().map(ToString::to_string));
        if here != there {
            differ("permissions", list(&here), list(&there));
        }
    }
    if let Some(there) = &request.dependencies {
        let here = words(
            &mut manifest
                .dependencies
                .requires
                .iter()
                .map(ToString::to_string),
        );
        let there = words(&mut there.iter().map(ToString::to_string));
        if here != there {
            differ("dependencies.requires", list(&here), list(&there));
        }
    }
}

fn list(words: &BTreeSet<String>) -> String {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.is_empty() {
        "nothing".to_owned()
    } else {
        words.join(", ")
    }
}

/// The bundle's bytes against what was registered.
pub(crate) fn bytes(request: Option<&RequestFacts>, digest: &Digest, size: u64, sink: &mut Sink) {
    let Some(request) = request else { return };
    let remedy = "upload the file whose digest was registered, or register again";
    if let Some(there) = request.digest.filter(|there| there != digest) {
        let seen = format!("the bundle's SHA-256 is {digest}, {there} was registered");
        sink.add(Finding::new(CheckId::Man03, seen, remedy));
    }
    if let Some(there) = request.size.filter(|there| *there != size) {
        sink.add(Finding::new(
            CheckId::Man03,
            format!("the bundle has {size} bytes, {there} were registered"),
            remedy,
        ));
    }
}

fn licence(subject: &Subject<'_>, sink: &mut Sink) {
    const FIELD: &str = "metadata.license";
    let check = CheckId::Man07;
    sink.ran(check);
    let Some(text) = subject
        .manifest
        .metadata
        .license
        .as_deref()
        .map(str::trim)
        .filter(|t| !t.is_empty())
    else {
        let remedy = "write an SPDX expression such as `Apache-2.0`, or `LicenseRef-Proprietary` and add a LICENSE file";
        sink.add(Finding::new(check, "the manifest names no licence", remedy).in_field(FIELD));
        return;
    };
    let expression = match spdx::Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => {
            let hint = spdx::Expression::canonicalize(text).ok().flatten();
            let remedy = hint.map_or_else(
                || "write an SPDX expression such as `Apache-2.0` or `MIT OR Apache-2.0` (https://spdx.org/licenses)".to_owned(),
                |better| format!("write `{better}`"),
            );
            let seen = format!("`{text}` is not an SPDX expression: {}", error.reason);
            sink.add(Finding::new(check, seen, remedy).in_field(FIELD));
            return;
        }
    };
    let Some(facts) = subject.facts else { return };
    let own = expression
        .requirements()
        .any(|r| r.req.license.id().is_none());
    let has_text = facts.kept.keys().any(|path| {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_uppercase();
        path.starts_with("LICENSES/")
            || ["LICENSE", "LICENCE", "COPYING"]
                .iter()
                .any(|p| name.starts_with(p))
    });
    if !has_text {
        let finding = Finding::new(
            check,
            format!("the text of the licence `{text}` is not in the bundle"),
            "add a LICENSE file",
        );
        let severity = if own {
            Severity::Error
        } else {
            Severity::Warning
        };
        sink.add(finding.in_field(FIELD).severity(severity));
    }
}
