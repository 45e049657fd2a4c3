//! `cargo xtask bench`: builds the programs as they are shipped, and has their figures taken.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::steps::{cargo, root};

/// Release of `wasmtime` that is measured beside the gateway: the one the gateway is made of.
const WASMTIME: &str = "48.0.8";
const GROUPS: &str =
    "package, verdict, publish, gateway, install, large, webhooks, search, footprint";

/// Reads the words after `bench` and runs.
pub fn run(words: &[&str]) -> Result<ExitCode, String> {
    let (mut only, mut install, mut quick) = (Vec::new(), false, false);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "--only" => match rest.next() {
                Some(group) if GROUPS.split(", ").any(|known| known == *group) => only.push(*group),
                _ => return Err(format!("`--only` takes one of {GROUPS}")),
            },
            "--install" => install = true,
            "--quick" => quick = true,
            other => return Err(format!("`bench` has no option `{other}`")),
        }
    }
    let folder = target();
    let tools = folder.join("tools");
    if install && !tools.join("bin/wasmtime").is_file() {
        println!("==> building wasmtime {WASMTIME}; this takes minutes");
        let arguments = [
            "install",
            "wasmtime-cli",
            "--locked",
            "--version",
            WASMTIME,
            "--root",
        ];
        succeed(
            cargo(&arguments)
                .arg(&tools)
                .env("CARGO_TARGET_DIR", tools.join("build")),
        )?;
    }
    println!("==> building the programs");
    let packages = ["-p", "px-server", "-p", "px-plugin", "-p", "px-bench"];
    succeed(cargo(&["build", "--release", "--locked"]).args(packages))?;
    let programs = folder.join("release");
    let mut command = Command::new(programs.join("px-bench"));
    let typed: Vec<&str> = ["cargo xtask bench"].iter().chain(words).copied().collect();
    command
        .arg("run")
        .arg("--root")
        .arg(root())
        .arg("--programs")
        .arg(&programs)
        .arg("--tools")
        .arg(tools.join("bin"))
        .arg("--json")
        .arg(folder.join("bench.json"))
        .args(["--typed", &typed.join(" ")]);
    // Only a whole and earnest run replaces the page.
    let page = if only.is_empty() && !quick {
        root().join("docs/benchmarks.md")
    } else {
        folder.join("benchmarks.md")
    };
    command.arg("--markdown").arg(&page);
    for group in &only {
        command.args(["--only", group]);
    }
    if quick {
        command.arg("--quick");
    }
    let whole = command
        .status()
        .map_err(|e| format!("px-bench: {e}"))?
        .success();
    println!("==> written to {}", page.display());
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The folder cargo builds into.
pub fn target() -> PathBuf {
    let set = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let folder = set.unwrap_or_else(|| Path::new("target").to_owned());
    root().join(folder)
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(e) => Err(format!("{name}: {e}")),
    }
}
