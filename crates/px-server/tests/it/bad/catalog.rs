//! Publishing, reviewing and listing over HTTP, as px-plugin and reviewers do.

use px_api::tus;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::bundles::Plugin;
use super::world::{World, go, ok, until};

pub const PUBLISH: &str = "/api/marketplace/plugins/publish";

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The request that registers a bundle.
pub fn registration(plugin: &Plugin, bytes: &[u8]) -> Value {
    json!({
        "publishRequestId": format!("{} {}", plugin.id, plugin.version),
        "pluginId": plugin.id,
        "version": plugin.version,
        "channel": "stable",
        "artifact": { "sha256": sha256(bytes), "size": bytes.len() },
        "permissions": plugin.permissions,
        "dependencies": plugin.requires,
        "notes": "Notes can be pinned.",
    })
}

pub fn version_path(id: &str, rest: &str) -> String {
    format!("/api/marketplace/plugins/{id}/{rest}")
}

impl World {
    /// Registers a version; the answer.
    pub async fn register(&self, token: &str, request: &Value) -> Value {
        ok(self.market(Method::POST, PUBLISH, token).json(request)).await
    }

    /// Registers, uploads and submits; the version's id.
    pub async fn submit(&self, token: &str, request: &Value, bytes: &[u8]) -> String {
        let made = self.register(token, request).await;
        let upload = made["uploadUrl"].as_str().unwrap();
        let sent = self.patch(upload, token, 0, bytes);
        ok(sent).await;
        let id = made["versionId"].as_str().unwrap().to_owned();
        let path = version_path(&id, "submit-review");
        ok(self.market(Method::POST, &path, token)).await;
        id
    }

    /// A tus request that appends.
    pub fn patch(
        &self,
        upload: &str,
        token: &str,
        offset: usize,
        bytes: &[u8],
    ) -> reqwest::RequestBuilder {
        self.market(Method::PATCH, upload, token)
            .header(tus::RESUMABLE, tus::VERSION)
            .header("content-type", tus::OFFSET_STREAM)
            .header(tus::OFFSET, offset)
            .body(bytes.to_vec())
    }

    /// A version when the automated part of its review has ended.
    pub async fn reviewed(&self, id: &str) -> Value {
        let path = version_path(id, "review");
        let token = self.token("publisher");
        until("the automated review", async || {
            let view = ok(self.market(Method::GET, &path, &token)).await;
            let waiting = ["draft", "uploading", "submitted", "scanning"];
            let done = !waiting.contains(&view["state"].as_str().unwrap());
            done.then_some(view)
        })
        .await
    }

    /// A decision.
    pub fn decide(&self, id: &str, login: &str, decision: &Value) -> reqwest::RequestBuilder {
        let token = self.token(login);
        let path = version_path(id, "review");
        self.market(Method::PATCH, &path, &token).json(decision)
    }

    /// A version on its way to the catalog: published, found sound, approved as often as it takes,
    /// and known to the core. Its id.
    pub async fn list(&self, plugin: &Plugin, bytes: &[u8]) -> String {
        let publisher = self.token("publisher");
        let request = registration(plugin, bytes);
        let id = self.submit(&publisher, &request, bytes).await;
        let view = self.reviewed(&id).await;
        assert_eq!(view["state"], "in_review", "{view}");
        self.approve_and_wait(plugin, &id, "Fine.").await;
        id
    }

    /// Approves as often as it takes and waits until the core knows.
    pub async fn approve_and_wait(&self, plugin: &Plugin, id: &str, notes: &str) {
        let approve = json!({ "decision": "approve", "notes": notes });
        let view = ok(self.decide(id, "reviewer", &approve)).await;
        if view["state"] == "in_review" {
            ok(self.decide(id, "reviewer2", &approve)).await;
        }
        let north = self.token("north");
        let known = format!("/api/v1/admin/plugins/versions?pluginId={}", plugin.id);
        until("the core's catalog", async || {
            let reply = go(self.core(Method::GET, &known, &north)).await;
            reply.text().contains(id).then_some(())
        })
        .await;
    }
}
