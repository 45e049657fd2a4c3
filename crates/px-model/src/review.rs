//! States of a version on the Marketplace, from draft to listed and beyond.

use crate::IllegalTransition;
use crate::version::words;

words! {
    /// Where a version is on its way to, and after, its listing.
    VersionState {
        /// Registered; no byte has arrived.
        Draft = "draft",
        /// Bytes are arriving.
        Uploading = "uploading",
        /// The author asked for a review; intake has not started.
        Submitted = "submitted",
        /// Automated checks and the compatibility run are under way.
        Scanning = "scanning",
        /// Waiting for, or held by, a reviewer.
        InReview = "in_review",
        /// A person approved it; the listing transaction follows.
        Approved = "approved",
        /// Offered to tenants.
        Listed = "listed",
        /// The author has the ball; the review clock is paused.
        ChangesRequested = "changes_requested",
        /// A person said no.
        Rejected = "rejected",
        /// A blocking finding; a person may overrule it with a reason.
        Blocked = "blocked",
        /// Taken back by its author.
        Withdrawn = "withdrawn",
        /// Not installable until looked at again.
        Quarantined = "quarantined",
        /// To be removed where it is installed.
        Recalled = "recalled",
    }
}

words! {
    /// A reviewer's decision.
    Decision {
        /// List it.
        Approve = "approve",
        /// Never list it.
        Reject = "reject",
        /// Give it back to the author.
        RequestChanges = "request_changes",
    }
}

impl VersionState {
    /// States that may follow this one.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        use VersionState::{
            Approved, Blocked, ChangesRequested, Draft, InReview, Listed, Quarantined, Recalled,
            Rejected, Scanning, Submitted, Uploading, Withdrawn,
        };
        match self {
            Draft => &[Uploading, Withdrawn],
            Uploading => &[Submitted, Withdrawn],
            Submitted => &[Scanning, Withdrawn],
            Scanning => &[InReview, Blocked, Withdrawn],
            InReview => &[Approved, ChangesRequested, Rejected, Withdrawn],
            Approved => &[Listed],
            Listed => &[Withdrawn, Quarantined, Recalled],
            ChangesRequested => &[Draft, Withdrawn],
            Blocked => &[InReview, Draft, Rejected, Withdrawn],
            Quarantined => &[Listed, Recalled, Withdrawn],
            // A rejected upload never burns the version number: the author may register it again.
            // The same holds for one withdrawn before it was listed (the Marketplace refuses it after).
            Rejected | Withdrawn => &[Draft],
            Recalled => &[],
        }
    }

    /// Checks a transition against the table.
    ///
    /// # Errors
    /// [`IllegalTransition`] when `to` does not follow this state.
    pub fn advance(self, to: Self) -> Result<Self, IllegalTransition> {
        if self.next().contains(&to) {
            Ok(to)
        } else {
            Err(IllegalTransition {
                machine: "version",
                from: self.as_str(),
                to: to.as_str(),
            })
        }
    }

    /// Whether the bundle's bytes may still be replaced by its author.
    #[must_use]
    pub const fn accepts_bytes(self) -> bool {
        matches!(self, Self::Draft | Self::Uploading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_listed_without_approval() {
        for state in VersionState::ALL {
            if state.next().contains(&VersionState::Listed) {
                assert!(matches!(
                    state,
                    VersionState::Approved | VersionState::Quarantined
                ));
            }
            if state.next().contains(&VersionState::Approved) {
                assert_eq!(*state, VersionState::InReview);
            }
        }
        assert!(
            VersionState::Submitted
                .advance(VersionState::Listed)
                .is_err()
        );
    }
}
