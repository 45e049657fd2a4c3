//! What is offered to everybody: search, detail, versions, bundles.

use jiff::Timestamp;
use px_api::market::{ListedVersion, PluginDetail, PluginPage, PluginSummary};
use px_api::{Code, Problem};
use px_model::{Channel, Digest, PluginId, VersionId};
use px_store::BlobError;
use url::Url;

use super::authority::ViewerAuth;
use super::error::{AppError, AppResult};
use super::listing::facts_of;
use super::shelf::Wanted;
use crate::Market;
use crate::store::offers::{self, ANY, Card, Offer};
use crate::store::{row::VersionRow, versions};

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// Words that all occur, in whatever order.
    pub q: Option<String>,
    /// Only this category.
    pub category: Option<String>,
    /// Only what is offered on this channel; otherwise the stable version, or else the beta.
    pub channel: Option<Channel>,
    /// Where the page before ended.
    pub after: Option<Position>,
    /// Results per page, 1 to 100.
    pub limit: u32,
}

/// Where a page of results ends: pages are ordered by listing time, newest first, then id.
pub type Position = (Timestamp, PluginId);

/// Results with the position after the last one, when there are more.
#[derive(Debug, Clone)]
pub struct SearchPage {
    /// Results.
    pub items: Vec<PluginSummary>,
    /// Where the next page begins.
    pub next: Option<Position>,
    /// How many there are in all.
    pub total: u64,
}

/// Longest search text that is looked at, characters.
const MAX_QUERY: usize = 200;

impl Market {
    /// Plugins that are offered, newest listing first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn search(&self, query: &SearchQuery) -> AppResult<SearchPage> {
        let limit = query.limit.clamp(1, 100);
        let text: String = query
            .q
            .as_deref()
            .unwrap_or("")
            .chars()
            .take(MAX_QUERY)
            .collect();
        let wanted = Wanted {
            words: text
                .to_lowercase()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            category: query.category.clone().filter(|c| !c.is_empty()),
        };
        let channel = query.channel.map_or(ANY, Channel::as_str);
        let after = query.after.as_ref();
        let after = after.map(|(at, plugin)| (at.as_microsecond(), plugin.to_string()));
        let most = limit as usize + 1;
        let found = self.shelves().find(self.db(), channel, wanted, after, most);
        let (mut versions, total) = found.await?;
        let more = versions.len() == most;
        versions.truncate(limit as usize);
        let found = offers::of_versions(self.db(), &versions).await?;
        let next = found
            .last()
            .filter(|_| more)
            .map(|card| (card.listed_at, card.plugin.clone()));
        let items = found.into_iter().map(shown).collect();
        Ok(SearchPage { items, next, total })
    }

    /// Categories in use with the number of plugins in each.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn categories(&self) -> AppResult<Vec<(String, u64)>> {
        Ok(offers::categories(self.db()).await?)
    }

    /// A plugin with every version that was ever listed, newest first.
    ///
    /// # Errors
    /// `PX-0003` when nothing of it is offered.
    pub async fn plugin_detail(&self, plugin: &PluginId) -> AppResult<PluginDetail> {
        let offer = offers::of_plugin(self.db(), plugin).await?;
        let offer = offer.ok_or_else(|| not_listed(&plugin.to_string()))?;
        Ok(PluginDetail {
            summary: summary(&offer)?,
            readme: facts_of(&offer.row)?.readme.clone(),
            versions: self.listed_versions(plugin).await?,
        })
    }

    /// Every version of a plugin that was ever listed, newest first; empty for an unknown plugin.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn listed_versions(&self, plugin: &PluginId) -> AppResult<Vec<ListedVersion>> {
        let mut rows = offers::listed_versions(self.db(), plugin).await?;
        rows.sort_by(|a, b| b.version.semver().cmp_precedence(a.version.semver()));
        rows.iter().map(|row| self.listed(row)).collect()
    }

    /// One version that was listed.
    ///
    /// # Errors
    /// `PX-0403` when it never was.
    pub async fn listed_version(&self, version: VersionId) -> AppResult<ListedVersion> {
        let row = versions::get(self.db(), version).await?;
        if row.listed_at.is_none() {
            return Err(AppError::refuse(
                Code::VersionNotListed,
                format!("{version} has not been listed"),
            ));
        }
        self.listed(&row)
    }

    /// Size of a bundle that may be downloaded: listed ones by everybody, others by those who may
    /// see the version. Quarantined and recalled ones by nobody but them.
    ///
    /// # Errors
    /// `PX-0003` otherwise, `PX-0002` when the store is away or has bytes of another length.
    pub async fn bundle(&self, digest: &Digest, viewer: Option<&ViewerAuth>) -> AppResult<u64> {
        let rows = offers::by_digest(self.db(), digest).await?;
        let row = rows
            .iter()
            .find(|row| open_to_all(row) || may_see(viewer, row));
        let nothing = || Problem::new(Code::NotFound, format!("there is no bundle {digest}"));
        let row = row.ok_or_else(nothing)?;
        let size = self.blobs().len(digest).await?.ok_or_else(nothing)?;
        if size != row.size {
            return Err(BlobError::Altered(*digest).into());
        }
        Ok(size)
    }

    /// Where a download is sent on to, when bundles lie in a store that signs addresses and the
    /// settings want that. The caller has been found to be allowed the bundle ([`Market::bundle`]).
    ///
    /// # Errors
    /// When the store cannot sign.
    pub async fn signed_download(
        &self,
        digest: &Digest,
        method: http::Method,
    ) -> AppResult<Option<Url>> {
        match self.config().signed_downloads {
            Some(lifetime) => Ok(self.blobs().signed_url(digest, method, lifetime).await?),
            None => Ok(None),
        }
    }
}

fn open_to_all(row: &VersionRow) -> bool {
    use px_model::VersionState::{Listed, Withdrawn};
    row.listed_at.is_some() && matches!(row.state, Listed | Withdrawn)
}

fn may_see(viewer: Option<&ViewerAuth>, row: &VersionRow) -> bool {
    viewer.is_some_and(|viewer| viewer.may_see(row.publisher))
}

fn not_listed(what: &str) -> Problem {
    Problem::new(Code::NotFound, format!("nothing of {what} is listed"))
}

fn shown(card: Card) -> PluginSummary {
    PluginSummary {
        plugin_id: card.plugin,
        name: card.headline.name,
        summary: card.headline.summary,
        publisher: card.publisher_name,
        verified: card.verified,
        category: card.headline.category,
        kind: card.headline.kind,
        risk: card.risk,
        latest_version: card.version,
        channel: card.channel,
        listed_at: card.listed_at,
        installs: card.installs,
    }
}

fn summary(offer: &Offer) -> AppResult<PluginSummary> {
    let row = &offer.row;
    let facts = facts_of(row)?;
    Ok(PluginSummary {
        plugin_id: row.plugin.clone(),
        name: facts.name.clone(),
        summary: facts.summary.clone(),
        publisher: row.publisher_name.clone(),
        verified: offer.verified,
        category: facts.category.clone(),
        kind: facts.kind.clone(),
        risk: row.risk,
        latest_version: row.version.clone(),
        channel: row.channel,
        listed_at: row.listed_at.unwrap_or(row.created_at),
        installs: offer.installs,
    })
}

impl SearchPage {
    /// The page as it is sent, with the position as `cursor` text.
    #[must_use]
    pub fn wire(self, cursor: impl Fn(&Position) -> String) -> PluginPage {
        PluginPage {
            items: self.items,
            next: self.next.as_ref().map(cursor),
            total: self.total,
        }
    }
}
