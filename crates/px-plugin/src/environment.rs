//! Everything the program takes from its surroundings.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

/// Asks a person for a secret without showing it.
pub type SecretPrompt = Arc<dyn Fn(&str) -> io::Result<String> + Send + Sync>;

/// Tells the present time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Fills a buffer with unpredictable bytes.
pub type Randomness = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The surroundings: variables, folder, streams, clock and randomness.
///
/// Tests and multi-call binaries build their own; [`Environment::system`] is the real one.
pub struct Environment {
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// Folder that relative paths start from.
    pub directory: PathBuf,
    /// Input, read by the `--…-stdin` options.
    pub stdin: Box<dyn Read + Send>,
    /// Results go here.
    pub stdout: Box<dyn Write + Send>,
    /// Progress and errors go here.
    pub stderr: Box<dyn Write + Send>,
    /// Columns of the terminal behind `stdout`; none when it is not one.
    pub stdout_columns: Option<u16>,
    /// Columns of the terminal behind `stderr`; none when it is not one.
    pub stderr_columns: Option<u16>,
    /// How to ask for a secret; none when nobody sits there.
    pub prompt: Option<SecretPrompt>,
    /// The present time.
    pub clock: Clock,
    /// Fills a buffer from a cryptographically secure source.
    pub random: Randomness,
}

impl Environment {
    /// The process's own surroundings.
    #[must_use]
    pub fn system() -> Self {
        let columns = |size: Option<(terminal_size::Width, terminal_size::Height)>| {
            size.map(|(width, _)| width.0).filter(|width| *width > 0)
        };
        let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
        let prompt: Option<SecretPrompt> = (stdin.is_terminal() && stderr.is_terminal())
            .then(|| Arc::new(ask_secret) as SecretPrompt);
        Self {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            stdout_columns: stdout
                .is_terminal()
                .then(|| columns(terminal_size::terminal_size_of(&stdout)).unwrap_or(80)),
            stderr_columns: stderr
                .is_terminal()
                .then(|| columns(terminal_size::terminal_size_of(&stderr)).unwrap_or(80)),
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            prompt,
            clock: Arc::new(Timestamp::now),
            random: Arc::new(|out| rand::fill(out)),
        }
    }
}

fn ask_secret(question: &str) -> io::Result<String> {
    let terminal = console::Term::stderr();
    terminal.write_str(question)?;
    terminal.read_secure_line()
}
