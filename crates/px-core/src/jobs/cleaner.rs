//! Removes what nobody needs: bundles in the cache, versions nobody runs, data of yesterday's tries.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use px_store::Result;
use px_work::{JobError, Periodic};
use tracing::{info, warn};

use super::data::blocking;
use super::layout::Layout;
use crate::Core;
use crate::app::authority::TenantScope;
use crate::store::installs::{self, Filter};
use crate::store::{installed, keep, usage};

/// Files younger than this are left alone: somebody may be about to use them.
const AGE: Duration = Duration::from_secs(24 * 3600);

/// Cleans every hour, in every process: each has its own folder.
pub struct Cleaner(pub Core);

#[async_trait]
impl Periodic for Cleaner {
    fn name(&self) -> &'static str {
        "core.clean"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(3600)
    }

    fn everywhere(&self) -> bool {
        true
    }

    async fn tick(&self) -> Result<(), JobError> {
        self.clean().await.map_err(Into::into)
    }
}

impl Cleaner {
    /// Forgets previous versions whose time is over and old figures, then removes what nothing refers to.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn clean(&self) -> Result<()> {
        let db = self.0.db();
        let mut tx = db.begin().await?;
        keep::unpin(&mut tx).await?;
        usage::forget(&mut tx).await?;
        tx.commit().await?;
        let (mut versions, mut digests) = (HashSet::new(), HashSet::new());
        let every = TenantScope::every();
        for row in installed::list(db, &every, None).await? {
            let route = row.route;
            let releases = [&route.committed, &route.candidate, &route.previous];
            for release in releases.into_iter().flatten() {
                versions.insert((route.plugin.clone(), release.version.clone()));
                digests.insert(release.digest);
            }
        }
        let filter = Filter {
            active: true,
            limit: 1000,
            ..Filter::default()
        };
        let layout = Layout::at(&self.0.config().data_dir);
        let mut snapshots = Vec::new();
        for install in installs::list(db, &every, &filter).await? {
            snapshots.push(layout.snapshot(install.tenant, &install.plugin, install.id));
            versions.insert((install.plugin, install.version));
            digests.insert(install.digest);
        }
        // An operator may want the data of an install that could not be brought to a good end.
        for install in installs::quarantined(db, &every).await? {
            snapshots.push(layout.snapshot(install.tenant, &install.plugin, install.id));
        }
        let now = SystemTime::from(db.env().now());
        let kept: HashSet<PathBuf> = versions
            .iter()
            .flat_map(|(p, v)| [layout.version(p, v), layout.marker(p, v)])
            .chain(
                digests
                    .iter()
                    .flat_map(|d| [layout.bundle(d), layout.part(d)]),
            )
            .chain(snapshots)
            .collect();
        match blocking(move || Ok(sweep(&layout, &kept, now))).await {
            Ok(0) => {}
            Ok(removed) => info!(removed, "old bundles and versions removed"),
            Err(error) => warn!(%error, "old bundles not removed"),
        }
        Ok(())
    }
}

fn sweep(layout: &Layout, kept: &HashSet<PathBuf>, now: SystemTime) -> usize {
    let mut removed = 0;
    let mut folders = vec![layout.root().join("bundles")];
    folders.extend(children(&layout.root().join("installed")));
    // `tenants/TENANT/PLUGIN/snapshots`: what installs left that ended in a process that died.
    for tenant in children(&layout.root().join("tenants")) {
        folders.extend(children(&tenant).iter().map(|p| p.join("snapshots")));
    }
    for folder in folders {
        for path in children(&folder) {
            if !kept.contains(&path) && is_old(&path, now) {
                removed += usize::from(delete(&path));
            }
        }
    }
    removed
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.flatten().map(|e| e.path()).collect()
}

fn is_old(path: &Path, now: SystemTime) -> bool {
    let modified = std::fs::symlink_metadata(path).and_then(|m| m.modified());
    modified.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > AGE))
}

fn delete(path: &Path) -> bool {
    let done = if path.is_dir() {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
    if let Err(error) = &done {
        warn!(path = %path.display(), %error, "not removed");
    }
    done.is_ok()
}
