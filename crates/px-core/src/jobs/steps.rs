//! The work of the states before traffic: resolve, fetch, stage, preflight, migrate, activate.

use std::time::Duration;

use px_api::Code;
use px_model::InstallState;
use px_store::{Result, When};

use super::data::{self, blocking, remove, sync_folder, sync_parent};
use super::fetch::disk;
use super::machine::{Done, Machine, Trouble};
use crate::app::authority::TenantScope;
use crate::app::fault::Fault;
use crate::app::install::Install;
use crate::app::install::resolve::{self, Demands, Present};
use crate::store::{installed, installs};

type Outcome = Result<Done, Trouble>;

/// Longest preflight; below the limit of its state, so that the plugin gets the blame it deserves.
const PREFLIGHT: Duration = Duration::from_secs(32);

impl Machine {
    pub(crate) async fn resolve(&self, install: &Install) -> Outcome {
        let present = self.present(install).await?;
        let Some(listed) = &install.listed else {
            let text = "The bundle itself will say what it needs.";
            return Ok(Done::Next(InstallState::Resolved, text.to_owned()));
        };
        let demands = Demands {
            requires: &listed.dependencies,
            conflicts: &[],
            corex_version: listed.corex_version.as_deref(),
            permissions: &listed.permissions,
        };
        let core = &self.settings.core_version;
        let solution = resolve::resolve(demands, core, &present, &install.granted)?;
        let used: Vec<_> = solution
            .iter()
            .map(|(need, version)| format!("{need} by {version}"))
            .collect();
        Ok(Done::Next(InstallState::Resolved, used.join("; ")))
    }

    async fn present(&self, install: &Install) -> Result<Vec<Present>> {
        let scope = TenantScope::one(install.tenant);
        let all = installed::list(&self.db, &scope, None).await?;
        Ok(all
            .into_iter()
            .filter(|i| i.route.plugin != install.plugin)
            .filter_map(|i| {
                Some(Present {
                    plugin: i.route.plugin,
                    version: i.route.committed?.version,
                })
            })
            .collect())
    }

    /// Downloads, then believes: length, digest, publisher's signature, listing, and that the bundle
    /// says about itself what the Marketplace said about it.
    pub(crate) async fn fetch(&self, install: &Install) -> Outcome {
        let size = (install.size > 0).then_some(install.size);
        let file = tokio::select! {
            file = self.fetcher.fetch(&install.source, &install.digest, size) => file?,
            again = self.interrupted(install) => return again,
        };
        let facts = self.verifier.verify(&file, &install.claim()).await;
        let facts = match facts {
            Ok(facts) => facts,
            Err(fault) => {
                if !fault.is_transient() {
                    let _ = tokio::fs::remove_file(&file).await;
                }
                return Err(fault.into());
            }
        };
        let demands = Demands {
            requires: &facts.requires,
            conflicts: &facts.conflicts,
            corex_version: facts.corex_version.as_deref(),
            permissions: &facts.permissions,
        };
        let present = self.present(install).await?;
        resolve::resolve(
            demands,
            &self.settings.core_version,
            &present,
            &install.granted,
        )?;
        let detail = format!(
            "sha256 {}, signed by {}",
            install.digest.short(),
            facts.signed_by
        );
        Ok(Done::Verified(facts, detail))
    }

    /// Ends when a person asks for something or somebody else takes the install over.
    async fn interrupted(&self, install: &Install) -> Outcome {
        let mut asks = self.db.touched(installs::ASKS);
        loop {
            asks.mark_unchanged();
            if let Ok(Some((generation, ask))) = installs::wish(&self.db, install.id).await
                && (ask.is_some() || generation != install.generation)
            {
                return Ok(Done::Again);
            }
            let second = Duration::from_secs(1);
            let _ = tokio::time::timeout(second, asks.changed()).await;
        }
    }

    /// Verified bytes to a compiled folder. What is complete with the right digest is kept.
    pub(crate) async fn stage(&self, install: &Install) -> Outcome {
        self.ensure_staged(install).await?;
        Ok(Done::Next(
            InstallState::Staged,
            "unpacked and compiled".to_owned(),
        ))
    }

