//! Telemetry of publishes (`PX_TELEMETRY_ENDPOINT`): CloudEvents, best effort, never in the way.

use std::time::Duration;

use px_model::{Channel, PluginId, Version};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use url::Url;

use crate::failure::Failure;
use crate::session::Session;

/// How long the end of a publish waits for events that are still on their way.
const PATIENCE: Duration = Duration::from_secs(2);

/// Figures of a publish.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// From the first step to the last, milliseconds.
    pub duration_ms: u64,
    /// Share of precheck items that failed, 0 to 1; none when it did not run.
    pub precheck_failure_rate: Option<f64>,
    /// Tries that failed and were repeated.
    pub retries: u32,
    /// Bytes of the bundle.
    pub bundle_bytes: u64,
}

/// Sends events while a publish runs.
pub struct Telemetry {
    target: Option<(reqwest::Client, Url)>,
    sending: JoinSet<()>,
    subject: Value,
}

impl Telemetry {
    /// For one publish; without an endpoint nothing is sent.
    #[must_use]
    pub fn new(
        endpoint: Option<&Url>,
        http: &reqwest::Client,
        request: &str,
        plugin: &PluginId,
        version: &Version,
        channel: Channel,
    ) -> Self {
        Self {
            target: endpoint.map(|url| (http.clone(), url.clone())),
            sending: JoinSet::new(),
            subject: json!({ "publishRequestId": request, "pluginId": plugin, "version": version, "channel": channel }),
        }
    }

    /// `plugin.publish.started`.
    pub fn started(&mut self, session: &Session) {
        self.send(session, "plugin.publish.started", json!({}));
    }

    /// `plugin.publish.succeeded`.
    pub fn succeeded(&mut self, session: &Session, figures: Figures) {
        self.send(
            session,
            "plugin.publish.succeeded",
            json!({ "metrics": metrics(figures) }),
        );
    }

    /// `plugin.publish.failed`.
    pub fn failed(&mut self, session: &Session, figures: Figures, failure: &Failure) {
        let data = json!({ "metrics": metrics(figures), "code": failure.problem.code, "title": failure.problem.title });
        self.send(session, "plugin.publish.failed", data);
    }

    fn send(&mut self, session: &Session, kind: &str, mut data: Value) {
        let Some((http, url)) = &self.target else {
            return;
        };
        if let (Some(data), Some(subject)) = (data.as_object_mut(), self.subject.as_object()) {
            data.extend(subject.clone());
        }
        let event = json!({
            "specversion": "1.0", "id": format!("evt_{}", session.uuid().simple()), "source": "px-plugin",
            "type": kind, "time": session.now(), "datacontenttype": "application/json", "data": data,
        });
        let request = http
            .post(url.clone())
            .timeout(PATIENCE)
            .header(
                reqwest::header::CONTENT_TYPE,
                "application/cloudevents+json",
            )
            .body(event.to_string());
        self.sending.spawn(async move {
            // Best effort: a publish does not depend on who counts it.
            let _ = request.send().await;
        });
    }

    /// Gives events that are on their way a moment.
    pub async fn finish(mut self) {
        let all = async { while self.sending.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(PATIENCE, all).await;
    }
}

fn metrics(figures: Figures) -> Value {
    json!({
        "plugin.publish.duration_ms": figures.duration_ms,
        "plugin.publish.precheck.failure_rate": figures.precheck_failure_rate,
        "plugin.publish.retry.count": figures.retries,
        "plugin.publish.bundle.size_bytes": figures.bundle_bytes,
    })
}
