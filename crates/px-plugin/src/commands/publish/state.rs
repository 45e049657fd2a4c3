//! What is known about a publish under way, kept so that a killed process can go on.
//!
//! `.powerx/publish/REQUEST_ID.json` and the signed bundle beside it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use px_api::market::{PublishAnswer, PublishRequest};
use serde::{Deserialize, Serialize};

use super::receipt::Receipt;
use crate::failure::Failure;
use crate::files::{self, Access};

/// How far a publish is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// The signed bundle is on disk.
    Packed,
    /// The Marketplace knows the version.
    Registered,
    /// Every byte has arrived.
    Uploaded,
    /// The review was asked for and the receipt written.
    Submitted,
}

/// A publish.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// Version of this format.
    pub schema: u32,
    /// Names the files; the first request's id.
    pub name: String,
    /// How far it is.
    pub step: Step,
    /// When it began.
    pub started_at: Timestamp,
    /// The Marketplace.
    pub api_url: String,
    /// What was, or will be, sent.
    pub request: PublishRequest,
    /// What the Marketplace answered.
    pub answer: Option<PublishAnswer>,
    /// Bytes that the Marketplace has.
    pub uploaded_bytes: u64,
    /// Tries that failed so far.
    pub retries: u32,
    /// The receipt, once there is one.
    pub receipt: Option<Receipt>,
}

/// The folder of publishes of one project.
pub struct Publishes {
    folder: PathBuf,
}

/// Keeps other processes from working on the same publish; gone when the process is.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock lives as long as the file is open")] File);

impl Publishes {
    /// The folder of a project.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        Self {
            folder: dir.join(".powerx").join("publish"),
        }
    }

    /// Where the signed bundle of a publish is.
    #[must_use]
    pub fn bundle(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.pxp"))
    }

    /// Makes the folder.
    ///
    /// # Errors
    /// Names the folder.
    pub fn prepare(&self) -> Result<(), Failure> {
        files::make_folder(&self.folder, Access::Shared)
    }

    /// Takes a publish for this process.
    ///
    /// # Errors
    /// When another process has it.
    pub fn lock(&self, name: &str) -> Result<Lock, Failure> {
        self.prepare()?;
        let path = self.folder.join(format!("{name}.lock"));
        let open = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = open.map_err(|error| Failure::file(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(Failure::usage(
                format!("another process is working on the publish `{name}`"),
                "Wait for it, or end it first.",
            )),
            Err(TryLockError::Error(error)) => Err(Failure::file(&path, &error)),
        }
    }

    /// Writes a publish down.
    ///
    /// # Errors
    /// Names the file.
    pub fn store(&self, state: &State) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(state).unwrap_or_default();
        let path = self.folder.join(format!("{}.json", state.name));
        files::write(&path, format!("{text}\n").as_bytes(), Access::Shared)
    }

    /// Removes the bundle and the lock of a publish that is done.
    pub fn tidy(&self, name: &str) {
        for suffix in ["pxp", "lock"] {
            // What stays is only clutter.
            let _ = fs::remove_file(self.folder.join(format!("{name}.{suffix}")));
        }
    }

    /// Every publish, oldest first. Files that are none are passed over.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn all(&self) -> Result<Vec<State>, Failure> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Failure::file(&self.folder, &error)),
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut states: Vec<State> = paths
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .filter_map(|path| serde_json::from_str(&fs::read_to_string(path).ok()?).ok())
            .collect();
        states.sort_by_key(|state| state.started_at);
        Ok(states)
    }

    /// The publish to go on with: by publish id or request id, or the last one that is not done.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(&self, id: &str) -> Result<State, Failure> {
        let states = self.all()?;
        let known: Vec<String> = states.iter().map(State::id).collect();
        let open = |state: &State| state.step != Step::Submitted;
        let found = if id.is_empty() {
            states.into_iter().rfind(open)
        } else {
            states.into_iter().rfind(|state| state.is_called(id))
        };
        found.ok_or_else(|| {
            let detail = if id.is_empty() {
                "no publish of this project is under way".to_owned()
            } else {
                format!("this project has no publish `{id}`")
            };
            let hint = if known.is_empty() {
                "Begin with `px-plugin publish`.".to_owned()
            } else {
                format!("Known here: {}.", known.join(", "))
            };
            Failure::usage(detail, hint)
        })
    }
}

impl State {
    /// Name for people: the publish id once there is one.
    #[must_use]
    pub fn id(&self) -> String {
        self.answer.as_ref().map_or_else(
            || self.request.publish_request_id.clone(),
            |answer| answer.publish_id.to_string(),
        )
    }

    fn is_called(&self, id: &str) -> bool {
        self.name == id || self.request.publish_request_id == id || self.id() == id
    }
}

/// Whether a request id can name files.
#[must_use]
pub fn is_file_name(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && !id.starts_with('.')
}
