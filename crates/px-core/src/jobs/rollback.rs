//! Going back. The data plane went back with the transition to `rolling_back`; what remains is the
//! data, the proof that the old version works, and telling everybody.

use px_api::Code;
use px_model::InstallState;

use super::machine::{Done, Machine, Trouble};
use crate::app::authority::TenantScope;
use crate::app::fault::Fault;
use crate::app::install::Install;
use crate::store::installed;

impl Machine {
    /// Every part may be repeated.
    pub(crate) async fn roll_back(&self, install: &Install) -> Result<Done, Trouble> {
        self.runtime.stop(&install.unit()).await;
        // After the commit the tenant's data is the new version's; migrations only ever added to it.
        let restored = !install.was_committed && self.restore_data(install).await?;
        let Some(previous) = install.previous_unit() else {
            let text = "there was no version before; nothing serves";
            return Ok(Done::Next(InstallState::RolledBack, text.to_owned()));
        };
        if let Err(fault) = self.runtime.probe(&previous).await {
            self.health(install, "down", true).await?;
            // What runs may be what is broken: the next try starts it afresh.
            self.runtime.stop(&previous).await;
            let text = format!("The version before does not come back: {}", fault.detail);
            return Err(Fault::infrastructure(Code::PluginUnavailable, "old_version", text).into());
        }
        self.health(install, "healthy", false).await?;
        let data = if restored { ", data restored" } else { "" };
        let detail = format!("{} serves again{data}", previous.version);
        Ok(Done::Next(InstallState::RolledBack, detail))
    }

    async fn health(
        &self,
        install: &Install,
        health: &str,
        held: bool,
    ) -> Result<(), px_store::StoreError> {
        let mut tx = self.db.begin().await?;
        let scope = TenantScope::one(install.tenant);
        installed::health(
            &mut tx,
            &scope,
            install.tenant,
            &install.plugin,
            health,
            held,
        )
        .await?;
        tx.commit().await
    }
}
