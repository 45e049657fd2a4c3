//! Following one version live.

use std::time::Duration;

use px_api::market::VersionView;
use px_model::{VersionId, VersionState};
use px_store::Db;
use tokio::sync::watch::Receiver;

use super::authority::ViewerAuth;
use super::error::AppResult;
use crate::Market;

/// Commits of other processes, and bytes that arrive, are seen by looking again after this time.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Gives a version's view now and each time it changes.
pub struct VersionWatch {
    market: Market,
    viewer: ViewerAuth,
    version: VersionId,
    commits: Receiver<u64>,
    shown: Option<serde_json::Value>,
    ended: bool,
}

impl Market {
    /// Follows a version.
    ///
    /// # Errors
    /// `PX-0003` when there is no such version for the caller.
    pub async fn watch_version(
        &self,
        viewer: ViewerAuth,
        version: VersionId,
    ) -> AppResult<VersionWatch> {
        self.seen(&viewer, version).await?;
        let commits = Db::commits(self.db());
        Ok(VersionWatch {
            market: self.clone(),
            viewer,
            version,
            commits,
            shown: None,
            ended: false,
        })
    }
}

impl VersionWatch {
    /// The next view that differs from the one before; `None` after one that lasts, or when the
    /// database stays away.
    pub async fn next(&mut self) -> Option<VersionView> {
        if self.ended {
            return None;
        }
        loop {
            self.commits.mark_unchanged();
            let view = self
                .market
                .version_view(&self.viewer, self.version)
                .await
                .ok()?;
            let value = serde_json::to_value(&view).ok()?;
            if self.shown.as_ref() != Some(&value) {
                self.shown = Some(value);
                self.ended = lasts(view.state);
                return Some(view);
            }
            tokio::select! {
                changed = self.commits.changed() => changed.ok()?,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }
}

/// States after which nothing happens by itself.
const fn lasts(state: VersionState) -> bool {
    use VersionState::{Blocked, ChangesRequested, Listed, Recalled, Rejected, Withdrawn};
    matches!(
        state,
        Listed | ChangesRequested | Rejected | Blocked | Withdrawn | Recalled
    )
}
