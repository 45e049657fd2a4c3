//! `cargo xtask fuzz`: lets the fuzzers look for inputs that parsers cannot take.

use std::fs;
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
            .arg(root().join("fuzz/seeds").join(name));
        command.args([
            "--",
            &limit,
            "-max_len=8192",
            "-timeout=20",
            "-print_final_stats=1",
        ]);
        if !succeeds(&mut command) {
            crashed.push(name);
        } else if keep {
            // Only what reaches code that nothing kept so far does.
            let mut command = fuzzer(name);
            command
                .args([&kept, &found])
                .args(["--", "-merge=1", "-max_len=8192"]);
            succeeds(&mut command);
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
