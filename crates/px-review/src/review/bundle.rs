//! Reviewing a packed bundle: structure first, then each file once, streaming.

use super::{ARCHIVE, Reviewed, manifest, no_manifest};
use crate::catalogue::CheckId;
use crate::context::Context;
use crate::report::{Finding, Location, Report, SubjectKind};
use crate::scan::{Facts, Scan};
use crate::sink::Sink;
use px_model::Digest;
use px_package::archive::{Archive, ArchiveError, ArchiveFault, Integrity, parse_integrity};
use px_package::manifest::{MAX_TEXT, Manifest, parse_manifest_with};
use px_package::names::{INTEGRITY, PLUGIN_YAML, SIGNATURE};
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

const REPACK: &str = "pack the plugin again with `px-plugin pack`";
/// Largest `integrity.txt` that is read, in bytes.
const MAX_INTEGRITY: u64 = 16 * 1024 * 1024;

/// Reviews a `.pxp` file without unpacking it. Blocking; holds a few tens of megabytes at most.
///
/// Never fails: a file that cannot be read ends as `EngineFailed`, an archive that is refused as findings.
#[must_use]
pub fn check_bundle(path: &Path, context: &Context) -> Report {
    let mut sink = Sink::default();
    let mut reviewed = Reviewed {
        manifest: None,
        facts: None,
        kind: SubjectKind::Bundle,
        bytes: None,
        broken: false,
    };
    match digest(path) {
        Ok(bytes) => reviewed.bytes = Some(bytes),
        Err(error) => {
            sink.failed(
                CheckId::Arc03,
                format!("the bundle could not be read: {error}"),
            );
            reviewed.broken = true;
            return reviewed.report(sink, context);
        }
    }
    let opened = File::open(path).map_err(ArchiveError::from);
    let opened = opened.and_then(|file| Archive::new(BufReader::new(file), context.limits));
    let mut archive = match opened {
        Ok(archive) => archive,
        Err(error) => {
            archive_error(&error, &mut sink);
            reviewed.broken = error.faults().is_empty();
            return reviewed.report(sink, context);
        }
    };
    for check in ARCHIVE
        .iter()
        .filter(|check| !matches!(check, CheckId::Arc07))
    {
        sink.ran(*check);
    }
    let manifest = read_manifest(&mut archive, &mut sink);
    let facts = contents(&mut archive, context, &mut sink);
    crate::check::signature::check(path, context, &mut sink);
    reviewed.manifest = manifest.as_ref();
    reviewed.facts = Some(&facts);
    reviewed.report(sink, context)
}

fn digest(path: &Path) -> std::io::Result<(Digest, u64)> {
    px_package::sha256_reader(BufReader::new(File::open(path)?))
}

fn read_manifest<R: Read + Seek>(archive: &mut Archive<R>, sink: &mut Sink) -> Option<Manifest> {
    let cap = MAX_TEXT as u64;
    if archive.entry(PLUGIN_YAML).is_none() {
        no_manifest(sink);
        return None;
    }
    let Some(text) = archive.read_text(PLUGIN_YAML, cap) else {
        let seen = format!("`plugin.yaml` is not UTF-8 text of at most {MAX_TEXT} bytes");
        sink.add(
            Finding::new(CheckId::Man01, seen, "save it as UTF-8").at(Location::file(PLUGIN_YAML)),
        );
        sink.ran(CheckId::Man02);
        return None;
    };
    manifest(
        parse_manifest_with(&text, &mut |path| archive.read_text(path, cap)),
        sink,
    )
}

/// Reads every file once: scanners and digests in the same pass.
fn contents<R: Read + Seek>(archive: &mut Archive<R>, context: &Context, sink: &mut Sink) -> Facts {
    let integrity = integrity(archive, sink);
    let entries: Vec<(String, u32)> = archive
        .entries()
        .iter()
        .filter(|e| !e.folder)
        .map(|e| (e.path.clone(), e.mode()))
        .collect();
    let mut scan = Scan::new(sink, &context.blocked_files);
    for (path, mode) in &entries {
        let read = match archive.entry_reader(path) {
            Ok(mut reader) => scan
                .file(path, Some(*mode), &mut reader)
                .map_err(ArchiveError::from),
            Err(error) => Err(error),
        };
        match read {
            Ok(digest) => listed(integrity.as_ref(), path, &digest, scan.sink),
            Err(error) => archive_error(&error, scan.sink),
        }
    }
    let facts = scan.facts;
    for path in integrity.iter().flat_map(|i| i.files.keys()) {
        if !facts.has(path) && archive.entry(path).is_none_or(|entry| entry.folder) {
            let seen = "`integrity.txt` lists the file, and it is missing";
            sink.add(Finding::new(CheckId::Arc12, seen, REPACK).at(Location::file(path)));
        }
    }
    facts
}

fn integrity<R: Read + Seek>(archive: &mut Archive<R>, sink: &mut Sink) -> Option<Integrity> {
    if archive.entry(INTEGRITY).is_none() {
        sink.add(Finding::new(
            CheckId::Arc12,
            "the bundle has no `integrity.txt`",
            REPACK,
        ));
        return None;
    }
    let Some(text) = archive.read_text(INTEGRITY, MAX_INTEGRITY) else {
        let seen = "`integrity.txt` is not UTF-8 text";
        sink.add(Finding::new(CheckId::Arc12, seen, REPACK).at(Location::file(INTEGRITY)));
        return None;
    };
    parse_integrity(&text)
        .map_err(|fault| archive_fault(&fault, sink))
        .ok()
}

fn listed(integrity: Option<&Integrity>, path: &str, digest: &Digest, sink: &mut Sink) {
    let Some(integrity) = integrity.filter(|_| path != INTEGRITY && path != SIGNATURE) else {
        return;
    };
    let seen = match integrity.files.get(path) {
        Some(expected) if expected == digest => return,
        Some(_) => "the file has another digest than `integrity.txt` says",
        None => "the file is not listed in `integrity.txt`",
    };
    sink.add(
        Finding::new(CheckId::Arc12, seen, REPACK)
            .at(Location::file(path))
            .code(digest.as_bytes()),
    );
}

/// Faults of the archive become findings; trouble of the machine is nobody's fault.
fn archive_error(error: &ArchiveError, sink: &mut Sink) {
    if error.faults().is_empty() {
        sink.failed(
            CheckId::Arc03,
            format!("the bundle could not be read: {error}"),
        );
    }
    for fault in error.faults() {
        archive_fault(fault, sink);
    }
}

/// An archive's fault under the id of its check.
pub(super) fn archive_fault(fault: &ArchiveFault, sink: &mut Sink) {
    let check = fault.rule.parse().unwrap_or(CheckId::Arc04);
    let finding = Finding::new(check, &fault.message, fault.remedy);
    sink.add(match &fault.entry {
        Some(entry) => finding.at(Location::file(entry)),
        None => finding,
    });
}