    pub(super) async fn ensure_staged(&self, install: &Install) -> Result<(), Fault> {
        let (plugin, version) = (&install.plugin, &install.version);
        let turn = self.fetcher.turns.of(&install.digest);
        let _mine = turn.lock().await;
        let marker = self.layout.marker(plugin, version);
        let folder = self.layout.version(plugin, version);
        let found = tokio::fs::read_to_string(&marker).await.unwrap_or_default();
        if !found.is_empty() && found != install.digest.to_string() {
            let text = format!("Other bytes are unpacked as {plugin} {version} already.");
            return Err(Fault::tenant(Code::StagingFailed, "other_bytes", text));
        }
        if found.is_empty() {
            let file = self.layout.bundle(&install.digest);
            // Bytes may have changed on disk since they were verified.
            self.verifier.verify(&file, &install.claim()).await?;
            let fresh = self
                .layout
                .plugin(plugin)
                .join(format!(".unpacking-{}", install.id));
            let (a, b) = (fresh.clone(), folder.clone());
            blocking(move || {
                remove(&a)?;
                remove(&b)?;
                std::fs::create_dir_all(&a)
            })
            .await
            .map_err(|e| disk(&e))?;
            let unpacked = self.verifier.unpack(&file, &fresh).await;
            if let Err(fault) = unpacked {
                let _ = blocking(move || remove(&fresh)).await;
                return Err(fault);
            }
            let digest = install.digest.to_string();
            blocking(move || {
                sync_folder(&fresh)?;
                std::fs::rename(&fresh, &folder)?;
                sync_parent(&folder)?;
                let part = marker.with_extension("part");
                std::fs::write(&part, digest)?;
                std::fs::File::open(&part)?.sync_all()?;
                std::fs::rename(&part, &marker)?;
                sync_parent(&marker)
            })
            .await
            .map_err(|e| disk(&e))?;
        }
        self.runtime.prepare(plugin, version).await
    }

    /// Starts the version beside the one that serves, then saves the tenant's data.
    pub(crate) async fn preflight(&self, install: &Install) -> Outcome {
        let facts = tokio::time::timeout(PREFLIGHT, self.runtime.preflight(&install.unit()))
            .await
            .map_err(|_| {
                let text = "It did not answer its health and smoke requests in time.";
                Fault::plugin(Code::PreflightFailed, "preflight_slow", text)
            })??;
        let data = self.layout.data(install.tenant, &install.plugin);
        let snapshot = self
            .layout
            .snapshot(install.tenant, &install.plugin, install.id);
        let bytes = data::save(data, snapshot).await.map_err(|e| disk(&e))?;
        let detail = format!("{facts}; {bytes} bytes of data saved");
        Ok(Done::Next(InstallState::Snapshotted, detail))
    }

    pub(crate) async fn migrate(&self, install: &mut Install) -> Outcome {
        let next = |detail: String| Ok(Done::Next(InstallState::Activating, detail));
        if !install.facts.as_ref().is_some_and(|f| f.migrates) {
            return next("nothing to migrate".to_owned());
        }
        if install.migrated {
            // An earlier process died in the middle: begin again from the data as it was.
            self.restore_data(install).await?;
            let data = self.layout.data(install.tenant, &install.plugin);
            let snapshot = self
                .layout
                .snapshot(install.tenant, &install.plugin, install.id);
            data::save(data, snapshot).await.map_err(|e| disk(&e))?;
        }
        installs::migrating(&self.db, install).await?;
        match self
            .runtime
            .migrate(&install.unit(), install.previous.is_none())
            .await
        {
            Ok(ran) => next(ran.unwrap_or_else(|| "nothing to migrate".to_owned())),
            Err(fault) => {
                self.restore_data(install).await?;
                Err(fault.into())
            }
        }
    }

    /// The transaction that puts the candidate in place is the transition itself.
    pub(crate) async fn activate(&self, install: &Install) -> Outcome {
        self.runtime.probe(&install.unit()).await?;
        let detail = format!(
            "{} serves while it is watched for {} s",
            install.version,
            self.settings.bounds.duration.as_secs()
        );
        Ok(Done::Next(InstallState::Probation, detail))
    }

    /// Puts the saved data back, with nobody at it: a version that is kept warm from earlier would go on
    /// in the folder that is taken away.
    pub(crate) async fn restore_data(&self, install: &Install) -> Result<bool, Fault> {
        self.runtime
            .stop_every(install.tenant, &install.plugin)
            .await;
        let data = self.layout.data(install.tenant, &install.plugin);
        let snapshot = self
            .layout
            .snapshot(install.tenant, &install.plugin, install.id);
        let restored = data::restore(data, snapshot).await.map_err(|e| disk(&e))?;
        if restored {
            // A request may have started one again in the meantime, in the folder that is gone now.
            self.runtime
                .stop_every(install.tenant, &install.plugin)
                .await;
        }
        Ok(restored)
    }

    /// Removes what an ended install no longer needs. What a process that dies here leaves behind,
    /// the cleaner removes.
    pub(crate) async fn tidy(&self, install: &Install) {
        let (state, tenant) = (install.state.as_str(), &install.tenant);
        let passed = self.env().pass("install", state, When::Before, tenant);
        if let Err(error) = passed.await {
            tracing::warn!(install = %install.id, %error, "not tidied");
            return;
        }
        let snapshot = self
            .layout
            .snapshot(install.tenant, &install.plugin, install.id);
        if install.state == InstallState::Quarantined {
            return;
        }
        if let Err(error) = data::forget(snapshot).await {
            tracing::warn!(install = %install.id, %error, "snapshot not removed");
        }
    }
}
