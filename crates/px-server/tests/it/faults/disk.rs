//! A small file system that can be filled.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system; gone when dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one over a folder; `None`, with a word on the terminal, where that is not allowed.
    pub fn mount(folder: &Path, bytes: u64) -> Option<Self> {
        let options = format!("size={bytes}");
        let args = ["-t", "tmpfs", "-o", &options, "powerx-test"];
        let done = Command::new("mount").args(args).arg(folder).output();
        match done {
            Ok(out) if out.status.success() => Some(Self(folder.to_owned())),
            Ok(out) => {
                let why = String::from_utf8_lossy(&out.stderr).into_owned();
                eprintln!("left out, no file system can be mounted here: {why}");
                None
            }
            Err(error) => {
                eprintln!("left out, no file system can be mounted here: {error}");
                None
            }
        }
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Takes all the room there is.
    pub fn fill(&self) {
        let mut file = std::fs::File::create(self.ballast()).unwrap();
        for size in [1 << 20, 4096, 1] {
            let block = vec![7_u8; size];
            while file.write_all(&block).is_ok() {}
        }
    }

    /// Gives the room back.
    pub fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process of the test may still hold a file for a moment.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// What an engine says on a full disk is something to try again, and it works when there is room.
#[tokio::test]
async fn statements_work_again_after_the_disk_was_full() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path(), 4 << 20) else {
        return;
    };
    let address = format!("sqlite:{}/test.db", folder.path().display());
    let db = px_store::Db::open(&address, px_store::Env::system())
        .await
        .unwrap();
    db.migrate(&[px_store::MIGRATIONS]).await.unwrap();
    let tell = async || -> px_store::Result<()> {
        let mut tx = db.begin().await?;
        for _ in 0..20 {
            tx.emit(px_store::NewEvent {
                kind: px_model::event_type::RECEIVED,
                source: "/marketplace".to_owned(),
                subject: "test".to_owned(),
                data: "x".repeat(4000).into(),
            })
            .await?;
        }
        tx.commit().await
    };
    tell().await.unwrap();
    disk.fill();
    let mut refused = 0;
    for _ in 0..20 {
        if let Err(error) = tell().await {
            assert!(error.is_transient(), "{error:?}");
            refused += 1;
        }
    }
    assert!(refused > 0, "the disk was not full");
    disk.free();
    tell().await.unwrap();
    let head = px_store::feed_head(&db).await.unwrap();
    assert_eq!(
        head,
        20 * (22 - refused),
        "a transaction was written in part"
    );
}
