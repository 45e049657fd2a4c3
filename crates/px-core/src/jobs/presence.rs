//! Brings to this machine what it has to serve: after a lost disk, or on a replica that did not run
//! the install itself.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use px_store::Result;
use px_work::{JobError, Periodic};
use tracing::{info, warn};

use super::machine::Machine;
use crate::app::fault::Fault;
use crate::app::install::Install;
use crate::gateway::Table;
use crate::store::installs;

/// Compares what is routed with what is unpacked here, in every process.
pub struct Presence {
    machine: Arc<Machine>,
    table: Arc<Table>,
}

impl Presence {
    /// For one process's folder and table.
    #[must_use]
    pub const fn new(machine: Arc<Machine>, table: Arc<Table>) -> Self {
        Self { machine, table }
    }

    /// One look; answers how many versions were brought here.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn look(&self) -> Result<usize> {
        let mut seen = HashSet::new();
        let mut brought = 0;
        for unit in self.table.wanted() {
            if !seen.insert((unit.plugin.clone(), unit.version.clone(), unit.digest)) {
                continue;
            }
            let marker = self.machine.layout.marker(&unit.plugin, &unit.version);
            if tokio::fs::try_exists(&marker).await.unwrap_or(true) {
                continue;
            }
            let found = installs::bringing(&self.machine.db, &unit).await?;
            let Some(install) = found else { continue };
            match self.bring(&install).await {
                Ok(()) => {
                    info!(plugin = %unit.plugin, version = %unit.version, "version brought here");
                    brought += 1;
                }
                Err(fault) => {
                    warn!(plugin = %unit.plugin, version = %unit.version, %fault, "version not brought here");
                }
            }
        }
        Ok(brought)
    }

    async fn bring(&self, install: &Install) -> Result<(), Fault> {
        let size = (install.size > 0).then_some(install.size);
        let fetcher = &self.machine.fetcher;
        fetcher
            .fetch(&install.source, &install.digest, size)
            .await?;
        self.machine.ensure_staged(install).await
    }
}

#[async_trait]
impl Periodic for Presence {
    fn name(&self) -> &'static str {
        "core.presence"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn everywhere(&self) -> bool {
        true
    }

    async fn tick(&self) -> Result<(), JobError> {
        self.look().await?;
        Ok(())
    }
}
