//! `cargo xtask fuzz`: lets the fuzzers look for inputs that parsers cannot take.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::bench::target;
use crate::steps::{cargo, root};

/// Targets, one per parser of what strangers send.
const TARGETS: [&str; 4] = ["archive", "manifest", "signature", "feed"];

/// Reads the words after `fuzz` and runs.
pub fn run(words: &[&str]) -> Result<ExitCode, String> {
    let (mut seconds, mut only, mut keep) = (60_u32, Vec::new(), false);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "--seconds" => {
                let value = rest.next().and_then(|text| text.parse().ok());
                seconds = value.ok_or("`--seconds` takes a whole number")?;
            }
            "--only" => match rest.next() {
                Some(name) if TARGETS.contains(name) => only.push(*name),
                _ => return Err(format!("`--only` takes one of {}", TARGETS.join(", "))),
            },
            "--keep" => keep = true,
            other => return Err(format!("`fuzz` has no option `{other}`")),
        }
    }
    let known = cargo(&["fuzz", "--version"]).output();
    if !known.is_ok_and(|output| output.status.success()) {
        return Err(
            "cargo-fuzz is missing: `cargo install cargo-fuzz --locked` brings it".to_owned(),
        );
    }
    let mut crashed = Vec::new();
    for name in TARGETS {
        if !only.is_empty() && !only.contains(&name) {
            continue;
        }
        if !hunt(name, seconds, keep)? {
            crashed.push(name);
        }
    }
    if crashed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "==> FAILED: {}; the inputs are in fuzz/artifacts",
        crashed.join(", ")
    );
    Ok(ExitCode::FAILURE)
}

/// Lets one fuzzer look for `seconds`; answers whether it found nothing wrong.
fn hunt(name: &str, seconds: u32, keep: bool) -> Result<bool, String> {
    println!("==> {name}, {seconds} s");
    let found = target().join("fuzz-found").join(name);
    let kept = root().join("fuzz/corpus").join(name);
    for folder in [&found, &kept] {
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let limit = format!("-max_total_time={seconds}");
    let mut command = fuzzer(name);
    command
        .args([&found, &kept])
        .arg(root().join("fuzz/seeds").join(name))
        .args(["--", &limit])
        .args(["-max_len=8192", "-timeout=20", "-print_final_stats=1"]);
    let fine = succeeds(&mut command);
    if fine && keep {
        keep_few(name, &found, &kept)?;
    }
    Ok(fine)
}

/// Leaves in `kept` the fewest inputs, of its own and of those found, that reach every line reached
/// by any of them.
fn keep_few(name: &str, found: &Path, kept: &Path) -> Result<(), String> {
    let few = target().join("fuzz-kept").join(name);
    let told = |e: std::io::Error| format!("{}: {e}", few.display());
    match fs::remove_dir_all(&few) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(told(e)),
        _ => fs::create_dir_all(&few).map_err(told)?,
    }
    let mut command = fuzzer(name);
    command
        .args([&few, kept, found])
        .args(["--", "-set_cover_merge=1", "-max_len=8192"])
        // How often a line is reached matters while looking, not for what is kept.
        .arg("-use_counters=0");
    if !succeeds(&mut command) {
        return Err(format!("the inputs of {name} could not be merged"));
    }
    for old in fs::read_dir(kept).map_err(told)? {
        fs::remove_file(old.map_err(told)?.path()).map_err(told)?;
    }
    for new in fs::read_dir(&few).map_err(told)? {
        let new = new.map_err(told)?;
        fs::copy(new.path(), kept.join(new.file_name())).map_err(told)?;
    }
    Ok(())
}

/// The fuzzer's compiler is the toolchain at hand, with what it keeps for nightly builds let out.
fn fuzzer(name: &str) -> Command {
    let mut command = cargo(&["fuzz", "run", "--fuzz-dir", "fuzz", "-O", name]);
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", target().join("fuzz"));
    command
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
