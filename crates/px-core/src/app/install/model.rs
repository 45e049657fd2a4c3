//! An install as the database keeps it.

use jiff::Timestamp;
use px_api::Problem;
use px_api::market::ListedVersion;
use px_model::{
    Digest, InstallId, InstallState, Permission, PluginId, RolloutId, TenantId, Version, VersionId,
};
use px_store::Actor;

use crate::app::fault::Blame;
use crate::app::ports::{Claim, Facts, Unit};
use crate::app::route::Release;

/// What started an install.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A person chose a listed version.
    Person,
    /// The tenant's upgrade policy did.
    Policy,
    /// A person gave a URL.
    Url,
}

impl Trigger {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Policy => "policy",
            Self::Url => "url",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "policy" => Self::Policy,
            "url" => Self::Url,
            _ => Self::Person,
        }
    }
}

/// What a person asked of a running install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Stop before anything is put in place.
    Cancel,
    /// Take the candidate back; with the reason.
    RollBack(String),
}

impl Ask {
    /// Why a candidate that serves already is taken back.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Cancel => "It was cancelled while it was being put in place.",
            Self::RollBack(reason) => reason,
        }
    }
}

/// One install, upgrade or rollback.
#[derive(Debug, Clone)]
pub struct Install {
    /// Its id, the `installJobId`.
    pub id: InstallId,
    /// For whom.
    pub tenant: TenantId,
    /// Plugin.
    pub plugin: PluginId,
    /// Plugin's name for people.
    pub name: String,
    /// Version being installed.
    pub version: Version,
    /// The Marketplace's id, when it is a listed version.
    pub version_id: Option<VersionId>,
    /// Digest of the bundle.
    pub digest: Digest,
    /// Bytes of the bundle; 0 when not known.
    pub size: u64,
    /// Address of the bundle.
    pub source: String,
    /// What started it.
    pub trigger: Trigger,
    /// Rollout it belongs to.
    pub rollout: Option<RolloutId>,
    /// The Marketplace's word, as it was when asked for.
    pub listed: Option<ListedVersion>,
    /// Permissions the tenant grants.
    pub granted: Vec<Permission>,
    /// Key of the plugin's identity header.
    pub secret: String,
    /// Who asked.
    pub actor: Actor,
    /// Release that served before, kept to go back to.
    pub previous: Option<Release>,
    /// What the verified bundle says about itself.
    pub facts: Option<Facts>,
    /// State.
    pub state: InstallState,
    /// Since when.
    pub since: Timestamp,
    /// When to look at it again.
    pub due: Timestamp,
    /// Failed tries in this state.
    pub attempts: u32,
    /// Transitions so far.
    pub transitions: u32,
    /// Fencing token: every write names it.
    pub generation: i64,
    /// What a person asked.
    pub ask: Option<Ask>,
    /// Not before this time.
    pub not_before: Option<Timestamp>,
    /// When a candidate that was not confirmed is taken back.
    pub confirm_by: Option<Timestamp>,
    /// Whether migrations began on the tenant's data.
    pub migrated: bool,
    /// Whether it was committed once: data written since belongs to the tenant.
    pub was_committed: bool,
    /// Why it ended badly.
    pub problem: Option<Problem>,
    /// Stable word for the same reason.
    pub cause: Option<String>,
    /// Who has to mend it.
    pub blame: Option<Blame>,
    /// When going back was decided.
    pub rollback_at: Option<Timestamp>,
    /// How long going back took, microseconds.
    pub rollback_micros: Option<i64>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

impl Install {
    /// The release it brings.
    #[must_use]
    pub fn release(&self) -> Release {
        Release {
            version: self.version.clone(),
            version_id: self.version_id,
            digest: self.digest,
            granted: self.granted.clone(),
        }
    }

    /// What the bundle must turn out to be.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim {
            plugin: self.plugin.clone(),
            version: self.version.clone(),
            digest: self.digest,
            size: (self.size > 0).then_some(self.size),
            listed: self.listed.clone(),
        }
    }

    /// What is to be run.
    #[must_use]
    pub fn unit(&self) -> Unit {
        Unit {
            tenant: self.tenant,
            plugin: self.plugin.clone(),
            version: self.version.clone(),
            digest: self.digest,
            granted: self.granted.clone(),
            secret: self.secret.clone(),
        }
    }

    /// What ran before, when there was something.
    #[must_use]
    pub fn previous_unit(&self) -> Option<Unit> {
        let previous = self.previous.as_ref()?;
        Some(Unit {
            tenant: self.tenant,
            plugin: self.plugin.clone(),
            version: previous.version.clone(),
            digest: previous.digest,
            granted: previous.granted.clone(),
            secret: self.secret.clone(),
        })
    }
}
