//! What is listed, as far as one plugin's check needs it.

use std::collections::{BTreeMap, BTreeSet};

use px_api::client::{CallError, Client};
use px_api::market::ListedVersion;
use px_model::{Channel, PluginId, Version, VersionState};
use px_review::{CatalogSnapshot, CatalogVersion, PreviousVersion};
use serde::Deserialize;

use super::{paths, retry};
use crate::failure::Failure;
use crate::session::Session;

/// Plugins asked about at most: a closure of dependencies beyond that is no plugin's need.
const MAX_PLUGINS: usize = 256;

/// Listed versions of a plugin and of everything it needs.
#[derive(Debug, Default)]
pub struct Listed {
    /// For the checks.
    pub catalog: CatalogSnapshot,
    own: Vec<ListedVersion>,
}

/// The part of the Marketplace's limits that a check needs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    supported_cores: Vec<Version>,
}

/// Cores that the Marketplace checks plugins against; none when it does not say.
///
/// # Errors
/// When it cannot be reached.
pub async fn supported_cores(session: &Session, client: &Client) -> Result<Vec<Version>, Failure> {
    let mut said = retry::said(session);
    let answer = retry::call(session, &mut said, || async {
        match client.get::<Limits>(paths::LIMITS).await {
            Err(CallError::Problem(problem)) if problem.status == 404 => Ok(Vec::new()),
            other => other.map(|limits| limits.supported_cores),
        }
    });
    answer.await
}

impl Listed {
    /// Asks the Marketplace.
    ///
    /// # Errors
    /// When it cannot be reached or refuses.
    pub async fn fetch(
        session: &Session,
        client: &Client,
        plugin: &PluginId,
        requires: BTreeSet<PluginId>,
    ) -> Result<Self, Failure> {
        let own = versions(session, client, plugin).await?;
        let mut known = BTreeMap::from([(plugin.clone(), own.iter().map(facts).collect())]);
        let mut open = requires;
        while let Some(next) = open.pop_first() {
            if known.len() >= MAX_PLUGINS || known.contains_key(&next) {
                continue;
            }
            let listed = versions(session, client, &next).await?;
            open.extend(listed.iter().flat_map(|version| {
                version
                    .dependencies
                    .iter()
                    .map(|needed| needed.plugin.clone())
            }));
            known.insert(next, listed.iter().map(facts).collect());
        }
        Ok(Self {
            catalog: CatalogSnapshot {
                names: Vec::new(),
                versions: known,
            },
            own,
        })
    }

    /// What the newest listed version on a channel asked for.
    #[must_use]
    pub fn previous(&self, channel: Channel) -> Option<PreviousVersion> {
        let on_channel = self
            .own
            .iter()
            .filter(|version| version.channel == channel && version.state == VersionState::Listed);
        on_channel
            .max_by(|a, b| a.version.cmp(&b.version))
            .map(|version| PreviousVersion {
                permissions: version.permissions.clone(),
                dependencies: version.dependencies.clone(),
            })
    }
}

async fn versions(
    session: &Session,
    client: &Client,
    plugin: &PluginId,
) -> Result<Vec<ListedVersion>, Failure> {
    let path = paths::versions(plugin);
    let mut said = retry::said(session);
    let answer = retry::call(session, &mut said, || async {
        match client.get(&path).await {
            // Nobody has listed it yet: that is an answer, not a failure.
            Err(CallError::Problem(problem)) if problem.status == 404 => Ok(Vec::new()),
            other => other,
        }
    });
    answer.await
}

fn facts(listed: &ListedVersion) -> CatalogVersion {
    CatalogVersion {
        version: listed.version.clone(),
        channel: listed.channel,
        listed: listed.state == VersionState::Listed,
        digest: listed.artifact.sha256,
        corex_version: listed
            .corex_version
            .as_deref()
            .and_then(|range| range.parse().ok()),
        requires: listed.dependencies.clone(),
        conflicts: Vec::new(),
    }
}
