//! Which version of a plugin serves a tenant right now. Pure: the gateway asks, the database tells.

use std::sync::Arc;
use std::time::Duration;

use px_model::{Digest, Permission, PluginId, TenantId, Version, VersionId};
use serde::{Deserialize, Serialize};

use super::ports::Unit;

/// How long a candidate may serve after the installer's last sign of life.
pub const LEASE: Duration = Duration::from_secs(15);

/// A version that can be served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Version.
    pub version: Version,
    /// The Marketplace's id, when it is a listed version.
    pub version_id: Option<VersionId>,
    /// Digest of its bundle.
    pub digest: Digest,
    /// Permissions the tenant granted to it.
    #[serde(default)]
    pub granted: Vec<Permission>,
}

/// What the database says about one plugin of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Tenant.
    pub tenant: TenantId,
    /// Plugin.
    pub plugin: PluginId,
    /// Name for people.
    pub name: String,
    /// The version that is permanent.
    pub committed: Option<Release>,
    /// The version on probation.
    pub candidate: Option<Release>,
    /// The version kept to go back to.
    pub previous: Option<Release>,
    /// Key of the identity header.
    pub secret: String,
    /// Whether requests are answered with a maintenance notice: no version can serve.
    pub held: bool,
    /// Counts the installer's signs of life for the candidate.
    pub beat: i64,
    /// Counts changes of committed and candidate.
    pub generation: i64,
}

impl Route {
    /// The unit that runs a release of this plugin for this tenant.
    #[must_use]
    pub fn unit(&self, release: &Release) -> Unit {
        Unit {
            tenant: self.tenant,
            plugin: self.plugin.clone(),
            version: release.version.clone(),
            digest: release.digest,
            granted: release.granted.clone(),
            secret: self.secret.clone(),
        }
    }
}

/// A route as one process knows it, with what it saw of the candidate's lease.
#[derive(Debug, Clone)]
pub struct Live {
    /// What the database says.
    pub route: Route,
    /// Until when the candidate may serve, on this process's monotonic clock.
    pub until: Option<Duration>,
    committed: Option<Arc<Unit>>,
    candidate: Option<Arc<Unit>>,
}

impl Live {
    /// A route seen for the first time. A beat counter of unknown age is no sign of life.
    #[must_use]
    pub fn new(route: Route) -> Self {
        let unit = |release: &Option<Release>| release.as_ref().map(|r| Arc::new(route.unit(r)));
        Self {
            committed: unit(&route.committed),
            candidate: unit(&route.candidate),
            route,
            until: None,
        }
    }

    /// Takes over a newer row. A beat that moved on means that the installer lives.
    pub fn update(&mut self, route: Route, now: Duration) {
        if route.generation < self.route.generation {
            return;
        }
        let same = route.generation == self.route.generation;
        if !same {
            self.until = None;
        }
        if same && route.beat > self.route.beat && route.candidate.is_some() {
            self.until = Some(now + LEASE);
        }
        let until = self.until;
        *self = Self {
            until,
            ..Self::new(route)
        };
    }

    /// Lets the candidate of `generation` serve until `now + ttl`.
    pub fn lease(&mut self, generation: i64, now: Duration, ttl: Duration) {
        if self.route.generation == generation && self.route.candidate.is_some() {
            self.until = Some(now + ttl);
        }
    }

    /// The release that serves: the committed one, unless a candidate holds a live lease.
    #[must_use]
    pub fn serves(&self, now: Duration) -> Option<&Release> {
        if self.tries_candidate(now) {
            self.route.candidate.as_ref()
        } else {
            self.route.committed.as_ref()
        }
    }

    /// The unit of the release that serves.
    #[must_use]
    pub fn serving(&self, now: Duration) -> Option<&Arc<Unit>> {
        if self.tries_candidate(now) {
            self.candidate.as_ref()
        } else {
            self.committed.as_ref()
        }
    }

    fn tries_candidate(&self, now: Duration) -> bool {
        self.route.candidate.is_some() && self.until.is_some_and(|until| now < until)
    }
}
