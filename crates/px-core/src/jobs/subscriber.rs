//! Makes the Marketplace know which tenants want news of which plugin, so that it can count who was
//! told and name the laggards.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use px_api::market::SubscriptionRequest;
use px_model::{PluginId, SubscriptionId, TenantId, UpgradePolicy};
use px_store::Db;
use px_work::{Job, JobError, JobHandler};
use serde::{Deserialize, Serialize};

use crate::app::authority::TenantScope;
use crate::app::fault::Fault;
use crate::app::ports::Marketplace;
use crate::store::holdings::{self, Wish};
use crate::store::{addresses, installed, tenants};

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

/// Brings the Marketplace's subscriptions in line with the tenants' wishes and addresses.
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
        let scope = TenantScope::one(about.tenant);
        let mut wish = holdings::wish(&self.db, &scope, about.tenant, &about.plugin).await?;
        if let Some(id) = about.end {
            // Whoever wishes again meanwhile has the same subscription at the Marketplace.
            if wish.is_some() {
                return Ok(());
            }
            settle(self.marketplace.unsubscribe(id).await)?;
            wish = holdings::wish(&self.db, &scope, about.tenant, &about.plugin).await?;
        } else if wish.as_ref().is_some_and(is_known) {
            return Ok(());
        }
        match wish {
            Some(wish) => self.bring_in_line(job, &scope, &about, &wish).await,
            None => Ok(()),
        }
    }
}

fn is_known(wish: &Wish) -> bool {
    wish.remote.is_some() && wish.told.as_ref() == Some(&wish.wish)
}

impl Subscriber {
    async fn bring_in_line(
        &self,
        job: &Job,
        scope: &TenantScope,
        about: &About,
        wish: &Wish,
    ) -> Result<(), JobError> {
        let Some(request) = self.request(scope, about, wish).await? else {
            return Ok(());
        };
        let id = match self.marketplace.subscribe(&request).await {
            Ok(id) => id,
            Err(fault) => {
                if !fault.is_transient() {
                    let (mut tx, why) = (self.db.begin().await?, fault.to_string());
                    holdings::refused(&mut tx, scope, about.tenant, &about.plugin, &why).await?;
                    tx.commit().await?;
                }
                return settle(Err(fault));
            }
        };
        let mut tx = self.db.begin().await?;
        let told = (id, wish.wish.as_str());
        let now = holdings::subscribed(&mut tx, scope, about.tenant, &about.plugin, told).await?;
        if now.as_ref() == Some(&wish.wish) {
            job.finish(&mut tx).await?;
            return Ok(tx.commit().await?);
        }
        tx.commit().await?;
        match now {
            // What was sent may have overtaken, or been overtaken by, what is wished now.
            Some(_) => Err(JobError::RetryAfter(
                "the wish has changed meanwhile".to_owned(),
                Duration::ZERO,
            )),
            None => settle(self.marketplace.unsubscribe(id).await),
        }
    }

    /// What the Marketplace should know. A tenant that never set addresses here may have given the
    /// Marketplace some by itself: those stay.
    async fn request(
        &self,
        scope: &TenantScope,
        about: &About,
        wish: &Wish,
    ) -> Result<Option<SubscriptionRequest>, JobError> {
        let Some(tenant) = tenants::get(&self.db, scope, about.tenant).await? else {
            return Ok(None);
        };
        let row = installed::get(&self.db, scope, about.tenant, &about.plugin).await?;
        let own = addresses::get(&self.db, scope, about.tenant).await?;
        Ok(Some(SubscriptionRequest {
            tenant_ref: about.tenant.to_string(),
            tenant_name: tenant.name,
            plugin_id: about.plugin.clone(),
            channel: wish.channel,
            policy: row.map_or(UpgradePolicy::Notify, |r| r.policy),
            webhook_url: own.as_ref().and_then(|a| a.webhook_url.clone()),
            webhook_secret: own.as_ref().and_then(|a| a.webhook_secret.clone()),
            email: own.as_ref().and_then(|a| a.email.clone()),
            language: own.as_ref().map(|a| a.language.clone()),
            keep_addresses: own.is_none(),
        }))
    }
}

fn settle(done: Result<(), Fault>) -> Result<(), JobError> {
    match done {
        Ok(()) => Ok(()),
        Err(fault) if fault.is_transient() => Err(JobError::Retry(fault.to_string())),
        Err(fault) => Err(JobError::Fatal(fault.to_string())),
    }
}
