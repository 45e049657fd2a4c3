//! The console in a real browser: stories and pages (`browser`), pictures for README and docs
//! (`screenshots`), and Lighthouse's marks (`lighthouse`). The scripts are in `browser/`; what they
//! need from npm is installed into the target folder, never into the source tree.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::steps::{cargo, root};

/// Programs a browser run needs, and the Debian package of each.
const PROGRAMS: [(&str, &str); 2] = [("node", "nodejs"), ("npm", "npm")];

/// The oldest major version of node that the packages run on.
const NODE: u32 = 20;
/// Where Chromium is looked for, as `browser/lib/visitor.mjs` does.
const CHROMIUM: [&str; 3] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

/// Runs one of the three commands with the words after it.
pub fn run(command: &str, words: &[&str]) -> ExitCode {
    match go(command, words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The stories as a step of `cargo xtask test`: left out, and said so, where the machine cannot.
pub fn step() -> bool {
    let left_out = |why: &str| println!("==> browser: LEFT OUT: {why}");
    if let Err(missing) = possible() {
        left_out(&missing);
        return true;
    }
    if let Err(why) = install(false) {
        left_out(&why);
        return true;
    }
    println!("==> browser");
    go("browser", &["--quick"]).unwrap_or_else(|message| {
        eprintln!("error: {message}");
        false
    })
}

/// Whether this machine can run them; otherwise what is missing.
fn possible() -> Result<(), String> {
    for (program, package) in PROGRAMS {
        let there = Command::new(program).arg("--version").output();
        let Some(version) = there.ok().filter(|o| o.status.success()) else {
            return Err(format!("`{program}` is missing (Debian: {package})"));
        };
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        let major = version.trim_start_matches('v').split('.').next();
        if program == "node" && major.and_then(|m| m.parse().ok()).unwrap_or(0) < NODE {
            return Err(format!("node is {}, {NODE} is needed", version.trim()));
        }
    }
    let named = std::env::var_os("CHROMIUM").is_some();
    if !named && !CHROMIUM.iter().any(|path| Path::new(path).exists()) {
        return Err("Chromium is missing (Debian: chromium)".to_owned());
    }
    Ok(())
}

fn go(command: &str, words: &[&str]) -> Result<bool, String> {
    possible()?;
    let (powerx, words) = powerx(words)?;
    let folder = install(command == "lighthouse")?;
    let script = match command {
        "browser" => "run.mjs",
        "screenshots" => "screenshots.mjs",
        _ => "lighthouse.mjs",
    };
    let repository = root().canonicalize().map_err(|e| e.to_string())?;
    Command::new("node")
        .arg(script)
        .arg("--powerx")
        .arg(powerx)
        .arg("--repository")
        .arg(repository)
        .args(words)
        .current_dir(folder)
        .status()
        .map(|status| status.success())
        .map_err(|e| format!("node: {e}"))
}

/// The server to try: the one that `--powerx` names, else one that is built now.
fn powerx<'a>(words: &[&'a str]) -> Result<(OsString, Vec<&'a str>), String> {
    if let [before @ .., "--powerx", path] = words {
        let path = Path::new(path).canonicalize();
        let path = path.map_err(|e| format!("--powerx: {e}"))?;
        return Ok((path.into(), before.to_vec()));
    }
    println!("==> building powerx");
    let built = cargo(&[
        "build",
        "--locked",
        "--package",
        "px-server",
        "--bin",
        "powerx",
    ])
    .status();
    if !built.is_ok_and(|status| status.success()) {
        return Err("powerx does not build".to_owned());
    }
    let name = format!("powerx{}", std::env::consts::EXE_SUFFIX);
    Ok((target().join("debug").join(name).into(), words.to_vec()))
}

fn target() -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    named.unwrap_or_else(|| root().join("target"))
}

/// Copies the scripts beside the packages they use and installs those. Only what is pinned in the
/// lock file is installed, and nothing when it is there already.
fn install(lighthouse: bool) -> Result<PathBuf, String> {
    let (source, folder) = (root().join("browser"), target().join("browser"));
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    let lock = |at: &Path| std::fs::read(at.join("package-lock.json")).ok();
    let mut places = vec![(source.clone(), folder.clone())];
    if lighthouse {
        places.push((source.join("marks"), folder.join("marks")));
    }
    for (from, to) in &places {
        let installed = to.join("node_modules").exists() && lock(from) == lock(to);
        copy(from, to).map_err(failed)?;
        if installed {
            continue;
        }
        println!("==> installing the packages of {}", from.display());
        let npm = Command::new("npm")
            .args(["ci", "--omit=optional", "--ignore-scripts", "--no-audit"])
            .args(["--no-fund", "--loglevel=error"])
            .current_dir(to)
            .status();
        if !npm.is_ok_and(|status| status.success()) {
            return Err("npm could not install what the browser tests need".to_owned());
        }
    }
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (path, there) = (entry.path(), to.join(entry.file_name()));
        if !entry.file_type()?.is_dir() {
            std::fs::copy(path, there)?;
        } else if entry.file_name() != "node_modules" {
            copy(&path, &there)?;
        }
    }
    Ok(())
}
