//! Small servers that run as processes of their own: a receiver of webhooks, a bare server, a
//! component without a gateway, and a bare client loop.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body as AxumBody;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use http_body_util::BodyExt as _;
use px_runtime::{BodyError, CtxSecret, Host, HostConfig, Instance, LaunchSpec, Limits, Program};
use serde_json::json;
use tokio::net::TcpListener;

/// What a bare server and the receiver answer.
const ANSWER: &str = "{\"ok\":true}";

async fn serve(routes: Router, address: &str, ready: &Path) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let port = listener.local_addr()?.port();
    // Written beside and renamed: whoever waits must not read half of it.
    let part = ready.with_extension("part");
    std::fs::write(&part, format!("127.0.0.1:{port}\n"))?;
    std::fs::rename(&part, ready)?;
    // As our own servers do (`px_web::http::Listening`).
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    Ok(axum::serve(listener, routes).await?)
}

/// A bare server: the least that anything over HTTP can cost here.
///
/// # Errors
/// When it cannot listen.
pub async fn bare(ready: &Path) -> anyhow::Result<()> {
    let routes = Router::new().route("/hello", get(|| async { ANSWER }));
    serve(routes, "127.0.0.1:0", ready).await
}

#[derive(Default)]
struct Seen {
    count: AtomicU64,
    bytes: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
}

/// Takes everything that is posted, on all loopback addresses, and says at `GET /seen` how much it
/// was and how long it took from the first to the last.
///
/// # Errors
/// When it cannot listen.
pub async fn receiver(ready: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let seen = Arc::new(Seen::default());
    let take = move |State(seen): State<Arc<Seen>>, request: Request| async move {
        let body = request.into_body().collect().await;
        let size = body.map_or(0, |b| b.to_bytes().len());
        let now = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        seen.bytes.fetch_add(size as u64, Ordering::Relaxed);
        let _ = seen
            .first
            .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        seen.last.fetch_max(now, Ordering::Relaxed);
        seen.count.fetch_add(1, Ordering::Relaxed);
        ANSWER
    };
    let tell = |State(seen): State<Arc<Seen>>| async move {
        let load = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Json(json!({
            "count": load(&seen.count), "bytes": load(&seen.bytes),
            "micros": load(&seen.last).saturating_sub(load(&seen.first)),
        }))
    };
    let routes = Router::new()
        .route("/seen", get(tell))
        .fallback(any(take))
        .with_state(seen);
    serve(routes, "0.0.0.0:0", ready).await
}

/// The component in the plugin host, behind a bare server: what the gateway adds is the difference.
///
/// # Errors
/// When the component does not start.
pub async fn component(file: &Path, folder: &Path, ready: &Path) -> anyhow::Result<()> {
    let config = HostConfig::new(folder.join("compiled"), Arc::new(SystemTime::now));
    let host = Host::new(config)?;
    let spec = LaunchSpec {
        tenant: px_model::TenantId::from_uuid(uuid::Uuid::nil()),
        plugin: crate::author::plugin()?,
        version: "1.0.0".parse()?,
        root: file.parent().unwrap_or(Path::new("/")).to_owned(),
        data_dir: folder.join("data"),
        program: Program::Wasm {
            component: file.file_name().unwrap_or_default().into(),
        },
        granted: Vec::new(),
        limits: Limits::default(),
        base_path: "/api/v1".to_owned(),
        health_path: "/healthz".to_owned(),
        config: std::collections::BTreeMap::new(),
        ctx_secret: CtxSecret::new("of the benchmark"),
    };
    host.prepare(&spec.root.join(file)).await?;
    let instance = host.launch(spec).await?;
    let routes = Router::new().fallback(any(pass)).with_state(instance);
    serve(routes, "127.0.0.1:0", ready).await
}

async fn pass(State(instance): State<Arc<Instance>>, request: Request) -> Response {
    let request = request.map(|body| {
        body.map_err(|e| BodyError::Broken(e.to_string()))
            .boxed_unsync()
    });
    match instance.handle(request).await {
        Ok(answer) => answer.map(AxumBody::new),
        Err(fault) => (http::StatusCode::BAD_GATEWAY, fault.to_string()).into_response(),
    }
}

/// Posts `total` bodies of `bytes` bytes to `hosts` addresses of a receiver, `parallel` at a time,
/// and prints posts per second.
///
/// # Errors
/// When the receiver is not there.
pub async fn post_loop(
    port: u16,
    hosts: u32,
    total: u32,
    bytes: usize,
    parallel: u32,
) -> anyhow::Result<f64> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(15))
        .build()?;
    let body = "x".repeat(bytes);
    crate::load::rate(total, parallel, |n| {
        let url = address(n % hosts, port);
        let request = client.post(url).body(body.clone());
        async move {
            let answer = request.send().await?.error_for_status()?;
            answer.bytes().await?;
            Ok(())
        }
    })
    .await
}

/// The address of a receiver's host number `n`: all of 127/8 is this machine.
#[must_use]
pub fn address(n: u32, port: u16) -> String {
    format!(
        "http://127.0.{}.{}:{port}/hook/{n}",
        n / 200 + 1,
        n % 200 + 1
    )
}
