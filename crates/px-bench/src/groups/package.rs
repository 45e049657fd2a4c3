//! Pack and verify.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use px_package::pack::{PackOptions, pack_file};
use px_package::signature::{PublisherCa, PublisherIdentity, SigningKey, Validity, sign_bundle};
use rand::SeedableRng as _;

use super::{Surroundings, megabytes, without};
use crate::figure::{Aim, Figure, median};
use crate::process;
use crate::tree;

/// Takes the figures.
///
/// # Errors
/// When a program fails.
pub fn take(around: &Surroundings, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let folder = around.folder("package")?;
    let plugin = folder.join("plugin");
    let component = fs::read(around.component())?;
    let bytes = around.amount(100_000_000, 4_000_000) as usize;
    tree::plugin(&plugin, &component, bytes)?;
    let runs = around.amount(5, 1);
    pack(around, &folder, &plugin, runs, figures)?;
    verify(around, &folder, &plugin, runs, figures)?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn pack(
    around: &Surroundings,
    folder: &Path,
    plugin: &Path,
    runs: u32,
    figures: &mut Vec<Figure>,
) -> anyhow::Result<()> {
    let (ours, theirs) = (folder.join("ours.pxp"), folder.join("theirs.zip"));
    let zip = around.peer("zip");
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let mut command = Command::new(around.program("px-plugin"));
        command.args(["pack", "--out"]).arg(&ours).arg(plugin);
        a.push(process::run(command.env("HOME", folder), &[0])?.seconds);
        if let Some(zip) = &zip {
            let _ = fs::remove_file(&theirs);
            let mut command = Command::new(zip);
            command.args(["-q", "-r"]).arg(&theirs).arg(".");
            b.push(process::run(command.current_dir(plugin), &[0])?.seconds);
        }
    }
    let total = tree_megabytes(plugin)?;
    let figure = Figure::new("pack 100 MB", total / median(&a), "MB/s");
    figures.push(if zip.is_some() {
        let note = format!(
            "our bundle has {:.1} MB, `zip -r` made {:.1} MB; ours also holds the SHA-256 of every file",
            megabytes(&ours)?,
            megabytes(&theirs)?
        );
        let figure = figure.beside("`zip -r`", total / median(&b));
        figure.aim(Aim::Ratio(1.0)).note(note)
    } else {
        without(figure, "zip")
    });
    Ok(())
}

fn verify(
    around: &Surroundings,
    folder: &Path,
    plugin: &Path,
    runs: u32,
    figures: &mut Vec<Figure>,
) -> anyhow::Result<()> {
    let bundle = folder.join("signed.pxp");
    let roots = signed(plugin, &bundle)?;
    let mut sums = Vec::new();
    let mut times = Vec::new();
    let sum = around.peer("sha256sum");
    for _ in 0..runs {
        let mut command = Command::new(around.program("px-plugin"));
        command.args(["verify", "--trust"]).arg(&roots).arg(&bundle);
        times.push(process::run(command.env("HOME", folder), &[0])?.seconds);
        if let Some(sum) = &sum {
            // Verifying reads the file and, again, everything in it: so does this.
            let mut command = Command::new("sh");
            command
                .args([
                    "-c",
                    "find \"$2\" -type f -print0 | xargs -0 \"$1\" \"$3\"",
                    "sh",
                ])
                .arg(sum)
                .arg(plugin)
                .arg(&bundle);
            sums.push(process::run(&mut command, &[0])?.seconds);
        }
    }
    let total = megabytes(&bundle)? + tree_megabytes(plugin)?;
    let figure = Figure::new("verify a 100 MB bundle", total / median(&times), "MB/s");
    figures.push(if sum.is_some() {
        let figure = figure.beside("`sha256sum`", total / median(&sums));
        figure.aim(Aim::Ratio(0.8)).note(
            "bytes hashed per second: the file, and every file in it after unpacking; `sha256sum` gets the bundle and the unpacked files, so it need not inflate them",
        )
    } else {
        without(figure, "sha256sum")
    });
    Ok(())
}

/// Packs and signs; answers the file with the root to trust.
fn signed(plugin: &Path, bundle: &Path) -> anyhow::Result<PathBuf> {
    pack_file(plugin, PackOptions::default(), bundle)?;
    let now = Timestamp::now();
    let day = SignedDuration::from_hours(24);
    let validity = Validity {
        not_before: now - day,
        not_after: now + day,
    };
    // A key of a throw-away authority; nobody else will ever trust it.
    let mut rng = rand::rngs::StdRng::seed_from_u64(1);
    let ca = PublisherCa::create(
        "Benchmark",
        SigningKey::generate(&mut rng),
        validity,
        &mut rng,
    )?;
    let key = SigningKey::generate(&mut rng);
    let identity = PublisherIdentity {
        name: "Benchmark",
        id: px_model::PublisherId::from_uuid(uuid::Uuid::nil()),
        key: key.public(),
    };
    let chain = ca.issue(&identity, validity, &mut rng)?;
    sign_bundle(bundle, &key, &chain, now, bundle)?;
    let roots = bundle.with_extension("pem");
    fs::write(&roots, ca.certificate_pem()).context("the root")?;
    Ok(roots)
}

/// Bytes of all files below a folder, MB.
fn tree_megabytes(folder: &Path) -> anyhow::Result<f64> {
    let mut total = 0.0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        total += if path.is_dir() {
            tree_megabytes(&path)?
        } else {
            megabytes(&path)?
        };
    }
    Ok(total)
}
