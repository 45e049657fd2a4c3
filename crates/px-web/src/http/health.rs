//! `/livez`, `/readyz` and `/metrics`.

use crate::http::Json;
use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use metrics_exporter_prometheus::PrometheusHandle;
use px_store::{BlobError, Blobs, Db, TroubleKind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Longest a check may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// A part that must work for the server to take requests.
#[async_trait]
pub trait Check: Send + Sync + 'static {
    /// Short name in the answer: `database`.
    fn name(&self) -> &'static str;
    /// Whether it works.
    ///
    /// # Errors
    /// In words for the operator, without secrets.
    async fn check(&self) -> Result<(), String>;
}

#[async_trait]
impl Check for Db {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn check(&self) -> Result<(), String> {
        self.ping().await.map_err(|error| error.to_string())
    }
}

#[async_trait]
impl Check for Blobs {
    fn name(&self) -> &'static str {
        "bundles"
    }

    async fn check(&self) -> Result<(), String> {
        let Err(error) = Blobs::check(self).await else {
            return Ok(());
        };
        // Anybody may read this: the log says more.
        tracing::warn!(%error, "the bundle store is not ready");
        Err(match error {
            BlobError::Store(trouble) if trouble.kind() != TroubleKind::Away => {
                "the store refuses this server; its log says why".to_owned()
            }
            _ => "the store does not answer".to_owned(),
        })
    }
}

/// What the health routes look at.
#[derive(Clone, Default)]
pub struct Health {
    checks: Vec<Arc<dyn Check>>,
    metrics: Option<PrometheusHandle>,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.checks.iter().map(|c| c.name()))
            .finish()
    }
}

impl Health {
    /// Nothing to check yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check.
    #[must_use]
    pub fn check(mut self, check: impl Check) -> Self {
        self.checks.push(Arc::new(check));
        self
    }

    /// Serves these metrics.
    #[must_use]
    pub fn metrics(mut self, handle: PrometheusHandle) -> Self {
        self.metrics = Some(handle);
        self
    }
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    checks: BTreeMap<&'static str, String>,
}

async fn readyz(State(health): State<Health>) -> Response {
    let runs = health.checks.iter().map(|check| async move {
        let verdict = match tokio::time::timeout(PATIENCE, check.check()).await {
            Ok(verdict) => verdict,
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        (check.name(), verdict)
    });
    let verdicts = futures::future::join_all(runs).await;
    let ready = verdicts.iter().all(|(_, v)| v.is_ok());
    let checks = verdicts
        .into_iter()
        .map(|(name, v)| (name, v.err().unwrap_or_else(|| "ok".to_owned())))
        .collect();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Ready { ready, checks })).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    match &health.metrics {
        Some(handle) => {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], handle.render()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Serves `/livez` (the process answers), `/readyz` (every part works, or which does not) and
/// `/metrics` (Prometheus text format).
pub fn health_routes(health: Health) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(health)
}
