//! Settings of the Marketplace.

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use px_model::{Channel, UpgradePolicy, Version};
use serde::Deserialize;
use url::Url;

/// Everything that can be set; `px-server` fills it from its file and the environment.
#[derive(Debug, Clone)]
pub struct MarketConfig {
    /// Folder for uploads under way, keys and scratch files.
    pub data_dir: PathBuf,
    /// Address under which the Marketplace is reached; links in messages are made from it.
    pub public_url: Url,
    /// `PX_MARKET_PUBLISH_ENABLED` and `MKP_PUBLISH_ONLINE`: whether new versions are taken.
    pub publish_enabled: bool,
    /// `MKP_AUTOMATED_REVIEW`: off means that every version waits for a person who overrules.
    pub automated_review: bool,
    /// `MKP_REVIEW_SLA_HOURS`: time in which a review is promised.
    pub review_sla: SignedDuration,
    /// How many different reviewers must approve a version of high risk.
    pub high_risk_approvers: u32,
    /// How long a claim on a review holds without being renewed.
    pub claim_lease: SignedDuration,
    /// How long an unfinished upload is kept.
    pub upload_ttl: SignedDuration,
    /// How long an upload may be silent before the connection is given up (what arrived is kept).
    pub upload_idle: Duration,
    /// Largest bundle, bytes.
    pub max_bundle_bytes: u64,
    /// Longest release notes, bytes.
    pub max_notes_bytes: usize,
    /// Versions a publisher may have under way at once.
    pub max_open_versions: u32,
    /// `MKP_SECURITY_BLOCKLIST`: permissions and plugins that are never listed; `*` at the end
    /// stands for anything.
    pub security_blocklist: Vec<String>,
    /// `MKP_AUTO_UPGRADE_RULES`: the most a tenant's subscription may ask for.
    pub auto_upgrade_rules: Vec<AutoUpgradeRule>,
    /// `MKP_NOTIFICATION_TEMPLATES`: a folder with `{language}/{message}.txt` in place of the
    /// built-in texts.
    pub notification_templates: Option<PathBuf>,
    /// Core versions that new plugins are checked against and run on.
    pub supported_cores: Vec<Version>,
    /// How long a publisher's certificate is valid.
    pub certificate_lifetime: SignedDuration,
    /// How long a follower of the feed may wait for news in one request.
    pub max_feed_wait: Duration,
    /// How long to wait before a review whose engine failed is tried again.
    pub engine_retry: Duration,
    /// How long after a listing the publisher is told who has not been reached yet.
    pub notify_deadline: SignedDuration,
    /// How long an address holds that a download is sent on to, where bundles lie in a store that
    /// signs addresses; `None`: the Marketplace sends the bytes itself.
    pub signed_downloads: Option<Duration>,
}

/// One line of `MKP_AUTO_UPGRADE_RULES`: the first that fits a subscription limits its policy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoUpgradeRule {
    /// Only this tenant (as its installation names it); every tenant when absent.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Only this channel; every channel when absent.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// The most that is allowed.
    pub policy: UpgradePolicy,
}

impl MarketConfig {
    /// The defaults, with files under `data_dir` and the address people use.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>, public_url: Url) -> Self {
        Self {
            data_dir: data_dir.into(),
            public_url,
            publish_enabled: true,
            automated_review: true,
            review_sla: SignedDuration::from_hours(4),
            high_risk_approvers: 2,
            claim_lease: SignedDuration::from_mins(30),
            upload_ttl: SignedDuration::from_hours(24),
            upload_idle: Duration::from_secs(30),
            max_bundle_bytes: 2 << 30,
            max_notes_bytes: 64 << 10,
            max_open_versions: 50,
            security_blocklist: Vec::new(),
            auto_upgrade_rules: Vec::new(),
            notification_templates: None,
            supported_cores: Vec::new(),
            certificate_lifetime: SignedDuration::from_hours(24 * 365),
            max_feed_wait: Duration::from_secs(30),
            engine_retry: Duration::from_secs(60),
            notify_deadline: SignedDuration::from_mins(30),
            signed_downloads: None,
        }
    }

    /// Whether a permission or plugin is on the blocklist.
    #[must_use]
    pub fn is_blocklisted(&self, text: &str) -> bool {
        self.security_blocklist
            .iter()
            .any(|entry| match entry.strip_suffix('*') {
                Some(start) => text.starts_with(start),
                None => text == entry,
            })
    }

    /// The policy a subscription gets: what it asks for, limited by the first rule that fits.
    #[must_use]
    pub fn limited_policy(
        &self,
        tenant: &str,
        channel: Channel,
        asked: UpgradePolicy,
    ) -> UpgradePolicy {
        self.auto_upgrade_rules
            .iter()
            .find(|rule| {
                rule.tenant.as_deref().is_none_or(|t| t == tenant)
                    && rule.channel.is_none_or(|c| c == channel)
            })
            .map_or(asked, |rule| asked.min(rule.policy))
    }
}
