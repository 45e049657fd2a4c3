//! Makes the Marketplace know which tenants want news of which plugin, so that it can count who was
//! told and name the laggards.

use std::sync::Arc;

use async_trait::async_trait;
use px_api::market::SubscriptionRequest;
use px_model::{PluginId, SubscriptionId, TenantId, UpgradePolicy};
use px_store::Db;
use px_work::{Job, JobError, JobHandler};
use serde::{Deserialize, Serialize};

use crate::app::authority::TenantScope;
use crate::app::fault::Fault;
use crate::app::ports::Marketplace;
use crate::store::{holdings, installed, tenants};

/// Kind of the job that brings one subscription in line.
pub const SUBSCRIBE_JOB: &str = "core.subscribe";

/// What a job is about.
#[derive(Debug, Serialize, Deserialize)]
pub struct About {
    /// Tenant.
    pub tenant: TenantId,
    /// Plugin.
    pub plugin: PluginId,
    /// The Marketplace's subscription to be ended, when it is.
    #[serde(default)]
    pub end: Option<SubscriptionId>,
}

/// Brings the Marketplace's subscriptions in line with the tenants' wishes.
pub struct Subscriber {
    /// The core's database.
    pub db: Db,
    /// The Marketplace.
    pub marketplace: Arc<dyn Marketplace>,
}

#[async_trait]
impl JobHandler for Subscriber {
    fn kind(&self) -> &'static str {
        SUBSCRIBE_JOB
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let about: About = job.read()?;
        if let Some(id) = about.end {
            return settle(self.marketplace.unsubscribe(id).await);
        }
        let scope = TenantScope::one(about.tenant);
        let wish = holdings::wish(&self.db, &scope, about.tenant, &about.plugin).await?;
        let tenant = tenants::get(&self.db, &scope, about.tenant).await?;
        let (Some((channel, None)), Some(tenant)) = (wish, tenant) else {
            return Ok(());
        };
        let row = installed::get(&self.db, &scope, about.tenant, &about.plugin).await?;
        let request = SubscriptionRequest {
            tenant_ref: about.tenant.to_string(),
            tenant_name: tenant.name,
            plugin_id: about.plugin.clone(),
            channel,
            policy: row.map_or(UpgradePolicy::Notify, |r| r.policy),
            webhook_url: None,
            email: None,
            language: None,
        };
        match self.marketplace.subscribe(&request).await {
            Ok(id) => {
                let mut tx = self.db.begin().await?;
                holdings::subscribed(&mut tx, &scope, about.tenant, &about.plugin, id).await?;
                job.finish(&mut tx).await?;
                Ok(tx.commit().await?)
            }
            Err(fault) => settle(Err(fault)),
        }
    }
}

fn settle(done: Result<(), Fault>) -> Result<(), JobError> {
    match done {
        Ok(()) => Ok(()),
        Err(fault) if fault.is_transient() => Err(JobError::Retry(fault.to_string())),
        Err(fault) => Err(JobError::Fatal(fault.to_string())),
    }
}
