//! Names, typed identifiers, versions, states and permissions shared by every program.
//!
//! Nothing here performs I/O, reads a clock or is asynchronous: a value of one of these types has
//! already been validated, so the rest of the code never validates it again.

mod digest;
mod event;
mod ids;
mod install;
mod name;
mod permission;
mod review;
mod role;
mod version;
#[cfg(test)]
mod walks;

pub use digest::{Digest, DigestError};
pub use event::{Event, event_type};
pub use ids::{
    AccountId, AlertId, AuditId, EndpointId, EventId, IdError, InboxId, InstallId, InstallationId,
    JobId, KeyId, NoticeId, PublishId, PublisherId, ReviewId, RolloutId, SessionId, SubscriptionId,
    TenantId, TokenId, UploadId, VersionId,
};
pub use install::{InstallState, MAX_TRANSITIONS};
pub use name::{NameError, PluginId};
pub use permission::{Permission, PermissionError, Risk};
pub use review::{Decision, VersionState};
pub use role::{Role, Scope};
pub use version::{Channel, CoreRange, Dependency, UpgradePolicy, Version, VersionError};

/// A state machine was asked for a transition that its table does not contain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {machine} cannot go from {from} to {to}")]
pub struct IllegalTransition {
    /// Which machine: `version` or `install`.
    pub machine: &'static str,
    /// State it is in.
    pub from: &'static str,
    /// State that was asked for.
    pub to: &'static str,
}
