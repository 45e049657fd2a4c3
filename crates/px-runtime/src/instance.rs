//! One running plugin of one tenant.

use crate::body::{Body, announces_more_than, empty};
use crate::context::{set_context, strip_context};
use crate::fault::{LaunchFault, RunFault};
use crate::files::Files;
use crate::host::{Clock, Shared};
use crate::process::ProcessRunner;
use crate::spec::{LaunchSpec, Program};
use crate::stats::{Recorder, Stats};
use crate::wasm::WasmRunner;
use http::{HeaderMap, Request, Response};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

/// Longest wait for one answer of the health path.
pub(crate) const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);
/// Looks at the health path of a component, which has nothing to warm up, before it is given up.
const HEALTH_TRIES: u32 = 3;
const HEALTH_PAUSE: Duration = Duration::from_millis(200);
/// Waiting requests per running one before the next is turned away.
const QUEUE_FACTOR: usize = 8;

/// A plugin that answered its health check and takes requests until it is stopped.
pub struct Instance {
    spec: LaunchSpec,
    recorder: Arc<Recorder>,
    runner: Runner,
    gate: Gate,
}

enum Runner {
    Wasm(WasmRunner),
    Process(Box<ProcessRunner>),
    Static(Files),
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let LaunchSpec {
            tenant,
            plugin,
            version,
            ..
        } = &self.spec;
        write!(f, "Instance({plugin} {version} for {tenant})")
    }
}

impl Instance {
    /// See [`crate::Host::launch`].
    pub(crate) async fn launch(
        shared: &Arc<Shared>,
        spec: LaunchSpec,
    ) -> Result<Arc<Self>, LaunchFault> {
        let recorder = Arc::new(Recorder::new(spec.limits.log_bytes));
        let runner = match &spec.program {
            Program::Wasm { component } => {
                Runner::Wasm(WasmRunner::load(shared, &spec, component, recorder.clone()).await?)
            }
            Program::Process { .. } => {
                let runner = ProcessRunner::start(shared, &spec, recorder.clone()).await?;
                Runner::Process(Box::new(runner))
            }
            Program::Static { dir } => Runner::Static(Files::open(&spec, dir)?),
        };
        let instance = Self {
            gate: Gate::new(spec.limits.concurrency),
            spec,
            recorder,
            runner,
        };
        instance.first_health().await?;
        Ok(Arc::new(instance))
    }

    async fn first_health(&self) -> Result<(), LaunchFault> {
        let start = Instant::now();
        let mut tries = 1;
        loop {
            let Err(fault) = self.health().await else {
                return Ok(());
            };
            let waited = start.elapsed();
            if tries >= HEALTH_TRIES || waited >= self.spec.limits.start_timeout {
                self.stop().await;
                return Err(LaunchFault::NotHealthy {
                    fault,
                    waited,
                    log_tail: self.recorder.log.last_line(),
                });
            }
            tries += 1;
            sleep(HEALTH_PAUSE).await;
        }
    }

    /// What it was launched from.
    #[must_use]
    pub const fn spec(&self) -> &LaunchSpec {
        &self.spec
    }

    /// Passes one request to the plugin. The path is the plugin's own (see [`crate::join_base_path`]).
    ///
    /// # Errors
    /// Every way a plugin can fail is a [`RunFault`] of this one request.
    pub async fn handle(&self, request: Request<Body>) -> Result<Response<Body>, RunFault> {
        let start = Instant::now();
        let result = self.admit_and_ask(request).await;
        match &result {
            Ok(response) => self.recorder.answered(response.status(), start.elapsed()),
            Err(fault) => self.recorder.refused(fault),
        }
        result
    }

    async fn admit_and_ask(&self, request: Request<Body>) -> Result<Response<Body>, RunFault> {
        let limit_bytes = self.spec.limits.request_body_bytes;
        if announces_more_than(request.headers(), limit_bytes) {
            return Err(RunFault::BodyTooLarge { limit_bytes });
        }
        let permit = self.gate.enter(self.spec.limits.request_timeout).await?;
        self.ask(request, Some(permit)).await
    }

