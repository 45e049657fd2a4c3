//! The one place where an install changes its state: row, step, audit entry, event, the data plane's
//! row and everything that follows from it, in one transaction.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use px_model::AuditId;
use px_model::{InstallId, InstallState};
use px_store::{Actor, Db, Result, Tx};
use px_work::NewJob;
use serde_json::json;

use crate::app::install::Install;
use crate::app::ports::Traffic;
use crate::app::route::Route;
use crate::store::installs::{self, Note};
use crate::store::{aftermath, installed, logs};

/// Kind of the job that drives one install.
pub const JOB: &str = "core.install";

/// Writes transitions.
#[derive(Clone)]
pub struct Ledger {
    /// The core's database.
    pub db: Db,
    /// Who says so in events: `/powerx/{installation}`.
    pub source: String,
    /// Told of every change at once; other processes see it within a second.
    pub traffic: Arc<dyn Traffic>,
    /// How long the previous version is kept after a commit.
    pub pin: SignedDuration,
}

impl Ledger {
    /// Enters a state with everything that belongs to it. On success `install` is the row as it is
    /// now; on failure nothing was written and it is unchanged.
    ///
    /// # Errors
    /// [`px_store::StoreError::Stale`] when somebody else changed the install first.
    pub async fn enter(
        &self,
        install: &mut Install,
        to: InstallState,
        actor: &Actor,
        note: &Note<'_>,
    ) -> Result<AuditId> {
        let mut tx = self.db.begin().await?;
        let (next, audit, route) = self.enter_in(&mut tx, install, to, actor, note).await?;
        tx.commit().await?;
        *install = next;
        if to.is_final() {
            let micros = install.since.as_microsecond() - install.created.as_microsecond();
            let rollback = install.rollback_micros.map(aftermath::micros_to_seconds);
            let took = aftermath::micros_to_seconds(micros);
            super::watchman::ended(to, took, rollback);
        }
        if let Some(route) = route {
            self.traffic.routed(route);
        }
        Ok(audit)
    }

    /// As [`Ledger::enter`] within the caller's transaction; the caller passes the route on to
    /// [`Ledger::traffic`] after the commit.
    ///
    /// # Errors
    /// As [`Ledger::enter`].
    pub async fn enter_in(
        &self,
        tx: &mut Tx,
        install: &Install,
        to: InstallState,
        actor: &Actor,
        note: &Note<'_>,
    ) -> Result<(Install, AuditId, Option<Route>)> {
        let mut next = install.clone();
        let audit = installs::enter(tx, &self.source, &mut next, to, actor, note).await?;
        let level = if note.fault.is_some() {
            "error"
        } else {
            "info"
        };
        let line = match note.detail.as_str() {
            "" => to.to_string(),
            detail => format!("{to}: {detail}"),
        };
        logs::line_in(tx, next.id, level, &line);
        let route = match to {
            InstallState::Probation => Some(installed::activate(tx, &next).await?),
            InstallState::Committed => {
                let until = after(tx.env().now(), self.pin);
                Some(installed::commit(tx, &next, until).await?)
            }
            InstallState::RollingBack | InstallState::Quarantined => {
                installed::take_back(tx, &next).await?
            }
            _ => None,
        };
        aftermath::follow(tx, &next, note.fault).await?;
        Ok((next, audit, route))
    }

    /// Has the install driven, now or at `at`; nothing happens when it already is.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn drive_in(tx: &mut Tx, id: InstallId, at: Option<Timestamp>) -> Result<()> {
        let job = NewJob::new(JOB, json!({"install": id}))
            .unique(id.to_string())
            .attempts(u32::MAX);
        let job = match at {
            Some(at) => job.at(at),
            None => job,
        };
        if px_work::enqueue(tx, job).await?.is_none() && at.is_none() {
            px_work::wake(tx, JOB, &id.to_string()).await?;
        }
        Ok(())
    }
}

/// `now + wait`, at most the end of the calendar.
pub(crate) fn after(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
