//! What the pages show of a tenant's shelf: what it has, what it could have, and what stands
//! against it, in a form that every language has its own words for.

use std::collections::BTreeMap;

use px_api::market::ListedVersion;
use px_model::{
    Channel, CoreRange, Dependency, InstallId, PluginId, Version, VersionId, VersionState,
};

use super::authority::TenantScope;
use super::error::AppResult;
use super::install::Install;
use super::install::resolve::Present;
use super::rollout::{MemberState, RolloutState};
use crate::Core;
use crate::store::installed::{self, Installed};
use crate::store::installs::{self, Filter};
use crate::store::{catalog, pages, rollouts};

/// What keeps a version from being installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocker {
    /// Installing is switched off here.
    SwitchedOff,
    /// The Marketplace no longer lists the version.
    NotListed(VersionState),
    /// The version runs on other cores.
    Core {
        /// Range of cores it runs on.
        range: String,
        /// Version of this one.
        ours: Version,
    },
    /// A plugin it needs is not installed.
    Missing(Dependency),
    /// A plugin it needs is installed in a version that does not do.
    WrongVersion(Dependency, Version),
}

/// A plugin of the catalog.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The version most tenants would take: the newest stable one, else the newest.
    pub newest: ListedVersion,
    /// Every version known, newest first; withdrawn ones too.
    pub versions: Vec<ListedVersion>,
}

impl Offer {
    /// The newest version of a channel; `beta` includes `stable`.
    #[must_use]
    pub fn newest_of(&self, channel: Channel) -> Option<&ListedVersion> {
        self.versions
            .iter()
            .filter(|l| l.state == VersionState::Listed)
            .find(|l| channel == Channel::Beta || l.channel == Channel::Stable)
    }
}

/// Plugins of the catalog that can be had, by name.
#[must_use]
pub fn offers(listed: Vec<ListedVersion>) -> Vec<Offer> {
    let mut plugins: BTreeMap<PluginId, Vec<ListedVersion>> = BTreeMap::new();
    for version in listed {
        plugins
            .entry(version.plugin_id.clone())
            .or_default()
            .push(version);
    }
    let mut offers: Vec<Offer> = plugins.into_values().filter_map(offer).collect();
    offers.sort_by(|a, b| {
        let key = |o: &Offer| (o.newest.name.to_lowercase(), o.newest.plugin_id.clone());
        key(a).cmp(&key(b))
    });
    offers
}

fn offer(mut versions: Vec<ListedVersion>) -> Option<Offer> {
    versions.sort_by(|a, b| b.version.cmp(&a.version));
    let listed = |l: &&ListedVersion| l.state == VersionState::Listed;
    let stable = versions
        .iter()
        .filter(listed)
        .find(|l| l.channel == Channel::Stable);
    let newest = stable.or_else(|| versions.iter().find(listed))?.clone();
    Some(Offer { newest, versions })
}

/// A tenant's place in the rollout of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// State of the rollout.
    pub state: RolloutState,
    /// Why it stands still.
    pub reason: Option<String>,
    /// The tenant's batch, from 1, with its state there; `None` when the plan leaves it out.
    pub mine: Option<(usize, MemberState)>,
    /// How many batches there are.
    pub batches: usize,
}

/// What a tenant has and could have.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// Plugins of the tenant.
    pub installed: Vec<Installed>,
    /// Plugins of the catalog.
    pub offers: Vec<Offer>,
    /// Operations under way.
    pub active: Vec<Install>,
    /// Version of this core.
    pub core: Version,
    /// Whether installing is switched on.
    pub switched_on: bool,
}

impl Shelf {
    /// The tenant's own row of a plugin.
    #[must_use]
    pub fn own(&self, plugin: &PluginId) -> Option<&Installed> {
        self.installed.iter().find(|i| i.route.plugin == *plugin)
    }

    /// A plugin of the catalog.
    #[must_use]
    pub fn offer(&self, plugin: &PluginId) -> Option<&Offer> {
        self.offers.iter().find(|o| o.newest.plugin_id == *plugin)
    }