    async fn ask(
        &self,
        request: Request<Body>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Response<Body>, RunFault> {
        match &self.runner {
            Runner::Wasm(runner) => runner.ask(request, permit).await,
            Runner::Process(runner) => runner.ask(request, permit).await,
            Runner::Static(files) => files.ask(request).await,
        }
    }

    /// Asks the health path, past the queue and not counted as a request.
    ///
    /// # Errors
    /// [`RunFault::Unhealthy`] for any answer but 2xx, and every other fault a request can meet.
    pub async fn health(&self) -> Result<(), RunFault> {
        if let Runner::Static(files) = &self.runner {
            return files.health();
        }
        let request = health_request(&self.spec.health_path)?;
        match timeout(HEALTH_TIMEOUT, self.ask(request, None)).await {
            Ok(Ok(response)) => healthy(&response),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(RunFault::Timeout {
                limit: HEALTH_TIMEOUT,
            }),
        }
    }

    /// Tells the plugin who asks: removes whatever identity headers came in, and sets `context` as
    /// `X-PowerX-CTX` with its signature.
    pub fn identify<C: Serialize + ?Sized>(&self, headers: &mut HeaderMap, context: Option<&C>) {
        strip_context(headers);
        if let Some(context) = context {
            set_context(headers, &self.spec.ctx_secret, context);
        }
    }

    /// Takes no more requests, lets the running ones end within `limits.stop_timeout`, and ends the
    /// plugin. Repeating it does nothing.
    pub async fn stop(&self) {
        self.gate.close(self.spec.limits.stop_timeout).await;
        if let Runner::Process(runner) = &self.runner {
            runner.stop().await;
        }
    }

    /// What it did so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut up = !self.gate.is_closed();
        if let Runner::Process(runner) = &self.runner {
            runner.measure();
            up &= runner.is_up();
        }
        self.recorder.snapshot(up)
    }
}

/// The request a health check consists of.
pub(crate) fn health_request(path: &str) -> Result<Request<Body>, RunFault> {
    let path = crate::spec::join_base_path("", path);
    Request::get(path).body(empty()).map_err(RunFault::host)
}

/// Any 2xx is healthy.
pub(crate) fn healthy(response: &Response<Body>) -> Result<(), RunFault> {
    let status = response.status();
    if status.is_success() {
        Ok(())
    } else {
        Err(RunFault::Unhealthy {
            status: status.as_u16(),
        })
    }
}

/// What every plugin is told, whatever its kind; the host's own names win over settings.
pub(crate) fn environment(spec: &LaunchSpec, clock: &Clock) -> Vec<(String, String)> {
    let started = clock()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let own = [
        ("POWERX_PLUGIN_ID", spec.plugin.to_string()),
        ("POWERX_PLUGIN_VERSION", spec.version.to_string()),
        ("POWERX_TENANT", spec.tenant.to_string()),
        ("POWERX_STARTED_AT", started.to_string()),
    ];
    let mut all = spec.config.clone();
    all.extend(own.map(|(name, value)| (name.to_owned(), value)));
    all.into_iter()
        // Neither may occur in an environment entry.
        .filter(|(name, value)| {
            !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
        })
        .collect()
}

/// Lets a bounded number of requests in at once, and a bounded number wait.
struct Gate {
    permits: Arc<Semaphore>,
    size: usize,
    waiting: AtomicUsize,
    closed: AtomicBool,
}

impl Gate {
    fn new(concurrency: usize) -> Self {
        let size = concurrency.clamp(1, Semaphore::MAX_PERMITS >> 8);
        Self {
            permits: Arc::new(Semaphore::new(size)),
            size,
            waiting: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    async fn enter(&self, limit: Duration) -> Result<OwnedSemaphorePermit, RunFault> {
        let stopped = || RunFault::Unavailable {
            reason: "it was stopped".to_owned(),
        };
        if self.is_closed() {
            return Err(stopped());
        }
        if let Ok(permit) = self.permits.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let _waiting = Waiting::new(&self.waiting, self.size * QUEUE_FACTOR)?;
        match timeout(limit, self.permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) if !self.is_closed() => Ok(permit),
            Ok(_) => Err(stopped()),
            Err(_) => Err(RunFault::Busy),
        }
    }

    /// Closes, and waits until nobody is inside or `limit` has passed.
    async fn close(&self, limit: Duration) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        let all = u32::try_from(self.size).unwrap_or(u32::MAX);
        let _ = timeout(limit, self.permits.acquire_many(all)).await;
        self.permits.close();
    }
}

/// One place in the queue.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize, most: usize) -> Result<Self, RunFault> {
        let place = Self(count);
        if count.fetch_add(1, Ordering::AcqRel) >= most {
            return Err(RunFault::Busy);
        }
        Ok(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
