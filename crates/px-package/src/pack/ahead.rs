//! Files compressed ahead by all cores; they are written in their order, so the bundle is the same.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::PackError;
use crate::archive::{Prepared, prepare};

/// Larger files are compressed while they are written: nothing of them is kept in memory.
pub const LARGEST: u64 = 8 * 1024 * 1024;
/// Bytes of files that are compressed together at most.
pub const TOGETHER: u64 = 48 * 1024 * 1024;

/// Compresses files; answers in their order.
pub fn compress(files: &[&Path]) -> Vec<Result<Prepared, PackError>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(files.len()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = files.get(at) else { break };
            let made = File::open(path)
                .and_then(prepare)
                .map_err(PackError::io(path));
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((at, made));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..workers.min(files.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}
