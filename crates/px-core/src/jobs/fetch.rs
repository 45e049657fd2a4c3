//! Downloads: ranged, resumable, one per digest however many tenants wait for it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures::StreamExt;
use px_api::Code;
use px_model::Digest;
use px_store::{Db, PartFile};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::app::fault::Fault;
use crate::app::ports::{Monotonic, Opened, Origin};
use crate::jobs::data::{blocking, sync_parent};
use crate::jobs::layout::Layout;
use crate::store::logs;

/// Bounds of a download.
#[derive(Debug, Clone, Copy)]
pub struct FetchLimits {
    /// Largest bundle, in bytes.
    pub bundle_bytes: u64,
    /// Time within which at least `stall_bytes` must come.
    pub stall_after: Duration,
    /// See `stall_after`.
    pub stall_bytes: u64,
    /// Pause before a broken connection is opened again.
    pub reopen_after: Duration,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            bundle_bytes: 2 << 30,
            stall_after: Duration::from_secs(20),
            stall_bytes: 20 << 10,
            reopen_after: Duration::from_millis(500),
        }
    }
}

/// One lock per digest: the first who comes downloads, the others find the file.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<Digest, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// The lock of a digest.
    pub fn of(&self, digest: &Digest) -> Arc<tokio::sync::Mutex<()>> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = map.get(digest).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        map.insert(*digest, Arc::downgrade(&turn));
        turn
    }
}

/// Downloads bundles into the cache.
pub struct Fetcher {
    /// Where progress is written.
    pub db: Db,
    /// Where bundles lie.
    pub layout: Layout,
    /// Where they come from.
    pub origin: Arc<dyn Origin>,
    /// Measures stalls.
    pub clock: Arc<dyn Monotonic>,
    /// Bounds.
    pub limits: FetchLimits,
    /// One download per digest.
    pub turns: Turns,
}

impl Fetcher {
    /// The bundle's file with exactly the digest asked for. Continues what an earlier try, or an
    /// earlier process, left. `size` is checked when given.
    ///
    /// # Errors
    /// A transient [`Fault`] when the origin failed without any progress since the last failure.
    pub async fn fetch(
        &self,
        source: &str,
        digest: &Digest,
        size: Option<u64>,
    ) -> Result<PathBuf, Fault> {
        let turn = self.turns.of(digest);
        let _mine = turn.lock().await;
        let whole = self.layout.bundle(digest);
        if tokio::fs::try_exists(&whole).await.map_err(|e| disk(&e))? {
            return Ok(whole);
        }
        let part = PartFile::at(self.layout.part(digest));
        if size.is_some_and(|size| size > self.limits.bundle_bytes) {
            return Err(too_large(self.limits.bundle_bytes));
        }
        self.pull(source, digest, size, &part).await?;
        let (found, bytes) = part.digest().await.map_err(|e| disk(&e))?;
        if found != *digest {
            part.remove().await.map_err(|e| disk(&e))?;
            let text = format!("The {bytes} bytes that came have another SHA-256.");
            return Err(Fault::infrastructure(Code::BundleUntrusted, "digest", text));
        }
        let (from, to) = (part.path().to_owned(), whole.clone());
        blocking(move || {
            std::fs::rename(from, &to)?;
            sync_parent(&to)
        })
        .await
        .map_err(|e| disk(&e))?;
        let _ = logs::progress(&self.db, digest, bytes, bytes).await;
        Ok(whole)
    }

    async fn pull(
        &self,
        source: &str,
        digest: &Digest,
        size: Option<u64>,
        part: &PartFile,
    ) -> Result<(), Fault> {
        loop {
            let have = part.len().await.map_err(|e| disk(&e))?;
            if size == Some(have) {
                return Ok(());
            }
            if size.is_some_and(|size| have > size) {
                part.remove().await.map_err(|e| disk(&e))?;
                continue;
            }
            let opened = timeout(self.limits.stall_after, self.origin.open(source, have))
                .await
                .map_err(|_| stalled())??;
            match self.copy(digest, size, part, opened).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(fault) if !fault.is_transient() => return Err(fault),
                Err(fault) => {
                    // Whatever came is kept. A try without any progress is a failed one, and so is
                    // one that stalled with next to none: drop by drop would never end.
                    let came = part.len().await.map_err(|e| disk(&e))?.saturating_sub(have);
                    let crawled = fault.cause == "stalled" && came < self.limits.stall_bytes;
                    if came == 0 || crawled {
                        return Err(fault);
                    }
                    tokio::time::sleep(self.limits.reopen_after).await;
                }
            }
        }
    }

    /// Appends what comes; answers whether the end was reached.
    async fn copy(
        &self,
        digest: &Digest,
        size: Option<u64>,
        part: &PartFile,
        mut opened: Opened,
    ) -> Result<bool, Fault> {
        let total = size.or(opened.total);
        let limit = size.unwrap_or(self.limits.bundle_bytes);
        let mut file = part.append_at(opened.offset).await.map_err(|e| disk(&e))?;
        let mut done = opened.offset;
        let mut window = (self.clock.elapsed(), done);
        let mut told = self.clock.elapsed();
        let broken = loop {
            let next = timeout(self.limits.stall_after, opened.chunks.next()).await;
            let chunk = match next {
                Err(_) => break Some(stalled()),
                Ok(None) => break None,
                Ok(Some(Err(fault))) => break Some(fault),
                Ok(Some(Ok(chunk))) => chunk,
            };
            done += chunk.len() as u64;
            if done > limit {
                return Err(too_large(limit));
            }
            file.write_all(&chunk).await.map_err(|e| disk(&e))?;
            let now = self.clock.elapsed();
            if now.saturating_sub(told) > Duration::from_secs(1) {
                told = now;
                let _ = logs::progress(&self.db, digest, done, total.unwrap_or(0)).await;
            }
            if now.saturating_sub(window.0) > self.limits.stall_after {
                if done - window.1 < self.limits.stall_bytes {
                    break Some(stalled());
                }
                window = (now, done);
            }
        };
        PartFile::seal(file).await.map_err(|e| disk(&e))?;
        match broken {
            Some(fault) => Err(fault),
            None if total.is_some_and(|total| done < total) => {
                let text = format!("The origin sent {done} of {} bytes.", total.unwrap_or(0));
                Err(Fault::infrastructure(Code::DownloadFailed, "cut", text))
            }
            None => Ok(true),
        }
    }
}

fn stalled() -> Fault {
    let text = "The origin sends too slowly or not at all.";
    Fault::infrastructure(Code::DownloadFailed, "stalled", text)
}

fn too_large(limit: u64) -> Fault {
    let text = format!("The bundle is longer than the {limit} bytes promised or allowed.");
    Fault::plugin(Code::BundleUntrusted, "length", text)
}

/// A refusal of the local disk; an operator has to make room.
pub(crate) fn disk(error: &std::io::Error) -> Fault {
    let text = format!("The installation's disk refused: {error}.");
    Fault::infrastructure(Code::Unavailable, "disk", text)
}
