//! Saving and restoring what a plugin keeps for a tenant.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Copies `data` to `snapshot` unless that was done before; a folder that does not exist is saved
/// as an empty one. Complete or not there at all: the copy is made beside and renamed.
///
/// # Errors
/// When the disk refuses; then there is no snapshot.
pub async fn save(data: PathBuf, snapshot: PathBuf) -> io::Result<u64> {
    blocking(move || {
        if snapshot.exists() {
            return Ok(0);
        }
        let part = beside(&snapshot, "part");
        remove(&part)?;
        fs::create_dir_all(&part)?;
        let bytes = if data.exists() {
            copy_tree(&data, &part)?
        } else {
            0
        };
        sync_folder(&part)?;
        fs::rename(&part, &snapshot)?;
        sync_parent(&snapshot)?;
        Ok(bytes)
    })
    .await
}

/// Puts `snapshot` in the place of `data`. Repeating it, also after a crash in the middle, leads to
/// the same end; without a snapshot nothing happens. Answers whether there was one.
///
/// # Errors
/// When the disk refuses; repeating it continues.
pub async fn restore(data: PathBuf, snapshot: PathBuf) -> io::Result<bool> {
    blocking(move || {
        let discarded = beside(&snapshot, "discarded");
        if !snapshot.exists() {
            remove(&discarded)?;
            return Ok(false);
        }
        remove(&discarded)?;
        if data.exists() {
            fs::rename(&data, &discarded)?;
        } else if let Some(parent) = data.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::rename(&snapshot, &data)?;
        sync_parent(&data)?;
        remove(&discarded)?;
        Ok(true)
    })
    .await
}

/// Removes a snapshot that is no longer needed.
///
/// # Errors
/// When the disk refuses.
pub async fn forget(snapshot: PathBuf) -> io::Result<()> {
    blocking(move || {
        remove(&beside(&snapshot, "part"))?;
        remove(&snapshot)
    })
    .await
}

/// Runs blocking disk work beside the asynchronous tasks.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(what);
    path.with_file_name(name)
}

/// Removes a folder with everything in it; one that is not there is no error.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Copies regular files and folders; links and devices in plugin data are not followed.
fn copy_tree(from: &Path, to: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            fs::create_dir(&target)?;
            bytes += copy_tree(&entry.path(), &target)?;
        } else if kind.is_file() {
            // A file that its owner removed in the meantime is not part of the moment saved.
            match fs::copy(entry.path(), &target) {
                Ok(n) => bytes += n,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(e),
            }
            fs::File::open(&target)?.sync_all()?;
        }
    }
    Ok(bytes)
}

pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}

/// Waits until the disk knows the name of `path`.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_folder)
}
