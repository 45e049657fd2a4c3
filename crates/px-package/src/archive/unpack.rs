//! Unpacking into an empty folder: all or nothing.

use super::fault::ArchiveError;
use super::{Archive, Entry};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

/// What was unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unpacked {
    /// Number of files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl<R: Read + Seek> Archive<R> {
    /// Unpacks everything into `dest`, a folder that is empty or does not exist yet.
    ///
    /// Files get mode 0755 when their entry has an execute bit, else 0644; folders 0755. Every file and folder
    /// is on disk (fsync) when this returns. Names have been checked and every file is created anew, so no link
    /// is ever followed. On failure nothing is left: what was written is removed, and `dest` too if it was new.
    ///
    /// # Errors
    /// [`ArchiveError::NotEmpty`], a fault of the contents, or that of the file system.
    pub fn unpack(&mut self, dest: &Path) -> Result<Unpacked, ArchiveError> {
        self.unpack_as(dest, |entry| entry.executable)
    }

    /// Unpacks as [`Archive::unpack`] does, with another idea of which files are executable.
    ///
    /// # Errors
    /// As [`Archive::unpack`].
    pub fn unpack_as(
        &mut self,
        dest: &Path,
        executable: impl Fn(&Entry) -> bool,
    ) -> Result<Unpacked, ArchiveError> {
        let created = prepare(dest)?;
        let outcome = self.unpack_files(dest, &executable);
        if outcome.is_err() {
            // The first failure is what the caller must hear; a failing clean-up would only hide it.
            let _ = clear(dest);
            if created {
                let _ = fs::remove_dir(dest);
            }
        }
        outcome
    }

    fn unpack_files(
        &mut self,
        dest: &Path,
        executable: &impl Fn(&Entry) -> bool,
    ) -> Result<Unpacked, ArchiveError> {
        let mut folders = BTreeSet::new();
        let mut done = Unpacked { files: 0, bytes: 0 };
        for entry in self.entries().to_vec() {
            let target = dest.join(entry.path.split('/').collect::<PathBuf>());
            let parent = if entry.folder {
                Some(target.as_path())
            } else {
                target.parent()
            };
            if let Some(parent) = parent {
                make_folders(dest, parent, &mut folders)?;
            }
            if entry.folder {
                continue;
            }
            let mut file = create(&target, executable(&entry))?;
            done.bytes += io::copy(&mut self.entry_reader(&entry.path)?, &mut file)?;
            file.sync_all()?;
            done.files += 1;
        }
        for folder in folders.iter().rev() {
            sync_folder(folder)?;
        }
        sync_folder(dest)?;
        Ok(done)
    }
}

/// Makes sure the destination is an empty folder of its own; says whether it was made.
fn prepare(dest: &Path) -> Result<bool, ArchiveError> {
    match fs::create_dir(dest) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let is_folder = fs::symlink_metadata(dest)?.is_dir();
            if is_folder && fs::read_dir(dest)?.next().is_none() {
                Ok(false)
            } else {
                Err(ArchiveError::NotEmpty(dest.display().to_string()))
            }
        }
        Err(error) => Err(error.into()),
    }
}

fn make_folders(root: &Path, folder: &Path, made: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    if folder == root || made.contains(folder) {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folders(root, parent, made)?;
    }
    fs::create_dir(folder)?;
    set_mode(folder, 0o755)?;
    made.insert(folder.to_owned());
    Ok(())
}

fn create(path: &Path, executable: bool) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    set_mode(path, if executable { 0o755 } else { 0o644 })?;
    Ok(file)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// A new name is durable once its folder is; other systems have no such call.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn clear(dest: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dest)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
