use crate::kit::{self, now, plugin_folder, signer};
use px_package::archive::Archive;
use px_package::signature::{Revocations, sign_bundle, verify_bundle};
use rand::Rng;
use std::fs::File;
use std::io::{BufWriter, Write};

/// Most memory the process ever had, in KiB.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Run by hand or nightly (`--run-ignored only`): it writes two gigabytes.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "writes two gigabytes"]
fn half_a_gigabyte_flows_through_in_little_memory() {
    let source = plugin_folder();
    std::fs::create_dir(source.path().join("assets")).unwrap();
    let mut file = BufWriter::new(File::create(source.path().join("assets/noise")).unwrap());
    let (mut rng, mut block) = (kit::rng(7), vec![0; 1 << 20]);
    for _ in 0..500 {
        rng.fill_bytes(&mut block);
        file.write_all(&block).unwrap();
    }
    drop(file);
    let before = peak();
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("large.pxp");
    kit::pack(source.path(), &path);
    let signer = signer(1);
    sign_bundle(&path, &signer.key, &signer.chain, now(), &path).unwrap();
    let verified = verify_bundle(&path, &signer.roots(), now(), &Revocations::none()).unwrap();
    assert!(verified.size > 500 << 20);
    Archive::open(&path)
        .unwrap()
        .unpack(&out.path().join("d"))
        .unwrap();
    let grown = peak() - before;
    assert!(grown < 32 * 1024, "{grown} KiB more than before");
}
