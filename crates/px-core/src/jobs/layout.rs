//! Where things lie on disk, below the installation's data folder.

use std::path::{Path, PathBuf};

use px_model::{Digest, InstallId, PluginId, TenantId, Version};

/// The folders of one installation. Ids and versions have been parsed, so none can climb out.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Everything below `root`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The data folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A bundle that arrived whole.
    #[must_use]
    pub fn bundle(&self, digest: &Digest) -> PathBuf {
        self.root.join("bundles").join(format!("{digest}.pxp"))
    }

    /// A bundle that is arriving.
    #[must_use]
    pub fn part(&self, digest: &Digest) -> PathBuf {
        self.root.join("bundles").join(format!("{digest}.part"))
    }

    /// All unpacked versions of a plugin.
    #[must_use]
    pub fn plugin(&self, plugin: &PluginId) -> PathBuf {
        self.root.join("installed").join(plugin.as_str())
    }

    /// An unpacked version.
    #[must_use]
    pub fn version(&self, plugin: &PluginId, version: &Version) -> PathBuf {
        self.plugin(plugin).join(version.to_string())
    }

    /// The digest of what was unpacked; written last, so it stands for completeness.
    #[must_use]
    pub fn marker(&self, plugin: &PluginId, version: &Version) -> PathBuf {
        self.plugin(plugin).join(format!("{version}.sha256"))
    }

    /// Compiled forms.
    #[must_use]
    pub fn compiled(&self) -> PathBuf {
        self.root.join("compiled")
    }

    /// What one plugin keeps for one tenant.
    #[must_use]
    pub fn data(&self, tenant: TenantId, plugin: &PluginId) -> PathBuf {
        self.tenant(tenant, plugin).join("data")
    }

    /// The same, as it was before an install.
    #[must_use]
    pub fn snapshot(&self, tenant: TenantId, plugin: &PluginId, install: InstallId) -> PathBuf {
        self.tenant(tenant, plugin)
            .join("snapshots")
            .join(install.to_string())
    }

    fn tenant(&self, tenant: TenantId, plugin: &PluginId) -> PathBuf {
        self.root
            .join("tenants")
            .join(tenant.to_string())
            .join(plugin.as_str())
    }
}
