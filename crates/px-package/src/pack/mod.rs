//! From a folder to a bundle: the same input gives the same bytes on every machine.
//!
//! Entries are sorted by the bytes of their names, `integrity.txt` last; times are 1980-01-01; modes are 0755
//! for what the manifest says is run and for `backend/bin/**`, else 0644, so that umask and file system do
//! not matter; names are NFC; the compressor is part of this program.

mod ahead;
mod error;
mod ignore;
mod sbom;
mod walk;

pub use error::PackError;

use crate::archive::{ArchiveFault, Integrity, Limits, Prepared, Writer};
use crate::issue::Issue;
use crate::manifest::{MAX_TEXT, Manifest, parse_manifest_with};
use crate::{canonical_json, names, sha256_reader};
use px_model::Digest;
use serde::Serialize;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use walk::Tree;

/// Largest bill of materials that is read.
const MAX_SBOM: u64 = 32 * 1024 * 1024;

/// How to pack.
#[derive(Default)]
pub struct PackOptions<'a> {
    /// Further lines for `.pxpignore`.
    pub ignore: Vec<String>,
    /// Bounds; the same that the reader applies.
    pub limits: Limits,
    /// Told after every small file and every chunk of a large one.
    pub progress: Option<&'a mut dyn FnMut(PackProgress<'_>)>,
}

/// How far packing is.
#[derive(Debug, Clone, Copy)]
pub struct PackProgress<'a> {
    /// File being packed.
    pub path: &'a str,
    /// Bytes packed so far, of all files.
    pub done: u64,
    /// Bytes of all files.
    pub total: u64,
}

/// A bundle that was made.
#[derive(Debug, Clone)]
pub struct Packed {
    /// SHA-256 of the bundle.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// What is in it, in order.
    pub entries: Vec<PackedFile>,
    /// Its manifest.
    pub manifest: Manifest,
    /// Warnings about the manifest.
    pub issues: Vec<Issue>,
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PackedFile {
    /// Path in the bundle.
    pub path: String,
    /// Bytes, unpacked.
    pub size: u64,
    /// SHA-256 of those bytes.
    pub digest: Digest,
}

/// What would be packed, looked at but not read.
#[derive(Debug, Clone)]
pub struct PackPlan {
    /// The manifest.
    pub manifest: Manifest,
    /// Warnings about it.
    pub issues: Vec<Issue>,
    /// Path in the bundle, file in the folder and bytes, in the order they are packed.
    pub files: Vec<(String, PathBuf, u64)>,
}

/// Looks at a plugin's folder and says what would be packed.
///
/// # Errors
/// [`PackError`] when it cannot be packed.
pub fn plan_pack(dir: &Path, options: &PackOptions<'_>) -> Result<PackPlan, PackError> {
    let plan = preview_pack(dir, options)?;
    if plan.issues.iter().any(|issue| issue.severity.is_fatal()) {
        return Err(PackError::Manifest(plan.issues));
    }
    Ok(plan)
}

/// As [`plan_pack`], for looking only: files that the manifest names and that are missing, such as a program
/// that is not built yet, are among the plan's issues and do not end it.
///
/// # Errors
/// [`PackError`] when there is no valid manifest, or a file that no bundle can hold.
pub fn preview_pack(dir: &Path, options: &PackOptions<'_>) -> Result<PackPlan, PackError> {
    let (manifest, issues, tree) = look(dir, &options.ignore, &options.limits)?;
    let files = tree
        .into_iter()
        .map(|(name, found)| (name, found.source, found.size));
    Ok(PackPlan {
        manifest,
        issues,
        files: files.collect(),
    })
}

/// Packs a plugin's folder into `out`, which is empty; the digest is read back from it.
///
/// # Errors
/// [`PackError`]; then `out` holds half a bundle, which is the caller's to remove ([`pack_file`] does).
pub fn pack_dir<W: Read + Write + Seek>(
    dir: &Path,
    options: PackOptions<'_>,
    out: &mut W,
) -> Result<Packed, PackError> {
    let (manifest, issues, tree) = survey(dir, &options.ignore, &options.limits)?;
    let total = tree.values().map(|found| found.size).sum();
    let mut progress = Progress {
        report: options.progress,
        done: 0,
        total,
    };
    let entries = write_entries(dir, &manifest, &tree, out, &mut progress)?;
    let io = |error| PackError::io(dir)(error);
    out.seek(SeekFrom::Start(0)).map_err(io)?;
    let (digest, size) = sha256_reader(out).map_err(|error| PackError::io(dir)(error))?;
    if size > options.limits.max_bytes {
        let message = format!(
            "the bundle has {size} bytes; at most {} are allowed",
            options.limits.max_bytes
        );
        return Err(PackError::Faults(vec![ArchiveFault::new(
            "ARC-03",
            message,
            "exclude what the plugin does not need in .pxpignore",
        )]));
    }
    Ok(Packed {
        digest,
        size,
        entries,
        manifest,
        issues,
    })
}

/// Packs a plugin's folder into a file that appears only when it is whole.
///
/// # Errors
/// [`PackError`]; then nothing is left, and a file that was there before is untouched.
pub fn pack_file(dir: &Path, options: PackOptions<'_>, path: &Path) -> Result<Packed, PackError> {
    whole_file(
        path,
        |file| pack_dir(dir, options, file),
        |path, error| PackError::io(path)(error),
    )
}

/// Writes a file beside its place and renames it once it is whole and on disk.
pub(crate) fn whole_file<T, E>(
    path: &Path,
    fill: impl FnOnce(&mut File) -> Result<T, E>,
    wrap: impl Fn(&Path, io::Error) -> E,
) -> Result<T, E> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(true);
    let mut file = options.open(&part).map_err(|error| wrap(&part, error))?;
    let outcome = fill(&mut file).and_then(|value| {
        file.sync_all().map_err(|error| wrap(&part, error))?;
        fs::rename(&part, path).map_err(|error| wrap(path, error))?;
        Ok(value)
    });
    if outcome.is_err() {
        // The first failure is what the caller must hear.
        let _ = fs::remove_file(&part);
    }
    outcome
}

