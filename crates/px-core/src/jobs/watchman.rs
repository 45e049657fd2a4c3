//! Key figures and the alerts that hang on them.

use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use px_model::InstallState;
use px_notify::{NewAlert, Severity, Text2, raise_alert, resolve_alert};
use px_store::Result;
use px_work::{JobError, Periodic};

use crate::Core;
use crate::app::figures::{Figures, figures};
use crate::store::aftermath::OPERATORS;
use crate::store::installs;

/// Installs that ended within this time make up the rates.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Looks every half minute, in one process at a time.
pub struct Watchman(pub Core);

#[async_trait]
impl Periodic for Watchman {
    fn name(&self) -> &'static str {
        "core.watch"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(30)
    }

    async fn tick(&self) -> Result<(), JobError> {
        self.look().await.map_err(Into::into)
    }
}

impl Watchman {
    /// Computes the figures, publishes them and raises or closes alerts.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn look(&self) -> Result<()> {
        let core = &self.0;
        let figures = current(core).await?;
        metrics::gauge!("plugins_online_install_success_rate").set(figures.success_rate());
        metrics::gauge!("plugin_online_install_success_rate").set(figures.success_rate());
        metrics::gauge!("plugins_online_install_rollbacks_24h").set(f64::from(figures.rolled_back));
        self.hold(
            figures.success_too_low(),
            "install.success_rate",
            Text2::new("Fewer than 98 % of installs succeed", "安装成功率低于 98 %"),
            Text2::new(
                format!(
                    "Of the last 24 hours' installs {} succeeded and {} did not.",
                    figures.committed,
                    figures.bad()
                ),
                format!(
                    "过去 24 小时内，成功 {} 次，失败 {} 次。",
                    figures.committed,
                    figures.bad()
                ),
            ),
        )
        .await?;
        self.hold(
            figures.rollbacks_too_many(),
            "rollback.frequency",
            Text2::new("Roll-backs are frequent", "回滚过于频繁"),
            Text2::new(
                format!(
                    "{} versions were taken back within 24 hours.",
                    figures.rolled_back
                ),
                format!("24 小时内发生 {} 次回滚。", figures.rolled_back),
            ),
        )
        .await?;
        core.syncer()
            .watch_staleness(core.config().stale_after)
            .await?;
        Ok(())
    }

    async fn hold(&self, wrong: bool, kind: &str, title: Text2, body: Text2) -> Result<()> {
        let mut tx = self.0.db().begin().await?;
        if wrong {
            raise_alert(
                &mut tx,
                NewAlert {
                    audience: OPERATORS.to_owned(),
                    severity: Severity::Critical,
                    kind: kind.to_owned(),
                    title,
                    body,
                    tenant: None,
                    subject: None,
                    dedup: Some(kind.to_owned()),
                },
            )
            .await?;
        } else {
            resolve_alert(&mut tx, OPERATORS, kind).await?;
        }
        tx.commit().await
    }
}

/// How the installs of the last 24 hours ended.
///
/// # Errors
/// When the engine is away.
pub async fn current(core: &Core) -> Result<Figures> {
    let since = core.db().env().now() - WINDOW;
    let ends = installs::ends(core.db(), since).await?;
    Ok(figures(&ends))
}

/// Counts an install that has just ended.
pub fn ended(state: InstallState, seconds: f64, rollback_seconds: Option<f64>) {
    metrics::counter!("plugins_online_installs_total", "end" => state.as_str()).increment(1);
    metrics::histogram!("plugins_online_install_duration_ms").record(seconds * 1000.0);
    if state == InstallState::RolledBack {
        metrics::counter!("plugins_online_install_rollback_count").increment(1);
    }
    if let Some(seconds) = rollback_seconds {
        metrics::histogram!("rollback_seconds").record(seconds);
    }
}
