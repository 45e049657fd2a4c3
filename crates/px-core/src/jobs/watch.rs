//! Probation: the candidate serves, watched; the lease lives only while this loop does.

use std::time::Duration;

use px_model::InstallState;
use px_store::{Result, StoreError};

use super::machine::{Done, Machine, Trouble};
use crate::app::fault::Fault;
use crate::app::install::Install;
use crate::app::install::probation::{Seen, Verdict, judge};
use crate::app::ports::Vitals;
use crate::app::route::LEASE;
use crate::store::{installed, installs};

impl Machine {
    pub(crate) async fn watch(&self, install: &Install) -> Result<Done, Trouble> {
        let unit = install.unit();
        let start = self.runtime.vitals(&unit).unwrap_or_default();
        let mut seen = Seen {
            baseline: install
                .previous_unit()
                .and_then(|previous| self.runtime.vitals(&previous)),
            ..Seen::default()
        };
        loop {
            let served = self.renew(install).await?;
            if !served && self.confirm_late(install) {
                return Ok(Done::Again);
            }
            let turn = self.clock.elapsed();
            if let Some(fault) = self.seen_failing(install, &mut seen).await? {
                return Ok(Done::Leave(InstallState::RollingBack, fault));
            }
            seen.candidate = self.runtime.vitals(&unit).map(|now| since(&now, &start));
            match judge(&seen, &self.settings.bounds) {
                Verdict::TakeBack(fault) => {
                    return Ok(Done::Leave(InstallState::RollingBack, fault));
                }
                Verdict::Commit => {
                    let detail = story(&seen);
                    return Ok(Done::Next(InstallState::Committed, detail));
                }
                Verdict::Watch => {}
            }
            let left = self.settings.bounds.duration.saturating_sub(seen.watched);
            let nap = self
                .settings
                .probe_every
                .min(left.max(Duration::from_millis(1)));
            tokio::time::sleep(nap).await;
            if served {
                seen.watched += self.clock.elapsed().saturating_sub(turn);
            }
        }
    }

    /// Renews the lease, in the database and here. While the database is away it is not renewed, so
    /// that the version before serves again within 15 s; answers whether it was.
    async fn renew(&self, install: &Install) -> Result<bool, Trouble> {
        match installed::beat(&self.db, install).await {
            Ok(route) => {
                let generation = route.generation;
                self.traffic.routed(route);
                self.traffic
                    .lease(install.tenant, &install.plugin, generation, LEASE);
                Ok(true)
            }
            Err(StoreError::Stale(what)) => Err(StoreError::Stale(what).into()),
            Err(error) => {
                tracing::warn!(install = %install.id, %error, "lease not renewed");
                Ok(false)
            }
        }
    }

    fn confirm_late(&self, install: &Install) -> bool {
        install.confirm_by.is_none_or(|by| self.env().now() > by)
    }

    /// Asks the candidate for its health and the database for a person's wish.
    async fn seen_failing(
        &self,
        install: &Install,
        seen: &mut Seen,
    ) -> Result<Option<Fault>, Trouble> {
        match self.runtime.probe(&install.unit()).await {
            Ok(()) => seen.failed_probes = 0,
            Err(fault) => {
                self.tell(install, "warn", &format!("probe: {fault}")).await;
                seen.failed_probes += 1;
                seen.last_probe = Some(fault);
            }
        }
        let asked = match installs::wish(&self.db, install.id).await {
            Ok(Some((_, ask))) => ask,
            _ => None,
        };
        let code = px_api::Code::ProbationFailed;
        Ok(asked.map(|ask| Fault::tenant(code, "by_hand", ask.reason())))
    }
}

/// What an instance did since `start`; one that was started anew begins at zero.
pub(crate) fn since(now: &Vitals, start: &Vitals) -> Vitals {
    if now.requests < start.requests {
        return now.clone();
    }
    Vitals {
        requests: now.requests - start.requests,
        errors: now.errors.saturating_sub(start.errors),
        traps: now.traps.saturating_sub(start.traps),
        crashes: now.crashes.saturating_sub(start.crashes),
        ..now.clone()
    }
}

fn story(seen: &Seen) -> String {
    let did = seen.candidate.clone().unwrap_or_default();
    format!(
        "watched for {} s: {} requests, {} errors",
        seen.watched.as_secs(),
        did.requests,
        did.errors
    )
}
