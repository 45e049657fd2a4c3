//! Components, compiled ahead of time and kept in the host's own folder.
//!
//! A compiled component is machine code: loading one that this host did not write would be running
//! it. Therefore only files in the cache folder are loaded, named by the digest of their component
//! and by everything the engine's code generation depends on, and only when their own digest is right.

use crate::fault::LaunchFault;
use crate::host::Shared;
use crate::wasm::Guest;
use px_model::Digest;
use sha2::{Digest as _, Sha256};
use std::hash::{Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime_wasi_http::p2::bindings::ProxyPre;

/// Length of the digest in front of the machine code.
const HEADER: usize = 32;

/// A component that is ready to be launched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Digest of the component.
    pub digest: Digest,
    /// The compiled form.
    pub artefact: PathBuf,
    /// Whether an earlier compilation was found.
    pub reused: bool,
}

/// A component in memory, linked.
pub(crate) struct Compiled {
    pub(crate) pre: ProxyPre<Guest>,
    /// Whether it imports the file system.
    pub(crate) wants_files: bool,
}

/// See [`crate::Host::prepare`].
pub(crate) async fn prepare(shared: &Arc<Shared>, path: &Path) -> Result<Prepared, LaunchFault> {
    let (bytes, digest) = read(path, shared.config.max_component_bytes).await?;
    let artefact = artefact_path(shared, digest);
    if tokio::fs::try_exists(&artefact).await.unwrap_or(false) {
        return Ok(Prepared {
            digest,
            artefact,
            reused: true,
        });
    }
    compile(shared, bytes, artefact.clone()).await?;
    Ok(Prepared {
        digest,
        artefact,
        reused: false,
    })
}

/// The component at `path`, from memory, from the cache folder or compiled now.
pub(crate) async fn load(shared: &Arc<Shared>, path: &Path) -> Result<Arc<Compiled>, LaunchFault> {
    let (bytes, digest) = read(path, shared.config.max_component_bytes).await?;
    if let Some(known) = lock(shared).get(&digest).and_then(std::sync::Weak::upgrade) {
        return Ok(known);
    }
    let artefact = artefact_path(shared, digest);
    let engine = shared.engine.clone();
    let candidate = artefact.clone();
    let found = blocking(move || Ok(load_artefact(&engine, &candidate))).await?;
    let component = match found {
        Some(component) => component,
        None => compile(shared, bytes, artefact).await?,
    };
    let compiled = Arc::new(link(shared, &component)?);
    let mut known = lock(shared);
    known.retain(|_, weak| weak.strong_count() > 0);
    known.insert(digest, Arc::downgrade(&compiled));
    Ok(compiled)
}

fn lock(
    shared: &Shared,
) -> std::sync::MutexGuard<'_, std::collections::HashMap<Digest, std::sync::Weak<Compiled>>> {
    shared
        .compiled
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

async fn read(path: &Path, limit: u64) -> Result<(Vec<u8>, Digest), LaunchFault> {
    let owned = path.to_owned();
    blocking(move || {
        let meta = std::fs::metadata(&owned).map_err(|e| LaunchFault::file(&owned, &e))?;
        if !meta.is_file() || meta.len() > limit {
            return Err(LaunchFault::Component {
                reason: format!("not a file of at most {limit} bytes"),
            });
        }
        let bytes = std::fs::read(&owned).map_err(|e| LaunchFault::file(&owned, &e))?;
        let digest = Digest::from_bytes(Sha256::digest(&bytes).into());
        Ok((bytes, digest))
    })
    .await
}

/// Feeds `Hash` values to SHA-256: the name must not depend on the standard library's hasher.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest[..8]
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}

fn artefact_path(shared: &Shared, digest: Digest) -> PathBuf {
    let mut hasher = Sha256Hasher(Sha256::new());
    shared
        .engine
        .precompile_compatibility_hash()
        .hash(&mut hasher);
    let name = format!("{digest}-{:016x}.cwasm", hasher.finish());
    shared.config.cache_dir.join(name)
}

async fn compile(
    shared: &Arc<Shared>,
    bytes: Vec<u8>,
    artefact: PathBuf,
) -> Result<Component, LaunchFault> {
    let permit = shared.compile_permits.acquire().await;
    let _permit = permit.map_err(LaunchFault::host)?;
    let engine = shared.engine.clone();
    blocking(move || {
        // Somebody else may have compiled it while this one waited.
        if let Some(component) = load_artefact(&engine, &artefact) {
            return Ok(component);
        }
        let component =
            Component::from_binary(&engine, &bytes).map_err(|error| LaunchFault::Component {
                reason: format!("{error:#}"),
            })?;
        let code = component.serialize().map_err(LaunchFault::host)?;
        store(&artefact, &code).map_err(|e| LaunchFault::file(&artefact, &e))?;
        Ok(component)
    })
    .await
}

/// Writes beside and renames, so that a reader never sees half a file.
fn store(artefact: &Path, code: &[u8]) -> std::io::Result<()> {
    let dir = artefact.parent().unwrap_or(Path::new("."));
    // Unique among the threads of this process, which owns the folder.
    let name = format!(".{:?}.part", std::thread::current().id());
    let part = dir.join(name.replace(['(', ')'], ""));
    let written = (|| {
        let mut file = std::fs::File::create(&part)?;
        file.write_all(&Sha256::digest(code))?;
        file.write_all(code)?;
        file.sync_all()?;
        std::fs::rename(&part, artefact)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written
}

/// The compiled component, or nothing when it is missing, damaged or from another engine.
#[expect(unsafe_code, reason = "loading machine code this host wrote itself")]
fn load_artefact(engine: &Engine, artefact: &Path) -> Option<Component> {
    let bytes = std::fs::read(artefact).ok()?;
    let (expected, code) = bytes.split_at_checked(HEADER)?;
    if Sha256::digest(code).as_slice() != expected {
        tracing::warn!(artefact = %artefact.display(), "compiled component is damaged; compiling again");
        return None;
    }
    // SAFETY: the file lies in the folder only this host writes (mode 0700), was written whole by
    // `store` from the output of `Component::serialize`, and its digest is right. The engine itself
    // refuses code of another version or configuration.
    match unsafe { Component::deserialize(engine, code) } {
        Ok(component) => Some(component),
        Err(error) => {
            tracing::warn!(%error, "compiled component does not fit this engine; compiling again");
            None
        }
    }
}

fn link(shared: &Shared, component: &Component) -> Result<Compiled, LaunchFault> {
    let fault = |error: wasmtime::Error| LaunchFault::Component {
        reason: format!("{error:#}"),
    };
    let pre = shared.linker.instantiate_pre(component).map_err(fault)?;
    let wants_files = component
        .component_type()
        .imports(&shared.engine)
        .any(|(name, _)| name.starts_with("wasi:filesystem/preopens"));
    Ok(Compiled {
        pre: ProxyPre::new(pre).map_err(fault)?,
        wants_files,
    })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LaunchFault> + Send + 'static,
) -> Result<T, LaunchFault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(LaunchFault::host)?
}
