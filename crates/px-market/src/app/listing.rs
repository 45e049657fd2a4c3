//! Listing a version: everything that makes it installable, in the caller's transaction.

use px_api::market::{Artifact, ListedVersion};
use px_model::{Channel, Event, EventId, PluginId, VersionState, event_type};
use px_store::{Actor, NewEvent, Tx};
use serde_json::{Value, json};

use super::error::{AppError, AppResult};
use super::facts::BundleFacts;
use super::publish_plan::newer;
use super::transition::{Step, current, step};
use crate::Market;
use crate::jobs::telling::Telling;
use crate::store::row::VersionRow;
use crate::store::{offers, versions};

impl Market {
    /// Lists an approved version: state, signed approval, catalog, events, messages. The caller
    /// holds the plugin's row (see `lock_plugin`).
    pub(crate) async fn list_version(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        row: &VersionRow,
    ) -> AppResult<()> {
        let offered = versions::offered(tx, &row.plugin, Some(row.channel)).await?;
        newer(&row.version, &offered)?;
        let now = tx.env().now();
        let took = row.clock.used(now);
        let change = Step {
            actor,
            to: VersionState::Listed,
            action: "version.listed",
            note: None,
            detail: json!({ "reviewSeconds": took.as_secs() }),
        };
        let row = step(tx, row, change).await?;
        self.stop_clock(tx, &row).await?;
        let facts = facts_of(&row)?;
        let listing = self.sign_listing(&row, facts, now)?;
        let micros = i64::try_from(took.as_micros()).unwrap_or(i64::MAX);
        versions::set_listed(tx, &row, &listing, micros).await?;
        let row = versions::get_tx(tx, row.id).await?;
        self.refresh_offers(tx, &row.plugin).await?;
        self.announce(tx, &row).await?;
        metrics::histogram!("plugin_online_approval_duration").record(took.as_secs_f64());
        Ok(())
    }

    async fn announce(&self, tx: &mut Tx, row: &VersionRow) -> AppResult<()> {
        let listed = self.listed(row)?;
        self.emit(tx, event_type::APPROVED, row, current(row))
            .await?;
        let news = json!({ "listed": listed });
        let event = self
            .emit(tx, event_type::PLUGIN_APPROVED, row, news)
            .await?;
        self.tell_publisher_listed(tx, row).await?;
        Telling::begin(row, &event).enqueue(tx).await
    }

    /// Writes an event about a version and answers it as receivers will read it.
    pub(crate) async fn emit(
        &self,
        tx: &mut Tx,
        kind: &'static str,
        row: &VersionRow,
        data: Value,
    ) -> AppResult<Event> {
        let new = NewEvent {
            kind,
            source: self.source(),
            subject: row.id.to_string(),
            data: data.clone(),
        };
        let id: EventId = tx.emit(new).await?;
        Ok(Event {
            specversion: "1.0".to_owned(),
            id: id.to_string(),
            source: self.source(),
            kind: kind.to_owned(),
            subject: row.id.to_string(),
            time: tx.env().now(),
            datacontenttype: "application/json".to_owned(),
            data,
            sequence: None,
        })
    }

    /// Brings what search and the catalog show of a plugin in line with its versions.
    pub(crate) async fn refresh_offers(&self, tx: &mut Tx, plugin: &PluginId) -> AppResult<()> {
        let mut rows = versions::offered(tx, plugin, None).await?;
        rows.retain(|row| row.state == VersionState::Listed);
        rows.sort_by(|a, b| a.version.semver().cmp_precedence(b.version.semver()));
        offers::clear(tx, plugin).await?;
        let newest = |channel| rows.iter().rev().find(|row| row.channel == channel);
        for (channel, row) in [
            (Channel::Stable.as_str(), newest(Channel::Stable)),
            (Channel::Beta.as_str(), newest(Channel::Beta)),
            (
                offers::ANY,
                newest(Channel::Stable).or_else(|| newest(Channel::Beta)),
            ),
        ] {
            if let Some(row) = row {
                offers::put(tx, channel, row).await?;
            }
        }
        Ok(())
    }

    /// A listed version as a core needs it.
    ///
    /// # Errors
    /// When the version was never listed.
    pub(crate) fn listed(&self, row: &VersionRow) -> AppResult<ListedVersion> {
        let facts = facts_of(row)?;
        let never = || AppError::Fault(format!("{} was never listed", row.id));
        Ok(ListedVersion {
            version_id: row.id,
            plugin_id: row.plugin.clone(),
            name: facts.name.clone(),
            summary: facts.summary.clone(),
            publisher: row.publisher_name.clone(),
            version: row.version.clone(),
            channel: row.channel,
            state: row.state,
            artifact: Artifact {
                sha256: row.sha256,
                size: row.size,
            },
            bundle_url: format!("/api/marketplace/bundles/{}.pxp", row.sha256),
            permissions: row.permissions.clone(),
            dependencies: row.dependencies.clone(),
            corex_version: facts.corex_version.clone(),
            kind: facts.kind.clone(),
            risk: row.risk,
            notes: row.notes.clone(),
            rollout: row.rollout.clone(),
            listed_at: row.listed_at.ok_or_else(never)?,
            listing: row.listing.clone().ok_or_else(never)?,
        })
    }
}

pub(crate) fn facts_of(row: &VersionRow) -> AppResult<&BundleFacts> {
    row.facts
        .as_ref()
        .ok_or_else(|| AppError::Fault(format!("{} has no facts", row.id)))
}