fn survey(
    dir: &Path,
    ignore: &[String],
    limits: &Limits,
) -> Result<(Manifest, Vec<Issue>, Tree), PackError> {
    let (manifest, issues, tree) = look(dir, ignore, limits)?;
    if issues.iter().any(|issue| issue.severity.is_fatal()) {
        return Err(PackError::Manifest(issues));
    }
    Ok((manifest, issues, tree))
}

fn look(
    dir: &Path,
    ignore: &[String],
    limits: &Limits,
) -> Result<(Manifest, Vec<Issue>, Tree), PackError> {
    let (manifest, mut issues, catalogs) = read_manifest(dir)?;
    let tree = walk::collect(dir, &manifest, &catalogs, ignore)?;
    walk::check(&tree, limits)?;
    let names: Vec<&String> = tree.keys().collect();
    issues.extend(manifest.check_files(&names));
    Ok((manifest, issues, tree))
}

fn read_manifest(dir: &Path) -> Result<(Manifest, Vec<Issue>, Vec<String>), PackError> {
    let path = dir.join(names::PLUGIN_YAML);
    let text = match read_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(PackError::NoManifest(dir.to_owned()));
        }
        Err(error) => return Err(PackError::io(path)(error)),
    };
    let mut catalogs = Vec::new();
    let outcome = parse_manifest_with(&text, &mut |name| {
        catalogs.push(name.to_owned());
        read_text(&dir.join(name)).ok()
    });
    match outcome.manifest {
        Some(manifest) => Ok((manifest, outcome.issues, catalogs)),
        None => Err(PackError::Manifest(outcome.issues)),
    }
}

