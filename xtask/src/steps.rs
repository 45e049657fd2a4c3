//! The steps of `cargo xtask test`.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use crate::needs;
use crate::postgres::{Postgres, URL_VARIABLE};

/// One thing that must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `cargo fmt --check`.
    Format,
    /// `cargo clippy`, warnings are errors.
    Lint,
    /// All tests.
    Tests,
}

impl Step {
    /// Reads the word after `--only`.
    pub fn parse(word: &str) -> Result<Self, String> {
        match word {
            "fmt" => Ok(Self::Format),
            "lint" => Ok(Self::Lint),
            "tests" => Ok(Self::Tests),
            other => Err(format!("`--only {other}`: it is one of fmt, lint, tests")),
        }
    }
}

/// What the caller wants.
#[derive(Debug)]
pub struct Options {
    /// Only these steps; all when empty.
    pub only: Vec<Step>,
    /// Only tests with this in their name.
    pub filter: Option<String>,
    /// Whether missing programs may be installed.
    pub install: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            filter: None,
            install: true,
        }
    }
}

/// Runs the steps in order; a failed one ends the run. The tests come last, so that the closing
/// lines of their runner are the last ones printed.
pub fn run(options: &Options) -> ExitCode {
    let wanted = |step| options.only.is_empty() || options.only.contains(&step);
    if wanted(Step::Format) || wanted(Step::Lint) {
        needs::rust_components();
    }
    if wanted(Step::Tests) {
        needs::programs(options.install);
    }
    if wanted(Step::Format) && !step("formatting", &mut cargo(&["fmt", "--all", "--check"])) {
        eprintln!("help: `cargo fmt --all` mends it");
        return ExitCode::FAILURE;
    }
    if wanted(Step::Lint) {
        let lint = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ];
        if !step("lints", &mut cargo(&lint)) {
            return ExitCode::FAILURE;
        }
    }
    if wanted(Step::Tests) && options.filter.is_none() && !samples() {
        return ExitCode::FAILURE;
    }
    if wanted(Step::Tests) && !tests(options.filter.as_deref()) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The root of the repository, wherever the command is called from.
pub fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The checked-in components are what their source builds; without the toolchain for them only the
/// digest of the source is compared, and the script says so.
fn samples() -> bool {
    /// The script's answer when there is no toolchain to build with.
    const NOT_BUILT: i32 = 3;
    println!("==> sample components");
    let mut script = Command::new("sh");
    script.arg("samples/rebuild.sh").current_dir(root());
    match script.status() {
        Ok(status) => status.success() || status.code() == Some(NOT_BUILT),
        Err(e) => {
            eprintln!("samples/rebuild.sh does not start: {e}");
            false
        }
    }
}

fn tests(filter: Option<&str>) -> bool {
    let targets = ["--workspace", "--lib", "--bins", "--tests", "--locked"];
    // Compiled first: the server need not wait for the compiler, and the time is seen apart.
    let mut build = cargo(&["test", "--no-run", "--quiet"]);
    if !step("compiling the tests", build.args(targets)) {
        return false;
    }
    let has_nextest = cargo(&["nextest", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    let mut command = if has_nextest {
        cargo(&["nextest", "run"])
    } else {
        cargo(&["test"])
    };
    command.args(targets).arg("--no-fail-fast").args(filter);
    let server = match std::env::var(URL_VARIABLE) {
        Ok(url) => {
            println!("==> PostgreSQL: using the server that {URL_VARIABLE} names ({url})");
            None
        }
        Err(_) => private_server(),
    };
    if let Some(server) = &server {
        command.env(URL_VARIABLE, server.url());
    }
    println!("==> tests");
    let passed = succeeds(&mut command);
    drop(server);
    passed
}

/// Without PostgreSQL the halves of the tests that use SQLite still run, and that is said.
fn private_server() -> Option<Postgres> {
    match Postgres::start() {
        Ok(server) => {
            println!("==> PostgreSQL: a private server at {}", server.url());
            Some(server)
        }
        Err(reason) => {
            println!("==> PostgreSQL: LEFT OUT, every test runs on SQLite only: {reason}");
            None
        }
    }
}

/// Runs a step and says how long it took.
fn step(name: &str, command: &mut Command) -> bool {
    println!("==> {name}");
    let started = Instant::now();
    let passed = succeeds(command);
    let outcome = if passed { "passed" } else { "FAILED" };
    println!(
        "==> {name} {outcome} after {} s",
        started.elapsed().as_secs()
    );
    passed
}

fn succeeds(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(e) => {
            eprintln!("error: {}: {e}", command.get_program().display());
            false
        }
    }
}

/// A cargo command at the root of the workspace, free of what the cargo that runs this program put
/// into the environment about it.
pub fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}
