//! Taking versions back: by their author, or by the Marketplace.

use px_api::market::{StatusPatch, VersionView};
use px_api::{Code, Problem};
use px_model::{VersionId, VersionState, event_type};
use px_store::{Actor, Tx};
use serde_json::json;

use super::authority::{OperatorAuth, PublisherAuth, ViewerAuth};
use super::error::AppResult;
use super::messages::{PublisherNews, Words};
use super::transition::{Step, step};
use crate::Market;
use crate::store::row::VersionRow;
use crate::store::{publishers, versions};

impl Market {
    /// Takes a version back on its author's behalf, at any time before or after its listing.
    ///
    /// # Errors
    /// `PX-0003` for a foreign version, `PX-0304` without a reason, `PX-0103` for a state that
    /// only the Marketplace sets, `PX-0205` when it cannot be taken back any more.
    pub async fn withdraw(
        &self,
        auth: &PublisherAuth,
        version: VersionId,
        patch: &StatusPatch,
    ) -> AppResult<VersionView> {
        self.own_version(auth, version).await?;
        if patch.status != VersionState::Withdrawn {
            return Err(Problem::new(
                Code::Forbidden,
                format!("a publisher may set `withdrawn`, not `{}`", patch.status),
            )
            .into());
        }
        self.change_status(&auth.actor, version, patch).await?;
        self.version_view(&ViewerAuth::Publisher(auth.clone()), version)
            .await
    }

    /// Quarantines, recalls or withdraws a listed version, or lifts a quarantine.
    ///
    /// # Errors
    /// `PX-0304` without a reason, `PX-0205` when the state does not allow it.
    pub async fn set_status(
        &self,
        auth: &OperatorAuth,
        version: VersionId,
        patch: &StatusPatch,
    ) -> AppResult<VersionView> {
        self.change_status(&auth.actor, version, patch).await?;
        self.version_view(&ViewerAuth::Operator(auth.clone()), version)
            .await
    }

    async fn change_status(
        &self,
        actor: &Actor,
        version: VersionId,
        patch: &StatusPatch,
    ) -> AppResult<()> {
        let why = check(patch)?;
        let mut tx = self.db().begin().await?;
        let row = versions::get_tx(&mut tx, version).await?;
        publishers::lock_plugin(&mut tx, &row.plugin).await?;
        // Listing goes through a review; only the end of a quarantine leads back from here.
        if patch.status == VersionState::Listed && row.state != VersionState::Quarantined {
            let detail = "only the end of a quarantine lists a version again";
            return Err(super::transition::wrong_state(&row, detail).into());
        }
        let change = Step {
            actor,
            to: patch.status,
            action: action(patch.status),
            note: Some(why),
            detail: json!({}),
        };
        let row = step(&mut tx, &row, change).await?;
        self.stop_clock(&mut tx, &row).await?;
        self.after_change(&mut tx, &row, why).await?;
        Ok(tx.commit().await?)
    }

    /// The catalog, followers of the feed and the publisher learn of it.
    async fn after_change(&self, tx: &mut Tx, row: &VersionRow, why: &str) -> AppResult<()> {
        if row.listed_at.is_some() {
            self.refresh_offers(tx, &row.plugin).await?;
            let data = json!({ "listed": self.listed(row)?, "reason": why });
            let kind = if row.state == VersionState::Listed {
                event_type::PLUGIN_APPROVED
            } else {
                event_type::PLUGIN_WITHDRAWN
            };
            self.emit(tx, kind, row, data).await?;
        }
        let words = Words::of(self, row).with("reason", why);
        let news = PublisherNews {
            template: "status",
            level: px_notify::Severity::Warning,
            words: &words,
            event: None,
            dedup: format!("{}:{}:{}", row.state, row.id, row.revision),
        };
        self.tell_publisher(tx, row, &news).await
    }
}

fn check(patch: &StatusPatch) -> AppResult<&str> {
    use VersionState::{Listed, Quarantined, Recalled, Withdrawn};
    if !matches!(patch.status, Withdrawn | Quarantined | Recalled | Listed) {
        return Err(
            Problem::new(Code::InvalidField, "this state is not set by hand")
                .field(
                    "/status",
                    format!("`{}` is not set by hand", patch.status),
                    "Use `withdrawn`, `quarantined`, `recalled`, or `listed` to lift a quarantine",
                )
                .into(),
        );
    }
    why(&patch.reason)
}

/// The reason a person gave, without the spaces around it.
///
/// # Errors
/// [`Code::ReasonRequired`] when nothing is left.
pub(super) fn why(reason: &str) -> AppResult<&str> {
    let why = reason.trim();
    if why.is_empty() {
        return Err(Problem::new(Code::ReasonRequired, "say why")
            .field(
                "/reason",
                "it is empty",
                "Name the reason; it is kept in the audit log",
            )
            .into());
    }
    Ok(why)
}

const fn action(status: VersionState) -> &'static str {
    match status {
        VersionState::Withdrawn => "version.withdrawn",
        VersionState::Quarantined => "version.quarantined",
        VersionState::Recalled => "version.recalled",
        _ => "version.quarantine_lifted",
    }
}
