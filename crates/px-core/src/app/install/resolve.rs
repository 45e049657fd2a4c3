//! Whether a version may be installed for a tenant at all.

use px_api::Code;
use px_model::{CoreRange, Dependency, Permission, PluginId, Risk, Version};

use crate::app::fault::Fault;

/// A plugin the tenant has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Plugin.
    pub plugin: PluginId,
    /// Version that serves.
    pub version: Version,
}

/// What a version demands.
#[derive(Debug, Clone, Copy)]
pub struct Demands<'a> {
    /// Plugins it needs.
    pub requires: &'a [Dependency],
    /// Plugins it cannot live beside.
    pub conflicts: &'a [Dependency],
    /// Range of cores it runs on.
    pub corex_version: Option<&'a str>,
    /// Permissions it asks for.
    pub permissions: &'a [Permission],
}

/// The solution that is stored: which installed versions satisfy which needs.
pub type Solution = Vec<(Dependency, Version)>;

/// Checks the core's version, dependencies, conflicts and granted permissions.
///
/// # Errors
/// The first demand that is not met, in words for the tenant.
pub fn resolve(
    demands: Demands<'_>,
    core: &Version,
    present: &[Present],
    granted: &[Permission],
) -> Result<Solution, Fault> {
    core_fits(demands.corex_version, core)?;
    let mut solution = Solution::new();
    for need in demands.requires {
        let found = present.iter().find(|p| p.plugin == need.plugin);
        match found {
            Some(p) if need.range.contains(&p.version) => {
                solution.push((need.clone(), p.version.clone()));
            }
            Some(p) => {
                let text = format!("It needs {need}; {} is installed.", p.version);
                return Err(Fault::tenant(Code::DependencyMissing, "dependency", text));
            }
            None => {
                let text = format!("It needs {need}, which is not installed.");
                return Err(Fault::tenant(Code::DependencyMissing, "dependency", text));
            }
        }
    }
    no_conflict(demands.conflicts, present)?;
    acknowledged(demands.permissions, granted)?;
    Ok(solution)
}

fn core_fits(range: Option<&str>, core: &Version) -> Result<(), Fault> {
    let Some(text) = range else { return Ok(()) };
    let range: CoreRange = text.parse().map_err(|e| {
        Fault::plugin(
            Code::CoreIncompatible,
            "corex_version",
            format!("`corex_version` cannot be read: {e}"),
        )
    })?;
    if range.contains(core) {
        return Ok(());
    }
    let text = format!("It runs on cores {range}; this one is {core}.");
    Err(Fault::tenant(Code::CoreIncompatible, "corex_version", text))
}

fn no_conflict(conflicts: &[Dependency], present: &[Present]) -> Result<(), Fault> {
    let clash = conflicts.iter().find_map(|c| {
        present
            .iter()
            .find(|p| p.plugin == c.plugin && c.range.contains(&p.version))
    });
    match clash {
        None => Ok(()),
        Some(p) => {
            let text = format!("It cannot be installed beside {} {}.", p.plugin, p.version);
            Err(Fault::tenant(Code::DependencyConflict, "conflict", text))
        }
    }
}

/// Permissions asked for that are not granted.
#[must_use]
pub fn missing(asked: &[Permission], granted: &[Permission]) -> Vec<Permission> {
    let mut out: Vec<_> = asked
        .iter()
        .filter(|p| !granted.contains(p))
        .cloned()
        .collect();
    out.dedup();
    out
}

/// Checks that every permission asked for is granted.
///
/// # Errors
/// `PX-0407` naming the ones that are not.
pub fn acknowledged(asked: &[Permission], granted: &[Permission]) -> Result<(), Fault> {
    let missing = missing(asked, granted);
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(ToString::to_string).collect();
    let text = format!("Nobody has granted {}.", names.join(", "));
    Err(Fault::tenant(
        Code::PermissionsNotAcknowledged,
        "permissions",
        text,
    ))
}

/// The risk of a set of permissions: that of the riskiest.
#[must_use]
pub fn risk(permissions: &[Permission]) -> Risk {
    permissions
        .iter()
        .map(Permission::risk)
        .max()
        .unwrap_or(Risk::Low)
}
