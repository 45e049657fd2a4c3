//! One flush for all transactions that committed meanwhile.
//!
//! SQLite itself would flush its log within each commit, one after the other, and a flush takes as
//! long as dozens of transactions. Here a commit is written by SQLite and flushed by us before
//! [`crate::Tx::commit`] answers; everybody who waits shares the next flush. Until then other
//! transactions may see what was written, but none of them is answered before a flush that covers
//! both: SQLite's log is read up to its first gap, in order of the commits.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// Flushes the log of one SQLite database.
pub(crate) struct Flusher {
    log: PathBuf,
    /// Commits that asked for a flush.
    asked: AtomicU64,
    /// How many of them, in order, are on disk.
    flushed: Mutex<u64>,
}

impl Flusher {
    /// For the database file at `path`.
    pub(crate) fn new(path: &Path) -> Self {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Self {
            log: log.into(),
            asked: AtomicU64::new(0),
            flushed: Mutex::new(0),
        }
    }

    /// Answers when everything that was committed before the call is on disk.
    ///
    /// # Errors
    /// When the disk refuses; then it is not known whether what was committed will last.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst);
        let mut flushed = self.flushed.lock().await;
        if *flushed > mine {
            return Ok(());
        }
        let covered = self.asked.load(Ordering::SeqCst);
        let log = self.log.clone();
        tokio::task::spawn_blocking(move || sync(&log))
            .await
            .map_err(io::Error::other)??;
        *flushed = covered;
        Ok(())
    }
}

/// SQLite locks the database and its shared memory, never the log: opening and closing it here
/// takes no lock away from it.
fn sync(log: &Path) -> io::Result<()> {
    match File::options().write(true).open(log) {
        Ok(file) => file.sync_data(),
        // The last connection is gone and has brought everything into the database, flushed.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn many_commits_share_a_flush_and_a_missing_log_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let flusher = Arc::new(Flusher::new(&folder.path().join("data.db")));
        flusher.flush().await.unwrap();
        std::fs::write(folder.path().join("data.db-wal"), b"frames").unwrap();
        let all = (0..50).map(|_| {
            let flusher = flusher.clone();
            tokio::spawn(async move { flusher.flush().await })
        });
        for done in futures::future::join_all(all).await {
            done.unwrap().unwrap();
        }
        assert_eq!(*flusher.flushed.lock().await, 51);
    }

    #[tokio::test]
    async fn a_disk_that_refuses_is_told_to_everybody_who_waits() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data.db-wal")).unwrap();
        let flusher = Flusher::new(&folder.path().join("data.db"));
        assert!(flusher.flush().await.is_err());
        assert!(
            flusher.flush().await.is_err(),
            "and again: it is not on disk"
        );
    }
}
