//! What every command works with: surroundings, printer, time, randomness.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::config::Origin;
use crate::environment::{Clock, Environment, Randomness, SecretPrompt};
use crate::failure::Failure;
use crate::printer::{Manner, Printer};

/// One run of the program.
pub struct Session {
    /// The door to the terminal.
    pub printer: Printer,
    variables: BTreeMap<String, String>,
    directory: PathBuf,
    stdin: Mutex<Box<dyn Read + Send>>,
    prompt: Option<SecretPrompt>,
    clock: Clock,
    random: Randomness,
}

impl Session {
    /// Takes the surroundings over.
    pub fn new(environment: Environment, manner: Manner) -> Self {
        let printer = Printer::new(
            manner,
            (environment.stdout, environment.stdout_columns),
            (environment.stderr, environment.stderr_columns),
            &environment.variables,
        );
        Self {
            printer,
            variables: environment.variables,
            directory: environment.directory,
            stdin: Mutex::new(environment.stdin),
            prompt: environment.prompt,
            clock: environment.clock,
            random: environment.random,
        }
    }

    /// An environment variable; an empty one counts as absent.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?;
        (!value.trim().is_empty()).then_some(value.trim())
    }

    /// Names of all environment variables.
    pub fn variable_names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// A path as the caller wrote it, from the folder the program was started in.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        if path == Path::new(".") || path.as_os_str().is_empty() {
            return self.directory.clone();
        }
        self.directory.join(path)
    }

    /// A path for people: relative to the present folder or to the home folder where that is shorter.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        match path.strip_prefix(&self.directory) {
            Ok(inside) if inside.as_os_str().is_empty() => return ".".to_owned(),
            Ok(inside) => return inside.display().to_string(),
            Err(_) => {}
        }
        let home = self.home().ok();
        match home.as_ref().and_then(|home| path.strip_prefix(home).ok()) {
            Some(inside) if cfg!(unix) => Path::new("~").join(inside).display().to_string(),
            _ => path.display().to_string(),
        }
    }

    /// Where a setting came from, for people.
    #[must_use]
    pub fn origin(&self, origin: &Origin) -> String {
        match origin {
            Origin::User(path) => self.shown(path),
            other => other.to_string(),
        }
    }

    /// The author's home folder.
    ///
    /// # Errors
    /// When neither `HOME` nor `USERPROFILE` is set.
    pub fn home(&self) -> Result<PathBuf, Failure> {
        self.variable("HOME")
            .or_else(|| self.variable("USERPROFILE"))
            .map(|home| self.directory.join(home))
            .ok_or_else(|| {
                Failure::setting(
                    "neither HOME nor USERPROFILE is set",
                    "Set HOME to a folder you may write to.",
                )
            })
    }

    /// The present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Fills a buffer with unpredictable bytes.
    pub fn fill(&self, out: &mut [u8]) {
        (self.random)(out);
    }

    /// A random number from 0 to 1, for jitter.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }

    /// A fresh id that sorts by time (UUID version 7, RFC 9562).
    #[must_use]
    pub fn uuid(&self) -> uuid::Uuid {
        let mut bytes = [0; 10];
        self.fill(&mut bytes);
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }

    /// Reads a secret: from standard input when `piped`, else from a person.
    ///
    /// # Errors
    /// When there is none, or nobody to ask.
    pub fn secret(&self, piped: bool, question: &str, option: &str) -> Result<String, Failure> {
        let missing = || {
            Failure::usage(
                "no secret was given",
                format!("Pipe it in: `… | px-plugin COMMAND {option}`."),
            )
        };
        let text = if piped {
            let mut text = String::new();
            let mut stdin = self.stdin.lock().unwrap_or_else(PoisonError::into_inner);
            (&mut *stdin)
                .take(64 * 1024)
                .read_to_string(&mut text)
                .map_err(|error| Failure::file(Path::new("standard input"), &error))?;
            text
        } else {
            let prompt = self.prompt.as_ref().ok_or_else(missing)?;
            prompt(question).map_err(|error| Failure::file(Path::new("terminal"), &error))?
        };
        let text = text.trim().to_owned();
        if text.is_empty() {
            Err(missing())
        } else {
            Ok(text)
        }
    }

    /// Runs asynchronous work to its end.
    ///
    /// # Errors
    /// Those of the work, or that the system gives no event loop.
    pub fn block_on<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::file(Path::new("event loop"), &error))?
            .block_on(work)
    }
}
