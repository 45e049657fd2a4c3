//! What the host keeps for one request: the guest's view of the world, and its limits.

use super::outbound::{Grants, Outbound};
use crate::body::BodyError;
use crate::fault::LaunchFault;
use crate::host::Shared;
use crate::logs::LogStream;
use crate::spec::LaunchSpec;
use crate::stats::Recorder;
use bytes::Bytes;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// Elements a table may grow to.
const TABLE_ELEMENTS: usize = 50_000;

/// What is the same for every request of an instance.
pub(crate) struct GuestFacts {
    environment: Vec<(String, String)>,
    assets: Option<PathBuf>,
    data: Option<PathBuf>,
    memory_limit: u64,
    outbound: Outbound,
    recorder: Arc<Recorder>,
}

impl GuestFacts {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        spec: &LaunchSpec,
        wants_files: bool,
        recorder: Arc<Recorder>,
    ) -> Result<Self, LaunchFault> {
        let assets = spec.root.join("assets");
        if wants_files {
            std::fs::create_dir_all(&spec.data_dir)
                .map_err(|e| LaunchFault::file(&spec.data_dir, &e))?;
        }
        Ok(Self {
            environment: crate::instance::environment(spec, &shared.config.clock),
            assets: (wants_files && assets.is_dir()).then_some(assets),
            data: wants_files.then(|| spec.data_dir.clone()),
            memory_limit: spec.limits.memory_bytes.min(shared.config.max_memory_bytes),
            outbound: Outbound {
                grants: Arc::new(Grants::new(&spec.granted)),
                allow_private: shared.config.allow_private_addresses,
                tls: shared.tls.clone(),
                recorder: recorder.clone(),
            },
            recorder,
        })
    }
}

/// The state of one request.
pub(crate) struct Guest {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    outbound: Outbound,
    pub(crate) memory: Memory,
}

impl Guest {
    /// # Errors
    /// When a folder it is to see cannot be opened.
    pub(crate) fn new(facts: &GuestFacts) -> wasmtime::Result<Self> {
        let mut wasi = WasiCtxBuilder::new();
        wasi.envs(&facts.environment)
            .stdout(LogPipe(facts.recorder.clone(), LogStream::Stdout))
            .stderr(LogPipe(facts.recorder.clone(), LogStream::Stderr))
            .allow_tcp(false)
            .allow_udp(false);
        if let Some(assets) = &facts.assets {
            wasi.preopened_dir(assets, "/assets", FsPerms::ReadOnly)?;
        }
        if let Some(data) = &facts.data {
            wasi.preopened_dir(data, "/data", FsPerms::ReadWrite)?;
        }
        Ok(Self {
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            table: ResourceTable::new(),
            outbound: facts.outbound.clone(),
            memory: Memory {
                limit_bytes: facts.memory_limit,
                peak_bytes: 0,
                refused: false,
            },
        })
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outbound,
        }
    }
}

/// A request body's error as the guest sees it.
pub(super) fn input_error(error: BodyError) -> wasmtime_wasi_http::Error {
    match error {
        BodyError::TooLarge(limit) => wasmtime_wasi_http::Error::HttpRequestBodySize(Some(limit)),
        BodyError::Broken(reason) => wasmtime_wasi_http::Error::InternalError(Some(reason)),
    }
}

/// Memory of one request.
pub(crate) struct Memory {
    pub(crate) limit_bytes: u64,
    pub(crate) peak_bytes: u64,
    /// Whether it asked for more.
    pub(crate) refused: bool,
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let desired = desired as u64;
        if desired > self.limit_bytes {
            self.refused = true;
            return Ok(false);
        }
        self.peak_bytes = self.peak_bytes.max(desired);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}

/// Standard output and error of a guest, into the instance's log.
#[derive(Clone)]
struct LogPipe(Arc<Recorder>, LogStream);

impl IsTerminal for LogPipe {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogPipe {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for LogPipe {
    async fn ready(&mut self) {}
}

#[async_trait::async_trait]
impl OutputStream for LogPipe {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.log.write(self.1, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}

impl tokio::io::AsyncWrite for LogPipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.0.log.write(self.1, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
