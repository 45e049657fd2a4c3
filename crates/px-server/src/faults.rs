//! Faults on request, for the tests that end, stop and starve the real programs.
//!
//! Part of builds with debug assertions only: the line below does not compile in any other, so no
//! released program can hold this file, whatever the module list says.
//!
//! The variable [`FOLDER`] names a folder. A file in it whose name is that of a place
//! (`install.fetching.before@SUBJECT`) says what happens to work that passes there: `hold` keeps it
//! there until the file is gone or says something else, `fail N` lets it fail N times. What was
//! met is written beside it, with `.met` at the end. The file `clock` holds the number of seconds by
//! which this process's clock is wrong.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use px_store::{Clock, Env, FaultPoints, Point, SystemClock, SystemRandomness};

const _: () = assert!(cfg!(debug_assertions));

/// Names the folder.
const FOLDER: &str = "PX_FAULT_FOLDER";
/// Time between two looks at a file.
const LOOK: Duration = Duration::from_millis(10);

/// Surroundings with faults in them, when somebody asks for them.
pub fn surroundings() -> Option<Env> {
    let folder = PathBuf::from(std::env::var_os(FOLDER)?);
    let clock = WrongClock::follow(folder.join("clock"));
    Some(Env::new(clock, SystemRandomness).with_points(Places(folder)))
}

struct Places(PathBuf);

#[async_trait]
impl FaultPoints for Places {
    async fn pass(&self, point: &Point) -> io::Result<()> {
        let Point {
            machine,
            state,
            when,
            subject,
        } = point;
        let name = format!("{machine}.{state}.{}@{subject}", when.as_str());
        let file = self.0.join(&name);
        let met = self.0.join(format!("{name}.met"));
        loop {
            let Ok(order) = std::fs::read_to_string(&file) else {
                return Ok(());
            };
            if let Some(left) = order.strip_prefix("fail ") {
                let left: u32 = left.trim().parse().unwrap_or(1);
                match left {
                    0 | 1 => std::fs::remove_file(&file)?,
                    more => replace(&file, &format!("fail {}", more - 1))?,
                }
                std::fs::write(&met, "failed")?;
                return Err(io::Error::other(format!("put there by a test: {name}")));
            }
            if !met.exists() {
                replace(&met, "held")?;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Writes a file so that nobody reads half of it.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = file.with_file_name(name);
    std::fs::write(&part, text)?;
    std::fs::rename(part, file)
}

/// The machine's clock, wrong by as many seconds as a file says.
struct WrongClock(Arc<AtomicI64>);

impl WrongClock {
    fn follow(file: PathBuf) -> Self {
        let read = move || {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            text.trim().parse().unwrap_or_default()
        };
        let seconds = Arc::new(AtomicI64::new(read()));
        let written = Arc::clone(&seconds);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(LOOK);
                written.store(read(), Ordering::Relaxed);
            }
        });
        Self(seconds)
    }
}

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        let wrong = SignedDuration::from_secs(self.0.load(Ordering::Relaxed));
        SystemClock.now() + wrong
    }
}
