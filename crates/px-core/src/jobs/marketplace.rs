//! The Marketplace over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use px_api::Code;
use px_api::client::{CallError, Client};
use px_api::market::{
    FeedPage, ListedVersion, OutcomeReport, SubscriptionRequest, SubscriptionView, TrustDocument,
};
use px_model::{SubscriptionId, VersionId};

use crate::app::fault::Fault;
use crate::app::ports::Marketplace;

/// Events asked for at once.
const PAGE: u32 = 200;

/// The typed client. Its pool must allow answers to take longer than the longest wait for news.
pub struct HttpMarketplace(pub Client);

#[async_trait]
impl Marketplace for HttpMarketplace {
    async fn feed(&self, after: i64, wait: Duration) -> Result<FeedPage, Fault> {
        let wait = wait.as_secs();
        let path = format!("/api/marketplace/events?after={after}&limit={PAGE}&wait={wait}");
        self.0.get(&path).await.map_err(|e| fault(&e))
    }

    async fn version(&self, id: VersionId) -> Result<ListedVersion, Fault> {
        let path = format!("/api/marketplace/versions/{id}");
        self.0.get(&path).await.map_err(|e| fault(&e))
    }

    async fn trust(&self) -> Result<TrustDocument, Fault> {
        let path = "/api/marketplace/trust";
        self.0.get(path).await.map_err(|e| fault(&e))
    }

    async fn subscribe(&self, request: &SubscriptionRequest) -> Result<SubscriptionId, Fault> {
        let path = "/api/marketplace/subscriptions";
        let made: SubscriptionView = self.0.post(path, request).await.map_err(|e| fault(&e))?;
        Ok(made.subscription_id)
    }

    async fn unsubscribe(&self, id: SubscriptionId) -> Result<(), Fault> {
        let path = format!("/api/marketplace/subscriptions/{id}");
        let request = self
            .0
            .request(reqwest::Method::DELETE, &path)
            .map_err(|e| fault(&e))?;
        let answer: Result<serde_json::Value, _> = self.0.send(request).await;
        match answer {
            Ok(_) | Err(CallError::Shape { .. }) => Ok(()),
            // Gone already is as good.
            Err(CallError::Problem(p)) if p.status == 404 => Ok(()),
            Err(e) => Err(fault(&e)),
        }
    }

    async fn report(&self, report: &OutcomeReport) -> Result<(), Fault> {
        let path = "/api/marketplace/outcomes";
        let answer: Result<serde_json::Value, _> = self.0.post(path, report).await;
        match answer {
            // An empty answer is a good one.
            Ok(_) | Err(CallError::Shape { .. }) => Ok(()),
            Err(e) => Err(fault(&e)),
        }
    }
}

fn fault(error: &CallError) -> Fault {
    let code = Code::find(error.code()).unwrap_or(Code::Unavailable);
    if error.is_transient() {
        Fault::infrastructure(code, "marketplace", error.to_string())
    } else {
        Fault::tenant(code, "marketplace", error.to_string())
    }
}
