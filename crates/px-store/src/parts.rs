//! Files that arrive in pieces: uploads and downloads that survive a killed process.

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use px_model::Digest;
use sha2::{Digest as _, Sha256};
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// A file being assembled by appending; what is on disk is the truth about how far it is.
#[derive(Debug, Clone)]
pub struct PartFile {
    path: PathBuf,
}

impl PartFile {
    /// The part file at `path`, which need not exist yet.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes present; 0 when the file does not exist.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn len(&self) -> io::Result<u64> {
        match tokio::fs::metadata(&self.path).await {
            Ok(meta) => Ok(meta.len()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(e) => Err(e),
        }
    }

    /// Opens for appending at `offset`; bytes beyond it (from a torn write) are cut off first.
    ///
    /// # Errors
    /// When the file is shorter than `offset`, or cannot be opened.
    pub async fn append_at(&self, offset: u64) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.path)
            .await?;
        let present = file.metadata().await?.len();
        if present < offset {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("only {present} of {offset} bytes are here"),
            ));
        }
        file.set_len(offset).await?;
        file.seek(SeekFrom::Start(offset)).await?;
        Ok(file)
    }

    /// Writes what is buffered and waits until the disk has it.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn seal(mut file: File) -> io::Result<()> {
        file.flush().await?;
        file.sync_data().await
    }

    /// SHA-256 and length of what is present, read with a bounded buffer.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn digest(&self) -> io::Result<(Digest, u64)> {
        let mut file = File::open(&self.path).await?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 18];
        let mut total = 0;
        loop {
            let read = file.read(&mut buffer).await?;
            if read == 0 {
                return Ok((Digest::from_bytes(hasher.finalize().into()), total));
            }
            hasher.update(&buffer[..read]);
            total += read as u64;
        }
    }

    /// Removes the file if it is there.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub async fn remove(&self) -> io::Result<()> {
        match tokio::fs::remove_file(&self.path).await {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }
}
