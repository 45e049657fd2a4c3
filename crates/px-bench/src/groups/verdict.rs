//! Verdicts: time and memory by size.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use px_package::pack::{PackOptions, pack_file};

use super::{Surroundings, without};
use crate::figure::{Aim, Figure, median};
use crate::process::{self, Ran};
use crate::tree;

/// An inert pattern, so that `clamscan` has something to look for.
const PATTERN: &str = "Bench.Inert:0:*:70782d62656e63682d696e6572742d7061747465726e\n";

/// Takes the figures.
///
/// # Errors
/// When a program fails.
pub fn take(around: &Surroundings, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let folder = around.folder("verdict")?;
    let component = fs::read(around.component())?;
    let scanner = Scanner::find(around, &folder)?;
    let sizes: &[usize] = if around.quick {
        &[1]
    } else {
        &[1, 10, 100, 500]
    };
    for &size in sizes {
        let plugin = folder.join("plugin");
        tree::plugin(&plugin, &component, size * 3_000_000 / 2)?;
        let bundle = folder.join("bundle.pxp");
        pack_file(&plugin, PackOptions::default(), &bundle)?;
        fs::remove_dir_all(&plugin)?;
        let runs = if size > 50 { 1 } else { around.amount(3, 1) };
        one(
            around,
            &folder,
            &bundle,
            size,
            runs,
            scanner.as_ref(),
            figures,
        )?;
        fs::remove_file(&bundle)?;
    }
    Ok(())
}

fn one(
    around: &Surroundings,
    folder: &Path,
    bundle: &Path,
    size: usize,
    runs: u32,
    scanner: Option<&Scanner>,
    figures: &mut Vec<Figure>,
) -> anyhow::Result<()> {
    let (mut ours, mut theirs): (Vec<Ran>, Vec<Ran>) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let mut command = Command::new(around.program("px-plugin"));
        command.arg("check").arg(bundle).env("HOME", folder);
        // What it finds (there is no signature) is of no interest here.
        ours.push(process::run(&mut command, &[0, 1, 2, 3])?);
        if let Some(scanner) = scanner {
            theirs.push(scanner.run(bundle)?);
        }
    }
    let seconds = |runs: &[Ran]| median(&runs.iter().map(|r| r.seconds).collect::<Vec<_>>());
    let memory = |runs: &[Ran]| runs.iter().map(|r| r.peak_mib).fold(0.0, f64::max);
    let mut time = Figure::new(format!("verdict, {size} MB"), seconds(&ours), "s");
    let mut peak = Figure::new(format!("memory, {size} MB"), memory(&ours), "MiB");
    if scanner.is_some() {
        time = time.beside("`clamscan`", seconds(&theirs));
        peak = peak.beside("`clamscan`", memory(&theirs));
        if size == 1 {
            time = time.note(
                "`clamscan` unpacks and scans the same bundle with one inert pattern, without its real data base (which takes it about 10 s and 1 GiB to load)",
            );
        }
    } else {
        time = without(time, "clamscan");
    }
    if size == 10 {
        time = time.aim(Aim::AtMost(2.0));
    }
    if size == 500 {
        peak = peak.aim(Aim::AtMost(256.0));
    }
    figures.extend([time, peak]);
    Ok(())
}

struct Scanner {
    program: PathBuf,
    patterns: PathBuf,
}

impl Scanner {
    fn find(around: &Surroundings, folder: &Path) -> anyhow::Result<Option<Self>> {
        let Some(program) = around.peer("clamscan") else {
            return Ok(None);
        };
        let patterns = folder.join("bench.ndb");
        fs::write(&patterns, PATTERN)?;
        Ok(Some(Self { program, patterns }))
    }

    fn run(&self, bundle: &Path) -> anyhow::Result<Ran> {
        let mut command = Command::new(&self.program);
        command
            .arg(format!("--database={}", self.patterns.display()))
            .args([
                "--max-filesize=1900M",
                "--max-scansize=1900M",
                "--max-files=100000",
            ])
            .args(["--max-scantime=600000", "--no-summary"])
            .arg(bundle);
        process::run(&mut command, &[0])
    }
}
