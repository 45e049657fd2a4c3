//! `cargo xtask strangers`: clients that nobody here wrote, at the real servers.
//!
//! This makes what they need; `strangers/run.py` starts the servers and lets the clients at them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::needs;
use crate::postgres::URL_VARIABLE;
use crate::steps::{cargo, private_server, root, step, succeeds};

/// What the caller wants.
#[derive(Debug)]
pub struct Options {
    only: Vec<String>,
    install: bool,
}

impl Options {
    /// Whether this script is among the chosen ones.
    fn wants(&self, script: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| script.contains(word.as_str()))
    }
}

/// Reads the words after `strangers`.
///
/// # Errors
/// What is wrong with them.
pub fn parse(words: &[&str]) -> Result<Options, String> {
    let mut options = Options {
        only: Vec::new(),
        install: true,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--only" => {
                let name = words.next().ok_or("`--only` needs a value")?;
                options.only.push((*name).to_owned());
            }
            "--no-install" => options.install = false,
            other => return Err(format!("`strangers` has no option `{other}`")),
        }
    }
    Ok(options)
}

/// Builds the programs, gets the clients, and runs them; fails when one of them fails.
pub fn run(options: &Options) -> ExitCode {
    match try_run(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn try_run(options: &Options) -> io::Result<bool> {
    needs::programs(options.install, needs::STRANGERS);
    let mut build = cargo(&["build", "--locked", "-p", "px-server", "-p", "px-plugin"]);
    if !step("compiling the programs", build.arg("--bins")) {
        return Ok(false);
    }
    // This program lies where cargo has just put the others.
    let this = std::env::current_exe()?;
    let programs = this.parent().ok_or(io::ErrorKind::NotFound)?;
    let work = programs.parent().unwrap_or(programs).join("strangers");
    fs::create_dir_all(&work)?;
    let from = root().join("strangers");
    let mut runner = Command::new("python3");
    runner
        .arg("-B")
        .arg(from.join("run.py"))
        .arg("--programs")
        .arg(programs)
        .arg("--work")
        .arg(&work);
    match python(&from, &work) {
        Ok(python) => drop(runner.arg("--python").arg(python)),
        Err(reason) => println!("==> LEFT OUT, the clients written in Python: {reason}"),
    }
    match node(&from, &work) {
        Ok(folder) => drop(runner.arg("--node").arg(folder)),
        Err(reason) => println!("==> LEFT OUT, the clients written in JavaScript: {reason}"),
    }
    if options.wants("bundles_s3.py") {
        match s3_server(&work) {
            Ok(program) => drop(runner.arg("--s3").arg(program)),
            Err(reason) => println!("==> LEFT OUT, bundles on an S3-compatible server: {reason}"),
        }
    }
    for name in &options.only {
        runner.arg("--only").arg(name);
    }
    // For back-up and restore on PostgreSQL.
    let server = private_server();
    if let Some(server) = &server {
        runner.env(URL_VARIABLE, server.url());
    }
    Ok(succeeds(&mut runner))
}

/// A Python with the packages of `requirements.txt`.
fn python(from: &Path, work: &Path) -> io::Result<PathBuf> {
    let folder = work.join("python");
    let program = folder.join("bin/python");
    let list = from.join("requirements.txt");
    let current = Stamp::of(&folder, &[&list])?;
    if !(program.is_file() && current.holds()) {
        println!("==> getting the Python packages");
        let made = Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder)
            .status()?;
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ];
        if !made.success() || !succeeds(Command::new(&program).args(pip).arg(&list)) {
            return Err(io::Error::other("their environment could not be made"));
        }
        current.write()?;
    }
    Ok(program)
}

/// A folder with the `node_modules` of `package.json`.
fn node(from: &Path, work: &Path) -> io::Result<PathBuf> {
    let folder = work.join("node");
    fs::create_dir_all(&folder)?;
    let lists = ["package.json", "package-lock.json"].map(|name| from.join(name));
    for list in &lists {
        fs::copy(list, folder.join(list.file_name().unwrap_or_default()))?;
    }
    let current = Stamp::of(&folder, &[&lists[0], &lists[1]])?;
    if !(folder.join("node_modules").is_dir() && current.holds()) {
        println!("==> getting the JavaScript packages");
        let mut npm = Command::new("npm");
        npm.args([
            "ci",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
        ])
        .current_dir(&folder)
        .stdin(Stdio::null());
        if !npm.status()?.success() {
            return Err(io::Error::other("npm could not install them"));
        }
        current.write()?;
    }
    Ok(folder)
}

/// An S3-compatible server, built once from its published crate: those on PyPI and npm (moto, s3rver)
/// take wrong signatures.
fn s3_server(work: &Path) -> io::Result<PathBuf> {
    const VERSION: &str = "0.14.1";
    let root = work.join(format!("s3s-fs-{VERSION}"));
    let program = root.join("bin/s3s-fs");
    if !program.is_file() {
        println!("==> building s3s-fs {VERSION}; once, this takes minutes");
        let words = ["install", "s3s-fs", "--locked", "--debug", "--quiet"];
        let mut install = cargo(&words);
        install.args(["--version", VERSION, "--features", "binary", "--root"]);
        install
            .arg(&root)
            .env("CARGO_TARGET_DIR", work.join("s3s-fs-build"));
        if !succeeds(&mut install) {
            return Err(io::Error::other("s3s-fs could not be built"));
        }
    }
    Ok(program)
}

/// What a folder of packages was made from, so that the next run need not make it again.
struct Stamp {
    file: PathBuf,
    text: String,
}

impl Stamp {
    fn of(folder: &Path, lists: &[&Path]) -> io::Result<Self> {
        let texts: io::Result<Vec<_>> = lists.iter().map(fs::read_to_string).collect();
        Ok(Self {
            file: folder.join("made-from"),
            text: texts?.join("\n"),
        })
    }

    fn holds(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.text)
    }

    fn write(&self) -> io::Result<()> {
        fs::write(&self.file, &self.text)
    }
}
