//! Requests and answers of the Marketplace.

mod relations;

use jiff::Timestamp;
use px_model::{
    Channel, Decision, Dependency, Digest, Event, Permission, PluginId, PublishId, ReviewId, Risk,
    Version, VersionId, VersionState,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use relations::{
    InboxMessage, KeyRequest, KeyRevocation, KeyView, Outcome, OutcomeReport, SubscriptionRequest,
    SubscriptionView, TokenAnswer, WhoAmI,
};

/// `POST /api/marketplace/plugins/publish`: registers a version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishRequest {
    /// Chosen by the client; the same id twice is one version.
    pub publish_request_id: String,
    /// Plugin, as in `plugin.yaml`.
    #[schema(value_type = String, example = "com.example.notes")]
    pub plugin_id: PluginId,
    /// Version, as in `plugin.yaml`.
    #[schema(value_type = String, example = "1.4.0")]
    pub version: Version,
    /// `stable` or `beta`.
    #[schema(value_type = String, example = "stable")]
    pub channel: Channel,
    /// The bundle that will be uploaded.
    pub artifact: Artifact,
    /// Permissions the version asks for, `resource:action`.
    #[schema(value_type = Vec<String>)]
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// Plugins it needs, `PLUGIN RANGE`.
    #[schema(value_type = Vec<String>)]
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
    /// Fingerprints of the keys that signed the bundle.
    #[serde(default)]
    pub signatures: Vec<SignatureRef>,
    /// What is new, Markdown.
    #[serde(default)]
    pub notes: Option<String>,
    /// `publish.yml`, as JSON: rollout batches, tenant filters, rollback plan.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub rollout: Option<serde_json::Value>,
}

/// A bundle, by size and digest.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Artifact {
    /// SHA-256 of all bytes.
    #[schema(value_type = String)]
    pub sha256: Digest,
    /// Bytes.
    pub size: u64,
}

/// A signature the bundle carries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignatureRef {
    /// SHA-256 of the public key's DER form (SubjectPublicKeyInfo), hexadecimal.
    pub key_fingerprint: String,
}

/// Answer to a publish request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishAnswer {
    /// Names this publish in receipts and for `--resume`.
    #[schema(value_type = String)]
    pub publish_id: PublishId,
    /// The version registered.
    #[schema(value_type = String)]
    pub version_id: VersionId,
    /// Its review.
    #[schema(value_type = String)]
    pub review_id: ReviewId,
    /// `queued`, or `rejected` when it cannot be reviewed.
    pub status: String,
    /// tus 1.0 upload resource for the bundle.
    pub upload_url: String,
    /// How long the review may take.
    pub sla: Sla,
    /// When to ask again.
    #[schema(value_type = String, format = DateTime)]
    pub next_check_at: Timestamp,
}

/// Promise for a review.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sla {
    /// Expected, seconds: the recent median.
    pub expected_review_duration: u64,
    /// Promised, seconds.
    pub max_duration: u64,
}

/// A version and where it is, for its publisher and for reviewers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    /// Version's id.
    #[schema(value_type = String)]
    pub version_id: VersionId,
    /// Its review's id.
    #[schema(value_type = String)]
    pub review_id: ReviewId,
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Plugin's name for people.
    pub name: String,
    /// Version.
    #[schema(value_type = String)]
    pub version: Version,
    /// Channel.
    #[schema(value_type = String)]
    pub channel: Channel,
    /// State.
    #[schema(value_type = String)]
    pub state: VersionState,
    /// What happens next, in words.
    pub next_step: String,
    /// Publisher's name.
    pub publisher: String,
    /// Bundle.
    pub artifact: Artifact,
    /// Bytes received so far.
    pub received_bytes: u64,
    /// Permissions asked for.
    #[schema(value_type = Vec<String>)]
    pub permissions: Vec<Permission>,
    /// Risk, from permissions and kind.
    #[schema(value_type = String)]
    pub risk: Risk,
    /// Place in the review queue, from 1, when waiting.
    pub queue_position: Option<u32>,
    /// When the review must be decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sla_deadline: Option<Timestamp>,
    /// What happened so far, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Verdict of the automated checks: `clean`, `needs_person`, `blocked`, `held`.
    pub verdict: Option<String>,
    /// Reasons given with the last decision.
    pub decision_notes: Option<String>,
}

/// One step of a version's way.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    /// State entered.
    #[schema(value_type = String)]
    pub state: VersionState,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// By whom, for people.
    pub actor: String,
    /// Why, when a person said so.
    pub note: Option<String>,
}

/// One line of the review queue.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewTask {
    /// Review.
    #[schema(value_type = String)]
    pub review_id: ReviewId,
    /// Version under review.
    #[schema(value_type = String)]
    pub version_id: VersionId,
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Plugin's name.
    pub name: String,
    /// Version.
    #[schema(value_type = String)]
    pub version: Version,
    /// Publisher's name.
    pub publisher: String,
    /// State of the version.
    #[schema(value_type = String)]
    pub state: VersionState,
    /// 1 (first) to 3.
    pub priority: u32,
    /// Risk.
    #[schema(value_type = String)]
    pub risk: Risk,
    /// When the author submitted it.
    #[schema(value_type = String, format = DateTime)]
    pub submitted_at: Timestamp,
    /// When it must be decided.
    #[schema(value_type = String, format = DateTime)]
    pub sla_deadline: Timestamp,
    /// Reviewer who holds it.
    pub claimed_by: Option<String>,
    /// Until when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub claimed_until: Option<Timestamp>,
    /// Verdict of the automated checks.
    pub verdict: Option<String>,
    /// Number of findings that block, are errors, or ask for a person.
    pub findings: u32,
}

