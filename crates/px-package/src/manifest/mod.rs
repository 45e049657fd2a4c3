//! `plugin.yaml` and `publish.yml`: parsed with positions, checked, canonical.

mod catalogs;
mod events;
mod field;
mod files;
mod frontend;
mod model;
mod parse;
mod parts;
mod period;
mod plan;
mod vars;
mod yaml;

pub use catalogs::CATALOG_KEYS;
pub use field::bundle_path;
pub use files::NamedFile;
pub use model::{
    Admin, AdminKind, AdminProcess, Backend, Dependencies, Endpoints, Events, Frontend, Health,
    Manifest, Menu, Metadata, Migrations, Runtime, RuntimeKind, SmokeRequest, Topic,
};
pub use parse::{ManifestOutcome, parse_manifest, parse_manifest_with};
pub use period::{Period, PeriodError};
pub use plan::{
    Batch, ChannelPlan, PlanOutcome, PublishPlan, RollbackPlan, Rollout, TenantFilters, parse_plan,
};
pub use vars::{expand, variables};
pub use yaml::MAX_TEXT;
