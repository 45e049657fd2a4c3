//! Compiles the sample plugin with a native program, so that the demo can publish it: it needs the
//! standard library only and takes about a second.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let source = Path::new("../../samples/notes-process/source");
    println!("cargo::rerun-if-changed={}", source.display());
    println!("cargo::rerun-if-changed=build.rs");
    let known = |name: &str| std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set"));
    let program = PathBuf::from(known("OUT_DIR")).join("notes");
    let status = Command::new(known("RUSTC"))
        .args(["--edition", "2024", "-O", "-C", "strip=symbols"])
        .args(["-C", "panic=abort", "--crate-name", "notes", "--target"])
        .arg(known("TARGET"))
        .arg(format!("--remap-path-prefix={}=/source", source.display()))
        .arg("-o")
        .arg(&program)
        .arg(source.join("src/main.rs"))
        .status();
    assert!(
        status.is_ok_and(|s| s.success()),
        "the sample notes-process does not compile"
    );
    println!("cargo::rustc-env=PX_SAMPLE_NOTES={}", program.display());
}