/// Answer to a claim.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Fencing token to send with the decision.
    pub claim_token: i64,
    /// Until when it holds.
    #[schema(value_type = String, format = DateTime)]
    pub claimed_until: Timestamp,
}

/// `PATCH /api/marketplace/plugins/{versionId}/review`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecisionRequest {
    /// `approve`, `reject` or `request_changes`.
    #[schema(value_type = String)]
    pub decision: Decision,
    /// For the author.
    #[serde(default)]
    pub notes: Option<String>,
    /// Accounts that approve besides the caller (high risk takes two).
    #[serde(default)]
    pub approvers: Vec<String>,
    /// From the claim.
    #[serde(default)]
    pub claim_token: Option<i64>,
    /// Why a blocking finding is overruled.
    #[serde(default)]
    pub overrule_reason: Option<String>,
}

/// `PATCH /api/marketplace/plugins/{versionId}/status`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusPatch {
    /// `withdrawn`, `quarantined` or `listed` (lifting a quarantine).
    #[schema(value_type = String)]
    pub status: VersionState,
    /// Why.
    pub reason: String,
}

/// A plugin in search results.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginSummary {
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Name.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Publisher's name.
    pub publisher: String,
    /// Whether the publisher's identity is verified.
    pub verified: bool,
    /// Category, when given.
    pub category: Option<String>,
    /// Runtime kind: `wasm`, `process`, `static` or `remote`.
    pub kind: String,
    /// Risk of the newest version.
    #[schema(value_type = String)]
    pub risk: Risk,
    /// Newest listed version.
    #[schema(value_type = String)]
    pub latest_version: Version,
    /// Its channel.
    #[schema(value_type = String)]
    pub channel: Channel,
    /// When it was listed.
    #[schema(value_type = String, format = DateTime)]
    pub listed_at: Timestamp,
    /// Tenants that have it installed, as reported.
    pub installs: u64,
}

/// A page of search results.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginPage {
    /// Results.
    pub items: Vec<PluginSummary>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// How many there are in all.
    pub total: u64,
}

/// A listed version, with all a core needs to install it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedVersion {
    /// Version's id.
    #[schema(value_type = String)]
    pub version_id: VersionId,
    /// Plugin.
    #[schema(value_type = String)]
    pub plugin_id: PluginId,
    /// Plugin's name.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Publisher's name.
    pub publisher: String,
    /// Version.
    #[schema(value_type = String)]
    pub version: Version,
    /// Channel.
    #[schema(value_type = String)]
    pub channel: Channel,
    /// `listed`, `withdrawn`, `quarantined` or `recalled`.
    #[schema(value_type = String)]
    pub state: VersionState,
    /// Bundle.
    pub artifact: Artifact,
    /// Where the bundle is, relative to the Marketplace's address or absolute.
    pub bundle_url: String,
    /// Permissions it asks for.
    #[schema(value_type = Vec<String>)]
    pub permissions: Vec<Permission>,
    /// Plugins it needs.
    #[schema(value_type = Vec<String>)]
    pub dependencies: Vec<Dependency>,
    /// Range of cores it runs on.
    pub corex_version: Option<String>,
    /// Runtime kind.
    pub kind: String,
    /// Risk.
    #[schema(value_type = String)]
    pub risk: Risk,
    /// What is new, Markdown.
    pub notes: Option<String>,
    /// Publisher's rollout plan.
    #[schema(value_type = Option<Object>)]
    pub rollout: Option<serde_json::Value>,
    /// When it was listed.
    #[schema(value_type = String, format = DateTime)]
    pub listed_at: Timestamp,
    /// The Marketplace's approval: a DSSE envelope over the listing statement.
    #[schema(value_type = Object)]
    pub listing: serde_json::Value,
}

/// A plugin with its listed versions, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginDetail {
    /// As in search results.
    #[serde(flatten)]
    pub summary: PluginSummary,
    /// README of the newest version, Markdown.
    pub readme: Option<String>,
    /// Newest first.
    pub versions: Vec<ListedVersion>,
}

/// `GET /api/marketplace/events`: a piece of the feed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedPage {
    /// CloudEvents, in order.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Event>,
    /// Send as `after` next time.
    pub next: i64,
    /// Position of the newest event.
    pub head: i64,
}

/// What a core must trust: read once and pinned.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrustDocument {
    /// Publisher CA certificates, PEM.
    pub publisher_roots: Vec<String>,
    /// Ed25519 public keys that sign listings, base64 of the 32 bytes.
    pub listing_keys: Vec<String>,
    /// Serial numbers of revoked publisher certificates.
    pub revoked_serials: Vec<String>,
}
