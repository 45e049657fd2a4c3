//! What the install machine needs from the outside; the real parts are in `jobs/` and `gateway/`.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use px_api::market::{FeedPage, ListedVersion, OutcomeReport, SubscriptionRequest, TrustDocument};
use px_model::{
    Dependency, Digest, Permission, PluginId, SubscriptionId, TenantId, Version, VersionId,
};
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// Time that never jumps, for leases: elapsed since some fixed moment of this process.
pub trait Monotonic: Send + Sync + 'static {
    /// Elapsed time.
    fn elapsed(&self) -> Duration;
}

/// One version of one plugin for one tenant: what can be run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unit {
    /// For whom.
    pub tenant: TenantId,
    /// Which plugin.
    pub plugin: PluginId,
    /// Which version.
    pub version: Version,
    /// Digest of its bundle.
    pub digest: Digest,
    /// Permissions granted.
    pub granted: Vec<Permission>,
    /// Key of the identity header; never shown.
    pub secret: String,
}

/// What a running instance did so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vitals {
    /// Requests passed to it.
    pub requests: u64,
    /// Requests that ended in a fault or a 5xx answer.
    pub errors: u64,
    /// Traps and memory limits among them.
    pub traps: u64,
    /// How often it died by itself.
    pub crashes: u64,
    /// Whether it can be asked now.
    pub up: bool,
    /// Median latency, microseconds.
    pub p50_us: u64,
    /// Stable word of the last fault.
    pub last_fault: Option<String>,
}

/// Runs plugins.
#[async_trait]
pub trait Runtime: Send + Sync {
    /// Compiles ahead of time, so that no request ever waits for it.
    async fn prepare(&self, plugin: &PluginId, version: &Version) -> Result<(), Fault>;
    /// Starts beside the running version, without traffic: health and declared smoke requests.
    /// Leaves it running and answers with facts worth telling.
    async fn preflight(&self, unit: &Unit) -> Result<String, Fault>;
    /// Runs the declared migrations on the tenant's data; the answer says what ran, `None` when
    /// there is nothing to run. `first` says that the tenant had no version of the plugin before.
    async fn migrate(&self, unit: &Unit, first: bool) -> Result<Option<String>, Fault>;
    /// Starts it when needed and asks for its health.
    async fn probe(&self, unit: &Unit) -> Result<(), Fault>;
    /// What it did so far; `None` when it is not running.
    fn vitals(&self, unit: &Unit) -> Option<Vitals>;
    /// Stops it, letting running requests end.
    async fn stop(&self, unit: &Unit);
}

/// What a bundle must turn out to be.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Plugin.
    pub plugin: PluginId,
    /// Version.
    pub version: Version,
    /// Digest.
    pub digest: Digest,
    /// Bytes, when known.
    pub size: Option<u64>,
    /// The Marketplace's word, when it is a listed version.
    pub listed: Option<ListedVersion>,
}

/// What a verified bundle says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Name for people.
    pub name: String,
    /// `wasm`, `process`, `static` or `remote`.
    pub kind: String,
    /// Permissions it asks for.
    pub permissions: Vec<Permission>,
    /// Plugins it needs.
    pub requires: Vec<Dependency>,
    /// Plugins it cannot live beside.
    pub conflicts: Vec<Dependency>,
    /// Range of cores it runs on.
    pub corex_version: Option<String>,
    /// Whether it has data migrations.
    pub migrates: bool,
    /// Name of the publisher in the signing certificate.
    pub signed_by: String,
}

/// Decides whether bytes may be believed.
#[async_trait]
pub trait Verifier: Send + Sync {
    /// Checks length, digest, publisher's signature and listing of a file, before anything is
    /// unpacked.
    async fn verify(&self, file: &Path, claim: &Claim) -> Result<Facts, Fault>;
    /// Unpacks a verified file under limits into a fresh folder, everything synced to disk.
    async fn unpack(&self, file: &Path, into: &Path) -> Result<(), Fault>;
    /// Checks the Marketplace's signature over a listed version.
    fn listing(&self, listed: &ListedVersion) -> Result<(), Fault>;
    /// Replaces what is trusted.
    fn trust(&self, document: &TrustDocument) -> Result<(), Fault>;
}

/// Bytes as they come.
pub type Chunks = BoxStream<'static, Result<Bytes, Fault>>;

/// A bundle being read from where it lies.
pub struct Opened {
    /// Position of the first byte that will come; 0 when the origin ignores ranges.
    pub offset: u64,
    /// Length of the whole bundle, when the origin says so.
    pub total: Option<u64>,
    /// The bytes.
    pub chunks: Chunks,
}

/// Where bundles come from.
#[async_trait]
pub trait Origin: Send + Sync {
    /// Opens a bundle at `offset`.
    async fn open(&self, source: &str, offset: u64) -> Result<Opened, Fault>;
}

/// The Marketplace, as far as a core talks to it.
#[async_trait]
pub trait Marketplace: Send + Sync {
    /// Events after a position; waits up to `wait` for the first.
    async fn feed(&self, after: i64, wait: Duration) -> Result<FeedPage, Fault>;
    /// One listed version.
    async fn version(&self, id: VersionId) -> Result<ListedVersion, Fault>;
    /// What must be trusted.
    async fn trust(&self) -> Result<TrustDocument, Fault>;
    /// Makes a tenant's subscription what the request says; the same twice has one effect.
    async fn subscribe(&self, request: &SubscriptionRequest) -> Result<SubscriptionId, Fault>;
    /// Ends a subscription.
    async fn unsubscribe(&self, id: SubscriptionId) -> Result<(), Fault>;
    /// Tells what became of a version.
    async fn report(&self, report: &OutcomeReport) -> Result<(), Fault>;
}

/// The data plane's side of a candidate: while the lease lives, it gets traffic.
pub trait Traffic: Send + Sync {
    /// Takes over what the database says about one plugin of one tenant, at once.
    fn routed(&self, route: super::route::Route);
    /// Lets the candidate of `generation` serve for `ttl` from now.
    fn lease(&self, tenant: TenantId, plugin: &PluginId, generation: i64, ttl: Duration);
}
