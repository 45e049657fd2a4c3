//! What two versions differ in by permission.

use px_model::Permission;

/// Permissions of `now` that `before` did not have.
pub(super) fn added(before: &[Permission], now: &[Permission]) -> Vec<Permission> {
    now.iter()
        .filter(|p| !before.contains(p))
        .cloned()
        .collect()
}
