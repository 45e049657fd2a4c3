//! Which files of a plugin's folder go into its bundle.

use super::error::PackError;
use super::ignore::Ignore;
use crate::archive::{ArchiveFault, Limits, check_path, folded};
use crate::manifest::Manifest;
use crate::names;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// Folders that are always packed when they exist.
const FOLDERS: [&str; 6] = [
    "backend",
    "web-admin",
    "migrations",
    "assets",
    "contracts",
    "reports",
];
/// Files at the root that are always packed when they exist.
const FILES: [&str; 4] = [
    names::PLUGIN_YAML,
    names::CHANGELOG,
    "README.md",
    names::SBOM,
];
/// Beginnings of file names at the root that are packed, such as `LICENSE-MIT`.
const PREFIXES: [&str; 2] = ["LICENSE", "NOTICE"];
/// Made by packing and signing, never taken from the folder.
const GENERATED: [&str; 3] = [names::MANIFEST_JSON, names::INTEGRITY, names::SIGNATURE];

/// A file to pack.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it is.
    pub source: PathBuf,
    /// Its bytes when it was looked at.
    pub size: u64,
}

/// Entry name to file, sorted by the bytes of the name.
pub type Tree = BTreeMap<String, Found>;

struct Walk<'a> {
    root: &'a Path,
    ignore: Ignore,
    tree: Tree,
}

/// Collects the usual files, and those the manifest and its catalogs name.
pub fn collect(
    root: &Path,
    manifest: &Manifest,
    catalogs: &[String],
    more: &[String],
) -> Result<Tree, PackError> {
    let rules = read_rules(root)?;
    let mut walk = Walk {
        root,
        ignore: Ignore::new(&rules, more),
        tree: Tree::new(),
    };
    walk.top()?;
    for path in named(manifest, catalogs) {
        walk.named(&path)?;
    }
    Ok(walk.tree)
}

fn read_rules(root: &Path) -> Result<String, PackError> {
    let path = root.join(".pxpignore");
    match fs::read(&path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(PackError::io(path)(error)),
    }
}

fn named(manifest: &Manifest, catalogs: &[String]) -> Vec<String> {
    let mut paths: Vec<String> = manifest
        .named_files()
        .iter()
        .map(|file| file.path.to_owned())
        .collect();
    paths.extend(catalogs.iter().cloned());
    paths.extend(manifest.static_dir().map(str::to_owned));
    let i18n = manifest
        .frontend
        .admin
        .as_ref()
        .and_then(|admin| admin.i18n.as_ref());
    let folder = i18n
        .and_then(|i18n| i18n.get("dir"))
        .and_then(|dir| dir.as_str());
    paths.extend(folder.and_then(crate::manifest::bundle_path));
    paths
}

impl Walk<'_> {
    fn top(&mut self) -> Result<(), PackError> {
        for (name, path, meta) in list(self.root)? {
            let wanted = FILES.contains(&name.as_str())
                || FOLDERS.contains(&name.as_str())
                || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            if wanted {
                self.visit(&name, &path, &meta)?;
            }
        }
        Ok(())
    }

    /// A path the manifest names. What is missing is reported by the manifest's own check.
    fn named(&mut self, path: &str) -> Result<(), PackError> {
        if path == "." {
            let generated = |name: &str| GENERATED.contains(&name) || name == names::PUBLISH_YML;
            for (name, path, meta) in list(self.root)? {
                if !generated(&name) {
                    self.visit(&name, &path, &meta)?;
                }
            }
            return Ok(());
        }
        // A link on the way would lead out of the folder without being seen.
        let mut place = self.root.to_owned();
        let mut so_far = String::new();
        for part in path.split('/') {
            place.push(part);
            so_far = if so_far.is_empty() {
                part.to_owned()
            } else {
                format!("{so_far}/{part}")
            };
            let Ok(meta) = fs::symlink_metadata(&place) else {
                return Ok(());
            };
            if meta.file_type().is_symlink() {
                return Err(special(&so_far, &meta));
            }
        }
        let meta = fs::symlink_metadata(&place).map_err(PackError::io(&place))?;
        // What the manifest names is packed even when a rule would leave out the folder around it.
        if meta.is_dir() {
            self.folder(path, &place)
        } else {
            self.file(path, &place, &meta)
        }
    }

    fn visit(&mut self, name: &str, path: &Path, meta: &Metadata) -> Result<(), PackError> {
        if self.ignore.excludes(name, meta.is_dir()) {
            return Ok(());
        }
        if meta.is_dir() {
            self.folder(name, path)
        } else {
            self.file(name, path, meta)
        }
    }

    fn folder(&mut self, name: &str, path: &Path) -> Result<(), PackError> {
        for (child, path, meta) in list(path)? {
            self.visit(&format!("{name}/{child}"), &path, &meta)?;
        }
        Ok(())
    }

    fn file(&mut self, name: &str, path: &Path, meta: &Metadata) -> Result<(), PackError> {
        if !meta.is_file() {
            return Err(special(name, meta));
        }
        if GENERATED.contains(&name) {
            return Ok(());
        }
        // macOS hands out decomposed names; the same tree must give the same bundle everywhere.
        let found = Found {
            source: path.to_owned(),
            size: meta.len(),
        };
        self.tree.insert(name.nfc().collect(), found);
        Ok(())
    }
}

fn special(path: &str, meta: &Metadata) -> PackError {
    let kind = if meta.file_type().is_symlink() {
        "a symbolic link"
    } else if meta.is_dir() {
        "a folder"
    } else {
        "a device, pipe or socket"
    };
    PackError::Special {
        path: path.to_owned(),
        kind,
    }
}

/// A folder's children, none of them followed.
fn list(folder: &Path) -> Result<Vec<(String, PathBuf, Metadata)>, PackError> {
    let mut children = Vec::new();
    for child in fs::read_dir(folder).map_err(PackError::io(folder))? {
        let path = child.map_err(PackError::io(folder))?.path();
        let meta = fs::symlink_metadata(&path).map_err(PackError::io(&path))?;
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .map(str::to_owned);
        children.push((
            name.ok_or_else(|| PackError::Name(path.clone()))?,
            path,
            meta,
        ));
    }
    children.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(children)
}

/// Everything about names and sizes that would make the bundle be refused later.
pub fn check(tree: &Tree, limits: &Limits) -> Result<(), PackError> {
    let mut faults: Vec<ArchiveFault> = tree
        .keys()
        .flat_map(|name| check_path(name, limits))
        .collect();
    let mut seen: HashMap<String, &str> = HashMap::new();
    for name in tree.keys() {
        if let Some(other) = seen.insert(folded(name), name) {
            let message = format!(
                "`{other}` is the same file on systems that ignore case or normalise names"
            );
            faults.push(ArchiveFault::of(
                "ARC-05",
                name,
                message,
                "rename one of the two",
            ));
        }
    }
    let total: u64 = tree.values().map(|found| found.size).sum();
    if total > limits.max_unpacked || tree.len() + 3 > limits.max_entries {
        let message = format!(
            "{} files with {total} bytes; at most {} and {} are allowed",
            tree.len(),
            limits.max_entries,
            limits.max_unpacked
        );
        faults.push(ArchiveFault::new(
            "ARC-03",
            message,
            "exclude what the plugin does not need in .pxpignore",
        ));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(PackError::Faults(faults))
    }
}
