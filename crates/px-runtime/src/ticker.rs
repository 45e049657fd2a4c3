//! The beat by which running components are looked at.

use crate::fault::LaunchFault;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Thread;
use std::time::Duration;
use wasmtime::Engine;

/// How often a running component is looked at: a spinning one gives way to others after this long.
const TICK: Duration = Duration::from_millis(10);

/// Beats without any work before the thread goes to sleep: a thread that beat for nobody would wake
/// a core a hundred times a second, and one that slept between any two requests would have to be
/// woken by each.
const CALM: u32 = 100;

/// Advances an engine's epoch while anything runs in it.
pub(crate) struct Ticker {
    beat: Arc<Beat>,
    thread: Thread,
}

#[derive(Default)]
struct Beat {
    running: AtomicUsize,
    asleep: AtomicBool,
    over: AtomicBool,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> Result<Self, LaunchFault> {
        let beat = Arc::new(Beat::default());
        let (engine, shared) = (engine.weak(), beat.clone());
        let thread = std::thread::Builder::new()
            .name("px-epoch".to_owned())
            .spawn(move || {
                while !shared.over.load(Ordering::SeqCst) {
                    shared.sleep_while_idle();
                    let Some(engine) = engine.upgrade() else {
                        break;
                    };
                    engine.increment_epoch();
                }
            })
            .map_err(LaunchFault::host)?;
        Ok(Self {
            beat,
            thread: thread.thread().clone(),
        })
    }

    /// Beats go on at least until what is answered is dropped.
    pub(crate) fn work(&self) -> Working {
        self.beat.running.fetch_add(1, Ordering::SeqCst);
        // Either the thread sees the work before it sleeps, or this sees that it sleeps.
        if self.beat.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Working(self.beat.clone())
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.beat.over.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl Beat {
    fn is_idle(&self) -> bool {
        self.running.load(Ordering::SeqCst) == 0 && !self.over.load(Ordering::SeqCst)
    }

    /// Ends a beat after the last one, or, when nothing runs for long, when something does again.
    fn sleep_while_idle(&self) {
        let mut calm = 0;
        loop {
            std::thread::sleep(TICK);
            if !self.is_idle() {
                return;
            }
            calm += 1;
            if calm >= CALM {
                break;
            }
        }
        self.asleep.store(true, Ordering::SeqCst);
        while self.is_idle() {
            std::thread::park();
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}

/// Something that runs.
pub(crate) struct Working(Arc<Beat>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
