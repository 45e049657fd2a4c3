//! Why a folder could not be packed.

use crate::archive::ArchiveFault;
use crate::issue::Issue;
use std::io;
use std::path::PathBuf;

/// Why a folder could not be packed. Nothing is left of the output.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The folder has no manifest.
    #[error("`{0}` has no plugin.yaml; name the plugin's folder, or make one with px-plugin init")]
    NoManifest(PathBuf),
    /// The manifest is not usable; every issue is named, warnings too.
    #[error("plugin.yaml is not valid: {}", first(.0))]
    Manifest(Vec<Issue>),
    /// A symbolic link, device or the like.
    #[error("`{path}` is {kind}; replace it by a plain file or exclude it in .pxpignore")]
    Special {
        /// Path in the plugin's folder.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// Names or sizes that a bundle cannot have.
    #[error("{}", first_fault(.0))]
    Faults(Vec<ArchiveFault>),
    /// A name that is not Unicode.
    #[error("the name of `{0}` is not Unicode; rename the file")]
    Name(PathBuf),
    /// The author's own bill of materials is not one.
    #[error(
        "sbom.cdx.json is not a CycloneDX document: {0}; mend it, or remove it to have one made"
    )]
    Sbom(String),
    /// The machine is to blame.
    #[error("`{path}`: {source}")]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

fn first(issues: &[Issue]) -> String {
    let worst = issues.iter().min_by_key(|issue| issue.severity);
    worst.map_or_else(String::new, ToString::to_string)
}

fn first_fault(faults: &[ArchiveFault]) -> String {
    faults.first().map_or_else(String::new, ToString::to_string)
}

impl PackError {
    /// A stable short name, for logs and error catalogues.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoManifest(_) => "manifest_missing",
            Self::Manifest(_) => "manifest_invalid",
            Self::Special { .. } => "special_file",
            Self::Faults(_) => "bundle_unacceptable",
            Self::Name(_) => "name_not_unicode",
            Self::Sbom(_) => "sbom_invalid",
            Self::Io { .. } => "file_unusable",
        }
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