/// A plain file's text; a pipe would be waited for without end, and a link could lead anywhere.
fn read_text(path: &Path) -> io::Result<String> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a plain file",
        ));
    }
    let mut text = String::new();
    let file = File::open(path)?;
    file.take(MAX_TEXT as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

fn write_entries<W: Read + Write + Seek>(
    dir: &Path,
    manifest: &Manifest,
    tree: &Tree,
    out: &mut W,
    progress: &mut Progress<'_>,
) -> Result<Vec<PackedFile>, PackError> {
    let mut made = vec![(names::MANIFEST_JSON, manifest.canonical_json())];
    match tree.get(names::SBOM) {
        Some(found) => check_sbom(&found.source)?,
        None => made.push((names::SBOM, canonical_json(&sbom::document(manifest)))),
    }
    let mut order: Vec<(&str, Option<&str>)> =
        tree.keys().map(|name| (name.as_str(), None)).collect();
    order.extend(made.iter().map(|(name, text)| (*name, Some(text.as_str()))));
    order.sort_by_key(|(name, _)| *name);

    let io = |error| PackError::io(dir)(error);
    let mut writer = Writer::new(out).map_err(io)?;
    let mut entries = Vec::new();
    let mut integrity = Integrity::default();
    let mut ahead = VecDeque::new();
    for (n, (name, text)) in order.iter().enumerate() {
        let run = manifest.is_executable(name);
        let written = match (text, tree.get(*name)) {
            (Some(text), _) => writer
                .add(name, false, false, text.as_bytes())
                .map_err(io)?,
            (None, Some(found)) if found.size <= ahead::LARGEST => {
                if ahead.is_empty() {
                    ahead.extend(compress_ahead(&order[n..], tree));
                }
                let Some(file) = ahead.pop_front() else {
                    continue;
                };
                let file = file?;
                progress.report(name, file.size);
                writer.add_prepared(name, run, &file).map_err(io)?
            }
            (None, Some(found)) => {
                let file = File::open(&found.source).map_err(PackError::io(&found.source))?;
                let reader = progress.reading(name, file);
                writer
                    .add(name, run, false, reader)
                    .map_err(PackError::io(&found.source))?
            }
            (None, None) => continue,
        };
        integrity.files.insert((*name).to_owned(), written.digest);
        entries.push(PackedFile {
            path: (*name).to_owned(),
            size: written.size,
            digest: written.digest,
        });
    }
    let text = integrity.to_text();
    let written = writer
        .add(names::INTEGRITY, false, false, text.as_bytes())
        .map_err(io)?;
    entries.push(PackedFile {
        path: names::INTEGRITY.to_owned(),
        size: written.size,
        digest: written.digest,
    });
    writer.finish().map_err(io)?;
    Ok(entries)
}

/// The next small files of an order, compressed; large ones and texts made here are left out.
fn compress_ahead(order: &[(&str, Option<&str>)], tree: &Tree) -> Vec<Result<Prepared, PackError>> {
    let mut bytes = 0;
    let small = order.iter().filter(|(_, text)| text.is_none());
    let small = small.filter_map(|(name, _)| tree.get(*name));
    let files: Vec<&Path> = small
        .filter(|found| found.size <= ahead::LARGEST)
        .take_while(|found| {
            bytes += found.size;
            bytes <= ahead::TOGETHER
        })
        .map(|found| found.source.as_path())
        .collect();
    ahead::compress(&files)
}

fn check_sbom(path: &Path) -> Result<(), PackError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(PackError::io(path))?;
    file.take(MAX_SBOM)
        .read_to_end(&mut bytes)
        .map_err(PackError::io(path))?;
    sbom::check(&bytes).map_err(PackError::Sbom)
}

struct Progress<'a> {
    report: Option<&'a mut dyn FnMut(PackProgress<'_>)>,
    done: u64,
    total: u64,
}

impl<'a> Progress<'a> {
    fn report(&mut self, path: &str, bytes: u64) {
        self.done += bytes;
        let (done, total) = (self.done, self.total);
        if let Some(report) = &mut self.report {
            report(PackProgress { path, done, total });
        }
    }

    fn reading<'p>(&'p mut self, path: &'p str, file: File) -> ProgressReader<'p, 'a> {
        ProgressReader {
            file,
            path,
            progress: self,
        }
    }
}

struct ProgressReader<'p, 'a> {
    file: File,
    path: &'p str,
    progress: &'p mut Progress<'a>,
}

impl Read for ProgressReader<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.progress.report(self.path, n as u64);
        Ok(n)
    }
}
