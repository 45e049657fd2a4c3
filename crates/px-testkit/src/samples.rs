//! Sample plugins: `samples/NAME/base` with the files of `samples/NAME/versions/VERSION` over it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// Folder of all samples.
#[must_use]
pub fn samples_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

/// A copy of a sample plugin at a version, ready to be changed, packed or run.
///
/// # Errors
/// When there is no such sample or version; the versions there are stand in the message.
pub fn sample(name: &str, version: &str) -> Result<TempDir> {
    let root = samples_root().join(name);
    let base = root.join("base");
    let overlay = root.join("versions").join(version);
    if !base.is_dir() {
        bail!("no sample `{name}`: {} is not a folder", base.display());
    }
    if !overlay.is_dir() {
        let known = names(&root.join("versions")).unwrap_or_default();
        bail!(
            "sample `{name}` has no version `{version}`, only {}",
            known.join(", ")
        );
    }
    let folder = tempfile::tempdir()?;
    for layer in [base, overlay] {
        copy(&layer, folder.path()).with_context(|| format!("copying {}", layer.display()))?;
    }
    Ok(folder)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// Copies a tree over another; files of the first replace those of the second.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