    /// The operation under way on a plugin.
    #[must_use]
    pub fn operation(&self, plugin: &PluginId) -> Option<&Install> {
        self.active.iter().find(|i| i.plugin == *plugin)
    }

    /// The newest version a plugin of the tenant could be brought to.
    #[must_use]
    pub fn update(&self, row: &Installed) -> Option<&ListedVersion> {
        let has = &row.route.committed.as_ref()?.version;
        self.offer(&row.route.plugin)?
            .newest_of(row.channel)
            .filter(|l| l.version > *has)
    }

    /// Everything that stands against a version.
    #[must_use]
    pub fn blockers(&self, listed: &ListedVersion) -> Vec<Blocker> {
        let present: Vec<Present> = self.installed.iter().filter_map(present).collect();
        let mut found = blockers(listed, &self.core, &present);
        if !self.switched_on {
            found.insert(0, Blocker::SwitchedOff);
        }
        found
    }
}

fn present(row: &Installed) -> Option<Present> {
    Some(Present {
        plugin: row.route.plugin.clone(),
        version: row.route.committed.as_ref()?.version.clone(),
    })
}

/// Everything about a version that does not fit a core and the plugins beside it.
#[must_use]
pub fn blockers(listed: &ListedVersion, core: &Version, present: &[Present]) -> Vec<Blocker> {
    let mut found = Vec::new();
    if listed.state != VersionState::Listed {
        found.push(Blocker::NotListed(listed.state));
    }
    if let Some(text) = &listed.corex_version {
        let fits = text.parse::<CoreRange>().is_ok_and(|r| r.contains(core));
        if !fits {
            found.push(Blocker::Core {
                range: text.clone(),
                ours: core.clone(),
            });
        }
    }
    for need in &listed.dependencies {
        match present.iter().find(|p| p.plugin == need.plugin) {
            None => found.push(Blocker::Missing(need.clone())),
            Some(p) if !need.range.contains(&p.version) => {
                found.push(Blocker::WrongVersion(need.clone(), p.version.clone()));
            }
            Some(_) => {}
        }
    }
    found
}

impl Core {
    /// What a tenant has and could have.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn shelf(&self, scope: &TenantScope) -> AppResult<Shelf> {
        let filter = Filter {
            active: true,
            limit: 500,
            ..Filter::default()
        };
        Ok(Shelf {
            installed: installed::list(self.db(), scope, None).await?,
            offers: offers(catalog::list(self.db(), None, None).await?),
            active: installs::list(self.db(), scope, &filter).await?,
            core: self.config().core_version.clone(),
            switched_on: self.config().online_install,
        })
    }

    /// A tenant's place in the rollout of a version; `None` when it has no rollout.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn place_in_rollout(
        &self,
        scope: &TenantScope,
        plugin: &PluginId,
        version: VersionId,
    ) -> AppResult<Option<Place>> {
        let all = rollouts::list(self.db(), Some(plugin), false).await?;
        let Some(rollout) = all.into_iter().find(|r| r.version_id == version) else {
            return Ok(None);
        };
        let view = rollouts::view(self.db(), scope, &rollout).await?;
        Ok(Some(Place {
            mine: view.members.first().map(|m| (m.batch + 1, m.outcome())),
            batches: view.batches.len(),
            state: rollout.state,
            reason: rollout.reason,
        }))
    }

    /// Whether a tenant asked to be told about a plugin.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn is_subscribed(&self, scope: &TenantScope, plugin: &PluginId) -> AppResult<bool> {
        Ok(pages::subscribed(self.db(), scope, plugin).await?)
    }

    /// The install that brought a tenant its committed version, with what was proven then.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn proof_of(
        &self,
        scope: &TenantScope,
        install: Option<InstallId>,
    ) -> AppResult<Option<Install>> {
        match install {
            Some(id) => Ok(installs::get(self.db(), scope, id).await?),
            None => Ok(None),
        }
    }
}
