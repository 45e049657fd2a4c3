//! The file behind an upload: one writer at a time, in this process and in others.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use px_api::Code;
use px_model::UploadId;
use px_store::PartFile;
use tokio_util::sync::CancellationToken;

use super::error::{AppError, AppResult};

/// How long a newcomer waits for the writer before it to let go.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(50);

/// Uploads that are being written by this process.
#[derive(Debug, Default)]
pub struct Writers {
    stops: Mutex<HashMap<UploadId, CancellationToken>>,
}

/// The right to write one upload; given back when dropped, also when the process dies.
#[derive(Debug)]
pub struct WriteLock {
    _file: File,
    /// Fires when the same client came back on another connection and wants to go on there.
    pub stop: CancellationToken,
}

/// Where the bytes of an upload lie.
#[must_use]
pub fn part_file(data_dir: &Path, upload: UploadId) -> PartFile {
    PartFile::at(folder(data_dir).join(format!("{upload}.part")))
}

/// Folder of all uploads.
#[must_use]
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("uploads")
}

impl Writers {
    /// Takes the upload over from a writer of this process, whose connection has usually died
    /// without anybody noticing, and waits a little for one of another process.
    ///
    /// # Errors
    /// `PX-0213` when the other writer does not let go.
    pub async fn lock(&self, data_dir: &Path, upload: UploadId) -> AppResult<WriteLock> {
        let stop = CancellationToken::new();
        let before = self.swap(upload, &stop);
        if let Some(before) = before {
            before.cancel();
        }
        tokio::fs::create_dir_all(folder(data_dir)).await?;
        let path = folder(data_dir).join(format!("{upload}.lock"));
        let mut waited = Duration::ZERO;
        loop {
            if let Some(file) = try_lock(path.clone()).await? {
                return Ok(WriteLock { _file: file, stop });
            }
            if waited >= PATIENCE || stop.is_cancelled() {
                return Err(AppError::refuse(
                    Code::UploadBusy,
                    "another connection is still writing this upload; ask with HEAD and go on from there",
                ));
            }
            tokio::time::sleep(LOOK).await;
            waited += LOOK;
        }
    }

    /// Forgets tokens that nobody waits for any more.
    pub fn forget(&self, upload: UploadId, lock: &WriteLock) {
        if let Ok(mut stops) = self.stops.lock()
            && !lock.stop.is_cancelled()
        {
            stops.remove(&upload);
        }
    }

    fn swap(&self, upload: UploadId, stop: &CancellationToken) -> Option<CancellationToken> {
        self.stops.lock().ok()?.insert(upload, stop.clone())
    }
}

async fn try_lock(path: PathBuf) -> std::io::Result<Option<File>> {
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e),
        }
    });
    locked.await.map_err(std::io::Error::other)?
}
