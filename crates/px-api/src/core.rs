//! Requests and answers of PowerX core.

mod catalog;
mod install;
mod rollout;
mod tenant;

pub use catalog::{
    CatalogState, CatalogVersion, ExplainView, InstalledPlugin, PolicyRequest, SubscribeRequest,
};
pub use install::{
    InstallAccepted, InstallFigures, InstallRequest, InstallStep, InstallView, LogLine,
    ReasonRequest, RollbackRequest,
};
pub use rollout::{BatchPlan, BatchView, RolloutView, ScheduleAnswer, ScheduleRequest};
pub use tenant::{
    AddressesRequest, AddressesSaved, AddressesView, AlertView, Recorded, SecretRequest,
    TenantRequest, TenantView,
};
