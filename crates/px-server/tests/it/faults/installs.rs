//! Tenants who install, upgrade and go back, whatever happens.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::bundles::Bundle;
use super::client::{Ask, Client, Side};
use super::rows::InstallWay;

const INSTALL: &str = "/api/v1/admin/plugins/install/url";

/// One tenant's way to a version.
pub struct Order {
    pub client: Client,
    pub token: String,
    pub tenant: String,
    pub bundle: Bundle,
    pub way: InstallWay,
}

impl Order {
    /// Orders and follows the install to its end; its last view.
    pub async fn run(self) -> Value {
        let job = self.accepted().await;
        match self.way {
            InstallWay::Upgrade | InstallWay::WrongDigest => self.ended(&job, false).await,
            InstallWay::Cancel => {
                self.until(&job, |state| state == "waiting").await;
                let path = format!("/api/v1/admin/plugins/install/cancel?jobId={job}");
                self.client.settled(&self.ask(Method::POST, &path)).await;
                self.ended(&job, false).await
            }
            InstallWay::TakeBack => {
                let done = self.ended(&job, false).await;
                if done["status"] == "committed" {
                    self.take_back(&job).await;
                }
                self.ended(&job, true).await
            }
        }
    }

    fn ask<'a>(&'a self, method: Method, path: &'a str) -> Ask<'a> {
        let ask = Ask::new(Side::Core, method, path, &self.token);
        ask.header("x-px-tenant", &self.tenant)
    }

    pub async fn accepted(&self) -> String {
        let order = match self.way {
            InstallWay::WrongDigest => json!({
                "url": format!("/api/marketplace/bundles/{}.pxp", self.bundle.sha256()),
                "sha256": "0".repeat(64),
                "pluginId": self.bundle.plugin,
                "version": self.bundle.version,
                "acknowledgedPermissions": ["notes:read"],
            }),
            _ => json!({
                "pluginId": self.bundle.plugin,
                "version": self.bundle.version,
                "acknowledgedPermissions": ["notes:read"],
                "notBefore": (self.way == InstallWay::Cancel).then_some("2999-01-01T00:00:00Z"),
            }),
        };
        let key = format!("{}-{}", self.tenant, self.bundle.version);
        let ask = self.ask(Method::POST, INSTALL).json(&order);
        let ask = ask.header("idempotency-key", key);
        for _ in 0..200 {
            let reply = self.client.settled(&ask).await;
            let answer = reply.json();
            if let Some(job) = answer["installJobId"].as_str() {
                return job.to_owned();
            }
            // The core hears of a listing a moment after everybody else.
            assert_eq!(answer["code"], "PX-0403", "{}", reply.text);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{} is never known to the core", self.bundle.version);
    }

    async fn take_back(&self, job: &str) {
        let path = "/api/v1/admin/plugins/upgrade/rollback";
        let wish = json!({ "pluginId": self.bundle.plugin, "reason": "It is too slow." });
        for _ in 0..400 {
            self.client
                .once(&self.ask(Method::POST, path).json(&wish))
                .await;
            if self.view(job).await["status"] != "committed" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{job} is never taken back");
    }

    async fn view(&self, job: &str) -> Value {
        let path = format!("/api/v1/admin/plugins/install/status?jobId={job}");
        self.client.good(&self.ask(Method::GET, &path)).await
    }

    pub async fn ended(&self, job: &str, back: bool) -> Value {
        const ENDS: [&str; 6] = [
            "committed",
            "rolled_back",
            "failed",
            "cancelled",
            "quarantined",
            "superseded",
        ];
        let is_end = |state: &str| ENDS.contains(&state) && !(back && state == "committed");
        self.until(job, is_end).await
    }

    async fn until(&self, job: &str, good: impl Fn(&str) -> bool) -> Value {
        let mut view = Value::Null;
        for _ in 0..1500 {
            view = self.view(job).await;
            if good(view["status"].as_str().unwrap()) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{job} does not go on: {view}");
    }
}
