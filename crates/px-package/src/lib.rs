//! What a `.pxp` is and why we believe it: bytes in, facts out.
//!
//! A bundle is a ZIP whose every byte is determined by what is in it: [`pack`] makes one from a folder,
//! [`signature`] signs and verifies it, [`archive`] reads any ZIP strictly enough that no second parser
//! can see something else, [`manifest`] turns `plugin.yaml` and `publish.yml` into checked values with
//! positions, [`listing`] carries the Marketplace's approval, and [`inspect`] tells everything about a
//! bundle without trusting it.
//!
//! Blocking `std` I/O only. Nothing here reads a clock, draws random numbers or looks at the
//! environment: callers pass times and generators in.

pub mod archive;
mod canonical;
mod digest;
pub mod inspect;
mod issue;
pub mod listing;
pub mod manifest;
pub mod pack;
pub mod signature;

pub use canonical::canonical_json;
pub use digest::{HashingReader, sha256, sha256_reader};
pub use issue::{Issue, Severity};

/// Names with a meaning at the root of a bundle.
pub mod names {
    /// The manifest as its author wrote it.
    pub const PLUGIN_YAML: &str = "plugin.yaml";
    /// The manifest with its catalogs merged in, as canonical JSON.
    pub const MANIFEST_JSON: &str = "manifest.json";
    /// SHA-256 of every other file but the signature.
    pub const INTEGRITY: &str = "integrity.txt";
    /// The publisher's signature: always the last entry.
    pub const SIGNATURE: &str = "manifest.signature";
    /// What the plugin is made of, CycloneDX 1.6.
    pub const SBOM: &str = "sbom.cdx.json";
    /// What changed, by version.
    pub const CHANGELOG: &str = "CHANGELOG.md";
    /// The publish plan next to `plugin.yaml`; never part of the bundle.
    pub const PUBLISH_YML: &str = "publish.yml";
}
