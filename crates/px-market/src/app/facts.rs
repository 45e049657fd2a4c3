//! What a bundle says about itself, as far as the Marketplace keeps it.

use px_model::{Dependency, Permission, Risk};
use serde::{Deserialize, Serialize};

/// Facts read from a bundle whose manifest is valid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleFacts {
    /// Plugin's name for people.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Category, when given.
    pub category: Option<String>,
    /// `wasm`, `process`, `static` or `remote`.
    pub kind: String,
    /// Cores it runs on.
    pub corex_version: Option<String>,
    /// Permissions it asks for.
    pub permissions: Vec<Permission>,
    /// Plugins it needs.
    pub dependencies: Vec<Dependency>,
    /// Plugins it cannot stand beside.
    #[serde(default)]
    pub conflicts: Vec<Dependency>,
    /// Risk, from permissions and kind.
    pub risk: Risk,
    /// README, Markdown.
    pub readme: Option<String>,
}

/// Risk of a version: its riskiest permission; native code is always high, other code at least
/// medium when it may reach outside its own data.
#[must_use]
pub fn risk_of(permissions: &[Permission], kind: Option<&str>) -> Risk {
    let asked = permissions
        .iter()
        .map(Permission::risk)
        .max()
        .unwrap_or(Risk::Low);
    match kind {
        Some("process") => Risk::High,
        Some("remote") => asked.max(Risk::Medium),
        _ => asked,
    }
}
