//! Runs the program in a home and a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// An author's machine.
pub struct Author {
    home: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The JSON document on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{self:?}"))
    }

    /// Fails the test unless the exit code is this one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n{}\n{}", self.out, self.err);
        self
    }
}

impl Author {
    pub fn new() -> Self {
        let home = TempDir::new().unwrap();
        std::fs::create_dir(home.path().join("work")).unwrap();
        Self {
            home,
            variables: Vec::new(),
        }
    }

    /// Sets an environment variable for every run that follows.
    pub fn set(&mut self, name: &str, value: impl ToString) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_string()));
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A path in the folder that commands run in.
    pub fn path(&self, path: &str) -> PathBuf {
        self.home.path().join("work").join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_px-plugin"));
        command
            .args(args)
            .current_dir(self.path(""))
            .env_clear()
            .env("HOME", self.home.path())
            .env("LANG", "C.UTF-8")
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    pub fn json(&self, args: &[&str]) -> Ran {
        let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
        self.run(&args)
    }

    pub fn run_with_input(&self, args: &[&str], input: &str) -> Ran {
        use std::io::Write;
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        ran(child.wait_with_output().unwrap())
    }

    /// Makes a static plugin in `notes`.
    pub fn plugin(&self) {
        self.run(&["init", "com.example.notes", "--kind", "static"])
            .expect(0);
    }

    /// Text without what differs from run to run.
    pub fn scrub(&self, text: &str) -> String {
        let home = self.home.path().display().to_string();
        let text = text.replace(&home, "HOME");
        let mut out = String::new();
        let mut word = String::new();
        for c in text.chars().chain(['\0']) {
            if c.is_ascii_hexdigit() && !c.is_ascii_uppercase() {
                word.push(c);
                continue;
            }
            let long = matches!(word.len(), 32 | 64) && word.chars().any(|c| c.is_ascii_digit());
            out.push_str(if long { "HEX" } else { &word });
            word.clear();
            if c != '\0' {
                out.push(c);
            }
        }
        out
    }
}

fn ran(output: std::process::Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
