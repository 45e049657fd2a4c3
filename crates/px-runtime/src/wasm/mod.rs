//! Components: a fresh instance per request from a linked, compiled component.

mod guest;
mod outbound;

pub(crate) use guest::Guest;
pub(crate) use outbound::tls_config;

use crate::body::{Body, BodyError, Unbroken, limited};
use crate::compile::Compiled;
use crate::fault::{LaunchFault, RunFault};
use crate::host::Shared;
use crate::spec::LaunchSpec;
use crate::stats::Recorder;
use crate::ticker::Working;
use guest::GuestFacts;
use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;
use wasmtime::component::Resource;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::p2::types::{HostIncomingRequest, HostResponseOutparam};

/// What a guest hands over as its answer.
type GuestAnswer = Result<Response<HyperOutgoingBody>, ErrorCode>;

/// Runs one component.
pub(crate) struct WasmRunner {
    compiled: Arc<Compiled>,
    facts: Arc<GuestFacts>,
    recorder: Arc<Recorder>,
    shared: Arc<Shared>,
    timeout: Duration,
    body_limit: u64,
}

impl WasmRunner {
    /// Loads the component; the first request instantiates it.
    pub(crate) async fn load(
        shared: &Arc<Shared>,
        spec: &LaunchSpec,
        component: &Path,
        recorder: Arc<Recorder>,
    ) -> Result<Self, LaunchFault> {
        let compiled = crate::compile::load(shared, &spec.root.join(component)).await?;
        let facts = GuestFacts::new(shared, spec, compiled.wants_files, recorder.clone())?;
        Ok(Self {
            compiled,
            facts: Arc::new(facts),
            recorder,
            shared: shared.clone(),
            timeout: spec.limits.request_timeout,
            body_limit: spec.limits.request_body_bytes,
        })
    }

    /// Answers one request; `permit` is held as long as the guest runs.
    pub(crate) async fn ask(
        &self,
        mut request: Request<Body>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Response<Body>, RunFault> {
        if request.uri().authority().is_none() && !request.headers().contains_key(header::HOST) {
            let host = HeaderValue::from_static("plugin.internal");
            request.headers_mut().insert(header::HOST, host);
        }
        let too_large = Arc::new(AtomicBool::new(false));
        let request = request.map(|body| limited(body, self.body_limit, too_large.clone()));
        let result = self.run(request, permit).await;
        if too_large.load(Ordering::Relaxed) {
            return Err(RunFault::BodyTooLarge {
                limit_bytes: self.body_limit,
            });
        }
        result
    }

    async fn run(
        &self,
        request: Request<Body>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Response<Body>, RunFault> {
        let (mut call, answer) = self.call(request)?;
        let broken = call.broken.clone();
        let task = tokio::spawn(async move {
            let _permit = permit;
            call.run().await
        });
        match answer.await {
            Ok(Ok(response)) => Ok(response.map(|body| {
                let body = body.map_err(|error| BodyError::Broken(error.to_string()));
                Unbroken::new(body, broken).boxed_unsync()
            })),
            Ok(Err(code)) => Err(RunFault::BadGateway {
                reason: format!("{code:?}"),
            }),
            // The store was dropped without an answer: the outcome of the call says why.
            Err(_) => match task.await {
                Ok(Ok(())) => Err(RunFault::BadGateway {
                    reason: "it returned without a response".to_owned(),
                }),
                Ok(Err(fault)) => Err(fault),
                Err(error) => Err(RunFault::host(error)),
            },
        }
    }

    /// A store with the request in it, and where the answer will arrive.
    fn call(
        &self,
        request: Request<Body>,
    ) -> Result<(Call, oneshot::Receiver<GuestAnswer>), RunFault> {
        let deadline = Instant::now() + self.timeout;
        let guest = Guest::new(&self.facts).map_err(RunFault::host)?;
        let mut store = Store::new(self.compiled.pre.engine(), guest);
        store.limiter(|guest| &mut guest.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            Ok(if Instant::now() >= deadline {
                UpdateDeadline::Interrupt
            } else {
                UpdateDeadline::Yield(1)
            })
        });
        let body_as_input = request.map(|body| body.map_err(guest::input_error));
        let mut http = store.data_mut().http();
        let request = http
            .new_incoming_request(Scheme::Http, body_as_input)
            .map_err(RunFault::host)?;
        let (send, answer) = oneshot::channel();
        let answered = Arc::new(AtomicBool::new(false));
        let flag = answered.clone();
        let out = http
            .new_response_outparam_from_callback(move |result| {
                flag.store(true, Ordering::Release);
                // The asker may have gone away; the guest need not know.
                let _ = send.send(result);
            })
            .map_err(RunFault::host)?;
        let call = Call {
            compiled: self.compiled.clone(),
            recorder: self.recorder.clone(),
            arguments: Some((request, out)),
            store: Some(store),
            timeout: self.timeout,
            deadline,
            answered,
            _working: self.shared.ticker.work(),
            broken: Arc::new(AtomicBool::new(false)),
        };
        Ok((call, answer))
    }
}

/// One call of the guest's handler.
struct Call {
    compiled: Arc<Compiled>,
    recorder: Arc<Recorder>,
    arguments: Option<(
        Resource<HostIncomingRequest>,
        Resource<HostResponseOutparam>,
    )>,
    store: Option<Store<Guest>>,
    timeout: Duration,
    deadline: Instant,
    /// Raised when the guest has handed over its response headers.
    answered: Arc<AtomicBool>,
    /// Without beats a spinning guest would not be interrupted.
    _working: Working,
    /// Raised before the store goes when the guest failed.
    broken: Arc<AtomicBool>,
}

impl Call {
    async fn run(&mut self) -> Result<(), RunFault> {
        let (Some(mut store), Some((request, out))) = (self.store.take(), self.arguments.take())
        else {
            return Err(RunFault::host("a call runs once"));
        };
        let pre = &self.compiled.pre;
        let work = async {
            let proxy = pre.instantiate_async(&mut store).await?;
            let handler = proxy.wasi_http_incoming_handler();
            handler.call_handle(&mut store, request, out).await
        };
        let outcome = tokio::time::timeout_at(self.deadline, work).await;
        let memory = &store.data().memory;
        self.recorder.memory(memory.peak_bytes);
        let result = match outcome {
            Ok(Ok(())) => Ok(()),
            Err(_) => Err(self.timed_out()),
            Ok(Err(_)) if memory.refused => Err(RunFault::MemoryLimit {
                limit_bytes: memory.limit_bytes,
            }),
            Ok(Err(error)) => Err(self.fault(&error)),
        };
        if let Err(fault) = &result {
            self.broken.store(true, Ordering::Release);
            if self.answered.load(Ordering::Acquire) {
                self.recorder.faulted(fault);
            }
        }
        drop(store);
        result
    }

    const fn timed_out(&self) -> RunFault {
        RunFault::Timeout {
            limit: self.timeout,
        }
    }

    fn fault(&self, error: &wasmtime::Error) -> RunFault {
        if error.is::<PoolConcurrencyLimitError>() {
            return RunFault::Busy;
        }
        if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
            return RunFault::Trap {
                message: format!("it exited with status {}", exit.0),
            };
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => self.timed_out(),
            Some(trap) => RunFault::Trap {
                message: engine_words(&trap.to_string()),
            },
            None => RunFault::Trap {
                message: error.root_cause().to_string(),
            },
        }
    }
}

/// What the engine said, without saying again that it was a trap.
fn engine_words(said: &str) -> String {
    said.strip_prefix("wasm trap: ").unwrap_or(said).to_owned()
}
