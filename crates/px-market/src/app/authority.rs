//! Who is asking, as typed arguments: a use case that takes one cannot be called without it.

use px_model::{InstallationId, PublisherId};
use px_store::Actor;

/// Somebody acting for a publisher.
#[derive(Debug, Clone)]
pub struct PublisherAuth {
    /// The publisher whose plugins may be touched.
    pub publisher: PublisherId,
    /// For the audit log.
    pub actor: Actor,
}

/// A reviewer.
#[derive(Debug, Clone)]
pub struct ReviewerAuth {
    /// Account's id; claims and approvals are bound to it.
    pub account: String,
    /// Publishers the account belongs to: nobody reviews their own.
    pub publishers: Vec<PublisherId>,
    /// For the audit log.
    pub actor: Actor,
}

/// Somebody who runs the Marketplace.
#[derive(Debug, Clone)]
pub struct OperatorAuth {
    /// For the audit log.
    pub actor: Actor,
}

/// A PowerX installation.
#[derive(Debug, Clone)]
pub struct InstallationAuth {
    /// The installation; subscriptions and outcomes are scoped to it.
    pub installation: InstallationId,
    /// For the audit log.
    pub actor: Actor,
}

/// Who may look at one version that is not listed yet.
#[derive(Debug, Clone)]
pub enum ViewerAuth {
    /// Its publisher.
    Publisher(PublisherAuth),
    /// Somebody who belongs to these publishers.
    Member(Vec<PublisherId>),
    /// A reviewer.
    Reviewer(ReviewerAuth),
    /// An operator.
    Operator(OperatorAuth),
}

impl ViewerAuth {
    /// Whether versions of `publisher` may be seen.
    #[must_use]
    pub fn may_see(&self, publisher: PublisherId) -> bool {
        match self {
            Self::Publisher(auth) => auth.publisher == publisher,
            Self::Member(publishers) => publishers.contains(&publisher),
            Self::Reviewer(_) | Self::Operator(_) => true,
        }
    }
}
