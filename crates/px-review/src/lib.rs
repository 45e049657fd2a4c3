//! The checks of a plugin and the verdict about it: the same code in `px-plugin check` and in the Marketplace.
//!
//! Nothing here uses the network, a clock or the environment. A review never fails: what goes wrong is an
//! outcome of the check it went wrong in.

mod catalogue;
mod check;
mod context;
mod policy;
mod report;
mod review;
#[cfg(feature = "sandbox")]
mod sandbox;
mod scan;
mod sink;
mod verdict;

pub use catalogue::{CATALOGUE, CheckId, CheckInfo, UnknownCheck};
pub use check::documents::README_TEMPLATE_MARK;
pub use context::{
    Blocklist, CatalogName, CatalogSnapshot, CatalogVersion, CatalogView, Context, PreviousVersion,
    RequestFacts, Trust,
};
pub use policy::{Policy, PolicyError, Rule};
pub use report::{
    Bucket, BucketCount, ByteRange, CheckResult, Engine, Finding, Location, MAX_FINDINGS, NotRun,
    Outcome, Report, Severity, SubjectFacts, SubjectKind,
};
pub use review::{check_bundle, check_dir, check_manifest};
#[cfg(feature = "sandbox")]
pub use sandbox::{RunOptions, compatibility_run, sandbox_engine};
pub use scan::malware::BlockedFiles;
pub use verdict::{Status, Verdict, verdict};
