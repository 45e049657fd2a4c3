//! Settings of a core.

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use px_api::market::TrustDocument;
use px_model::{Role, Version};
use url::Url;

use crate::app::install::Limits;
use crate::app::install::probation::Bounds;
use crate::jobs::fetch::FetchLimits;
use crate::jobs::origin::OriginSettings;

/// What the console offers, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleConfig {
    /// `PX_MARKETPLACE_UI`: whether tenants see the marketplace's pages.
    pub marketplace: bool,
    /// `PX_MARKETPLACE_UI_ALLOWED_ROLES`: who sees them when they are there.
    pub marketplace_roles: Vec<Role>,
    /// `PX_AUTO_UPGRADE_UI`: whether tenants choose how updates come.
    pub policies: bool,
    /// `PX_MARKETPLACE_UI_METRICS_REFRESH_MS`: how often open pages look for what is new.
    pub refresh: Duration,
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        Self {
            marketplace: true,
            marketplace_roles: vec![Role::TenantAdmin, Role::TenantViewer, Role::PlatformOps],
            policies: true,
            refresh: Duration::from_secs(5),
        }
    }
}

impl ConsoleConfig {
    /// Whether somebody of these roles sees the marketplace's pages. Hiding them from tenants does
    /// not hide them from whoever runs the installation.
    #[must_use]
    pub fn shows_marketplace(&self, has: impl Fn(Role) -> bool) -> bool {
        let allowed = self.marketplace_roles.iter().any(|role| has(*role));
        allowed && (self.marketplace || has(Role::PlatformOps))
    }
}

/// Settings of a core. Start from [`CoreConfig::new`] and change what differs.
#[derive(Debug, Clone)]
pub struct CoreConfig {
    /// Name of this installation in events: `/powerx/{installation}`.
    pub installation: String,
    /// Folder for bundles, unpacked versions, compiled forms and plugin data.
    pub data_dir: PathBuf,
    /// This core's version, for `corex_version`.
    pub core_version: Version,
    /// Address of the Marketplace.
    pub marketplace: Url,
    /// Token for the Marketplace (scopes `feed.read`, `installation.report`).
    pub token: Option<String>,
    /// What is trusted from the start; without it the Marketplace's first word is pinned.
    pub trust: Option<TrustDocument>,
    /// `PX_ONLINE_INSTALL`.
    pub online_install: bool,
    /// `PX_ONLINE_AUTO_UPGRADE`.
    pub auto_upgrade: bool,
    /// `PX_ONLINE_ALLOWED_HOSTS`.
    pub allowed_hosts: Vec<String>,
    /// Whether bundles may come from private, loopback and link-local addresses.
    pub allow_private_addresses: bool,
    /// Tries and grace of the install machine.
    pub limits: Limits,
    /// Bounds of a probation; its length is the setting people change.
    pub probation: Bounds,
    /// Time between two probes of a candidate.
    pub probe_every: Duration,
    /// Bounds of downloads.
    pub fetch: FetchLimits,
    /// How long the previous version is kept after a commit.
    pub pin: SignedDuration,
    /// Instances that nobody asked for this long are stopped.
    pub idle: Duration,
    /// Installs driven at once by this process.
    pub parallel_installs: usize,
    /// How long a job is held at most without a sign of life from the process that does it.
    pub job_lease: Duration,
    /// Silence of the Marketplace after which operators are told.
    pub stale_after: Duration,
    /// Longest wait of one question for news.
    pub feed_wait: Duration,
    /// What the console offers, and to whom.
    pub console: ConsoleConfig,
}

impl CoreConfig {
    /// The defaults for a data folder and a Marketplace.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>, core_version: Version, marketplace: Url) -> Self {
        Self {
            installation: "local".to_owned(),
            data_dir: data_dir.into(),
            core_version,
            marketplace,
            token: None,
            trust: None,
            online_install: true,
            auto_upgrade: true,
            allowed_hosts: Vec::new(),
            allow_private_addresses: false,
            limits: Limits::default(),
            probation: Bounds::default(),
            probe_every: Duration::from_secs(5),
            fetch: FetchLimits::default(),
            pin: SignedDuration::from_hours(24),
            idle: Duration::from_secs(600),
            parallel_installs: 64,
            job_lease: Duration::from_secs(30),
            stale_after: Duration::from_secs(300),
            feed_wait: Duration::from_secs(20),
            console: ConsoleConfig::default(),
        }
    }

    /// Who says so in events.
    #[must_use]
    pub fn source(&self) -> String {
        format!("/powerx/{}", self.installation)
    }

    /// Where downloads may come from.
    #[must_use]
    pub fn origin(&self) -> OriginSettings {
        OriginSettings {
            marketplace: self.marketplace.clone(),
            token: self.token.clone(),
            allowed_hosts: self.allowed_hosts.clone(),
            allow_private_addresses: self.allow_private_addresses,
        }
    }
}
