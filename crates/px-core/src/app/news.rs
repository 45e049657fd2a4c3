//! Who is told of a newly listed version, and who gets it by policy. Pure.

use px_api::market::ListedVersion;
use px_model::{Channel, Permission, PluginId, TenantId, UpgradePolicy};
use px_notify::Text2;
use px_package::manifest::PublishPlan;

use super::install::resolve::missing;
use super::rollout::Candidate;
use super::route::Release;

/// What a tenant has to do with a plugin.
#[derive(Debug, Clone)]
pub struct Holding {
    /// Tenant.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// Whether it takes every release first.
    pub internal: bool,
    /// The version that serves, with policy and channel, when it is installed.
    pub installed: Option<(Release, UpgradePolicy, Channel)>,
    /// Channel it asked to be told about.
    pub subscribed: Option<Channel>,
}

/// What a listed version means to a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing: another channel, not newer, or the tenant wants no news.
    Nothing,
    /// A message; a person decides.
    News,
    /// A message, and a person has to decide because it asks for more than was granted.
    AsksMore(Vec<Permission>),
    /// A message, and it comes with the tenant's batch.
    Automatic,
}

/// Reads the publisher's plan that came with a listing; one that cannot be read is none.
#[must_use]
pub fn plan_of(listed: &ListedVersion) -> Option<PublishPlan> {
    let plan = listed.rollout.clone().filter(|v| !v.is_null())?;
    serde_json::from_value(plan).ok()
}

/// What `listed` means to a tenant.
#[must_use]
pub fn meaning(
    listed: &ListedVersion,
    plan: Option<&PublishPlan>,
    holding: &Holding,
    auto_allowed: bool,
) -> Meaning {
    let follows = |channel: Channel| channel == Channel::Beta || listed.channel == channel;
    let Some((release, policy, channel)) = &holding.installed else {
        let wants = holding.subscribed.is_some_and(follows);
        return if wants {
            Meaning::News
        } else {
            Meaning::Nothing
        };
    };
    let newer = listed.version > release.version;
    if !newer || *policy == UpgradePolicy::Off || !follows(*channel) {
        return Meaning::Nothing;
    }
    let planned = plan.is_none_or(|p| {
        let id = holding.tenant.to_string();
        p.auto_upgrade && p.tenant_filters.admits(&id) && p.tenant_filters.admits(&holding.name)
    });
    if *policy != UpgradePolicy::Auto || !auto_allowed || !planned {
        return Meaning::News;
    }
    let more = missing(&listed.permissions, &release.granted);
    if more.is_empty() {
        Meaning::Automatic
    } else {
        Meaning::AsksMore(more)
    }
}

impl Holding {
    /// The tenant as a candidate of a rollout.
    #[must_use]
    pub fn candidate(&self) -> Candidate {
        Candidate {
            tenant: self.tenant,
            name: self.name.clone(),
            internal: self.internal,
        }
    }
}

/// What the inbox says.
#[must_use]
pub fn words(meaning: &Meaning, plugin: &PluginId) -> Text2 {
    match meaning {
        Meaning::Automatic => Text2::new(
            "It will be installed with your batch of the rollout; you need do nothing.",
            "新版本将随您所在的批次自动安装，无需操作。",
        ),
        Meaning::AsksMore(more) => {
            let names: Vec<_> = more.iter().map(ToString::to_string).collect();
            let names = names.join(", ");
            Text2::new(
                format!(
                    "It asks for more permissions ({names}), so somebody has to look at them and start the upgrade."
                ),
                format!("新版本需要更多权限（{names}），请人工确认后再升级。"),
            )
        }
        Meaning::News | Meaning::Nothing => Text2::new(
            format!("You can install `{plugin}` from the marketplace page whenever it suits you."),
            format!("您可以随时在市场页面安装 `{plugin}`。"),
        ),
    }
}
