//! Reviewing a plugin's folder: what would be packed, before it is.

use super::bundle::archive_fault;
use super::{Reviewed, manifest, no_manifest};
use crate::catalogue::CheckId;
use crate::context::Context;
use crate::report::{Finding, Location, Report, SubjectKind};
use crate::scan::{Facts, Scan};
use crate::sink::Sink;
use px_package::manifest::{MAX_TEXT, parse_manifest_with};
use px_package::names::PLUGIN_YAML;
use px_package::pack::{PackError, PackOptions, preview_pack};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Reviews the files of `dir` that `px-plugin pack` would take. Blocking; holds a few tens of megabytes at most.
#[must_use]
pub fn check_dir(dir: &Path, context: &Context) -> Report {
    let mut sink = Sink::default();
    let mut broken = false;
    let manifest = match read_text(&dir.join(PLUGIN_YAML)) {
        Ok(text) => manifest(
            parse_manifest_with(&text, &mut |path| read_text(&dir.join(path)).ok()),
            &mut sink,
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            no_manifest(&mut sink);
            None
        }
        Err(error) => {
            broken = true;
            sink.failed(
                CheckId::Man01,
                format!("`plugin.yaml` could not be read: {error}"),
            );
            None
        }
    };
    let files = if manifest.is_some() {
        plan(dir, context, &mut sink)
    } else {
        None
    };
    let facts = files.map(|files| contents(&files, context, &mut sink));
    let reviewed = Reviewed {
        manifest: manifest.as_ref(),
        facts: facts.as_ref(),
        kind: SubjectKind::Directory,
        bytes: None,
        broken,
    };
    reviewed.report(sink, context)
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(MAX_TEXT as u64 + 1)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// Paths in the bundle and the files that go there.
fn plan(dir: &Path, context: &Context, sink: &mut Sink) -> Option<Vec<(String, PathBuf)>> {
    let options = PackOptions {
        limits: context.limits,
        ..PackOptions::default()
    };
    match preview_pack(dir, &options) {
        Ok(plan) => Some(
            plan.files
                .into_iter()
                .map(|(path, file, _)| (path, file))
                .collect(),
        ),
        Err(PackError::Faults(faults)) => {
            for fault in &faults {
                archive_fault(fault, sink);
            }
            None
        }
        // Noted by the parser already.
        Err(PackError::Manifest(_)) => None,
        Err(PackError::Special { path, kind }) => {
            let seen = format!("the file is {kind}");
            let remedy = "replace it by a plain file, or exclude it in .pxpignore";
            sink.add(Finding::new(CheckId::Arc02, seen, remedy).at(Location::file(path)));
            None
        }
        Err(PackError::Name(path)) => {
            let seen = format!("the name of `{}` is not Unicode", path.display());
            sink.add(Finding::new(CheckId::Arc01, seen, "rename the file"));
            None
        }
        Err(error) => {
            sink.failed(CheckId::Arc03, error.to_string());
            None
        }
    }
}

fn contents(files: &[(String, PathBuf)], context: &Context, sink: &mut Sink) -> Facts {
    let mut scan = Scan::new(sink, &context.blocked_files);
    for (path, file) in files {
        let read = File::open(file).and_then(|mut source| {
            let mode = mode(&source)?;
            scan.file(path, mode, &mut source)
        });
        if let Err(error) = read {
            scan.sink.failed(
                CheckId::Arc03,
                format!("`{path}` could not be read: {error}"),
            );
        }
    }
    scan.facts
}

#[cfg(unix)]
fn mode(file: &File) -> io::Result<Option<u32>> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(Some(file.metadata()?.mode()))
}

#[cfg(not(unix))]
fn mode(_: &File) -> io::Result<Option<u32>> {
    Ok(None)
}
