//! Stand-ins for runtime, verifier and origin that fail, or hang, where a test says so.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use px_api::Code;
use px_api::market::{ListedVersion, TrustDocument};
use px_core::app::fault::Fault;
use px_core::app::ports::{Claim, Facts, Opened, Origin, Runtime, Unit, Verifier, Vitals};
use px_model::{PluginId, TenantId, Version};

/// A place where something can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Point {
    Open,
    Verify,
    Unpack,
    Prepare,
    Preflight,
    Migrate,
    ProbeNew,
    ProbeOld,
}

/// What happens at the points; shared by all stand-ins.
#[derive(Clone)]
pub struct Script {
    events: Arc<Mutex<HashMap<Point, Vec<Event>>>>,
    hung: Arc<tokio::sync::Semaphore>,
    gate: Arc<tokio::sync::Semaphore>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            events: Arc::default(),
            hung: Arc::new(tokio::sync::Semaphore::new(0)),
            gate: Arc::new(tokio::sync::Semaphore::new(0)),
        }
    }
}

#[derive(Clone)]
enum Event {
    Fault(Fault),
    Pass,
    Hold,
    Hang,
}

impl Script {
    /// The next `times` visits of `point` fail.
    pub fn fail(&self, point: Point, times: usize, fault: &Fault) {
        let mut map = self.events.lock().unwrap();
        let events = vec![Event::Fault(fault.clone()); times];
        map.entry(point).or_default().extend(events);
    }

    /// The next visit of `point` never ends.
    pub fn hang(&self, point: Point) {
        let mut map = self.events.lock().unwrap();
        map.entry(point).or_default().push(Event::Hang);
    }

    /// Visit number `after` + 1 of `point` waits for [`Script::release`].
    pub fn hold(&self, point: Point, after: usize) {
        let mut map = self.events.lock().unwrap();
        let queue = map.entry(point).or_default();
        queue.extend(std::iter::repeat_n(Event::Pass, after));
        queue.push(Event::Hold);
    }

    /// Lets what is held go on.
    pub fn release(&self) {
        self.gate.add_permits(1);
    }

    /// Ends when something hangs or is held.
    pub async fn somebody_hangs(&self) {
        self.hung.acquire().await.unwrap().forget();
    }

    async fn visit(&self, point: Point) -> Result<(), Fault> {
        let event = {
            let mut map = self.events.lock().unwrap();
            let queue = map.entry(point).or_default();
            if queue.is_empty() {
                None
            } else {
                Some(queue.remove(0))
            }
        };
        match event {
            None | Some(Event::Pass) => Ok(()),
            Some(Event::Fault(fault)) => Err(fault),
            Some(Event::Hold) => {
                self.hung.add_permits(1);
                self.gate.acquire().await.unwrap().forget();
                Ok(())
            }
            Some(Event::Hang) => {
                self.hung.add_permits(1);
                std::future::pending().await
            }
        }
    }
}

/// Runs nothing, remembers what runs.
#[derive(Default)]
pub struct FakeRuntime {
    pub script: Script,
    /// Version that counts as the new one.
    pub new: Mutex<Option<Version>>,
    pub vitals: Mutex<HashMap<Version, Vitals>>,
    pub prepared: AtomicUsize,
}

impl FakeRuntime {
    fn is_new(&self, unit: &Unit) -> bool {
        self.new.lock().unwrap().as_ref() == Some(&unit.version)
    }
}

#[async_trait]
impl Runtime for FakeRuntime {
    async fn prepare(&self, _: &PluginId, _: &Version) -> Result<(), Fault> {
        self.prepared.fetch_add(1, Ordering::SeqCst);
        self.script.visit(Point::Prepare).await
    }

    async fn preflight(&self, _: &Unit) -> Result<String, Fault> {
        self.script.visit(Point::Preflight).await?;
        Ok("healthy".to_owned())
    }

    async fn migrate(&self, _: &Unit, _: bool) -> Result<Option<String>, Fault> {
        self.script.visit(Point::Migrate).await?;
        Ok(Some("migrated".to_owned()))
    }

    async fn probe(&self, unit: &Unit) -> Result<(), Fault> {
        let point = if self.is_new(unit) {
            Point::ProbeNew
        } else {
            Point::ProbeOld
        };
        self.script.visit(point).await
    }

    fn vitals(&self, unit: &Unit) -> Option<Vitals> {
        self.vitals.lock().unwrap().get(&unit.version).cloned()
    }

    async fn stop(&self, _: &Unit) {}

    async fn stop_every(&self, _: TenantId, _: &PluginId) {}
}

/// Believes what the script does not forbid.
pub struct FakeVerifier {
    pub script: Script,
    pub facts: Mutex<Facts>,
}

impl FakeVerifier {
    pub fn new(script: Script) -> Self {
        Self {
            script,
            facts: Mutex::new(Facts {
                name: "Notes".to_owned(),
                kind: "wasm".to_owned(),
                permissions: vec![],
                requires: vec![],
                conflicts: vec![],
                corex_version: None,
                migrates: true,
                signed_by: "Example".to_owned(),
            }),
        }
    }
}

#[async_trait]
impl Verifier for FakeVerifier {
    async fn verify(&self, _: &Path, _: &Claim) -> Result<Facts, Fault> {
        self.script.visit(Point::Verify).await?;
        Ok(self.facts.lock().unwrap().clone())
    }

    async fn unpack(&self, _: &Path, into: &Path) -> Result<(), Fault> {
        std::fs::write(into.join("half"), "x").unwrap();
        self.script.visit(Point::Unpack).await?;
        std::fs::write(into.join("plugin.yaml"), "id: x").unwrap();
        Ok(())
    }

    fn listing(&self, _: &ListedVersion) -> Result<(), Fault> {
        Ok(())
    }

    fn trust(&self, _: &TrustDocument) -> Result<(), Fault> {
        Ok(())
    }
}

/// The bytes at an address: different for each, always the same.
pub fn bundle(source: &str) -> Bytes {
    source.bytes().cycle().take(4096).collect()
}

/// Serves bytes; cuts connections after a number of bytes while cuts are left.
pub struct FakeOrigin {
    pub script: Script,
    /// Bytes sent in place of the right ones.
    pub forged: Mutex<Option<Bytes>>,
    pub cuts: AtomicUsize,
    pub opened: Mutex<Vec<u64>>,
}

impl FakeOrigin {
    pub fn new(script: Script) -> Self {
        Self {
            script,
            forged: Mutex::default(),
            cuts: AtomicUsize::new(0),
            opened: Mutex::default(),
        }
    }
}

#[async_trait]
impl Origin for FakeOrigin {
    async fn open(&self, source: &str, offset: u64) -> Result<Opened, Fault> {
        self.opened.lock().unwrap().push(offset);
        self.script.visit(Point::Open).await?;
        let forged = self.forged.lock().unwrap().clone();
        let bytes = forged.unwrap_or_else(|| bundle(source));
        let rest = bytes.slice(usize::try_from(offset).unwrap()..);
        let cut = self
            .cuts
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
            .is_ok();
        let chunks: Vec<Result<Bytes, Fault>> = if cut {
            vec![
                Ok(rest.slice(..rest.len() / 2)),
                Err(Fault::infrastructure(Code::DownloadFailed, "cut", "cut")),
            ]
        } else {
            vec![Ok(rest)]
        };
        Ok(Opened {
            offset,
            total: Some(bytes.len() as u64),
            chunks: futures::stream::iter(chunks).boxed(),
        })
    }
}
