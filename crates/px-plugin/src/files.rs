//! Files: written whole or not at all, secrets for their owner only.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::failure::Failure;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody the folder lets in.
    Shared,
    /// Its owner only (mode 0600; folders 0700).
    Private,
}

/// Reads a text file.
///
/// # Errors
/// Names the file.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::file(path, &error))
}

/// Reads a text file that may be absent.
///
/// # Errors
/// Names the file.
pub fn read_optional(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file(path, &error)),
    }
}

/// Writes a file beside its place, makes it durable and moves it there; missing folders are made.
///
/// # Errors
/// Names the file.
pub fn write(path: &Path, bytes: &[u8], access: Access) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    make_folder(folder, access)?;
    let attempt = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".px-")
            .tempfile_in(folder)?;
        file.write_all(bytes)?;
        set_mode(file.path(), access)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    attempt().map_err(|error| Failure::file(path, &error))
}

/// Makes a folder with those above it.
///
/// # Errors
/// Names the folder.
pub fn make_folder(path: &Path, access: Access) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    if access == Access::Private {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    }
    #[cfg(not(unix))]
    let _ = access;
    builder
        .create(path)
        .map_err(|error| Failure::file(path, &error))
}

#[cfg(unix)]
fn set_mode(path: &Path, access: Access) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if access == Access::Private {
        0o600
    } else {
        0o644
    };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: Access) -> std::io::Result<()> {
    Ok(()) // the profile folder's access list protects it there
}

/// Whether others than the owner may read a file; never on systems without modes.
#[must_use]
pub fn is_exposed(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
