//! Platforms a manifest declares.

use px_package::manifest::Manifest;
use serde_json::Value;
use std::fmt;

/// An operating system and an architecture.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Platform {
    pub os: String,
    pub arch: String,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.arch)
    }
}

/// `runtime.platforms`, `runtime.platform`, `metadata.platforms` or `metadata.platform`, as a text or a list;
/// Linux on x86-64, or what the reviewing program was built for, when the author says nothing.
pub(crate) fn declared(manifest: &Manifest) -> Vec<Platform> {
    let document = manifest.document();
    let mut found: Vec<Platform> = [
        "/runtime/platforms",
        "/runtime/platform",
        "/metadata/platforms",
        "/metadata/platform",
    ]
    .iter()
    .filter_map(|pointer| document.pointer(pointer))
    .flat_map(texts)
    .filter_map(|text| parse(&text))
    .collect();
    found.sort();
    found.dedup();
    if found.is_empty() {
        let of = |os: &str, arch: &str| parse(&format!("{os}/{arch}"));
        found.extend(of("linux", "x86_64"));
        found.extend(of(std::env::consts::OS, std::env::consts::ARCH));
        found.dedup();
    }
    found
}

/// Texts of a value that is one or a list of them.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.split(',').map(|t| t.trim().to_owned()).collect(),
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// `linux/amd64`, `linux-x86_64`, `darwin_arm64` and the like.
fn parse(text: &str) -> Option<Platform> {
    let lower = text.to_ascii_lowercase();
    let (os, arch) = lower.split_once(['/', '-', '_', ':'])?;
    let os = match os {
        "macos" | "osx" => "darwin",
        "win32" | "win" => "windows",
        os => os,
    };
    let arch = match arch {
        "amd64" | "x64" | "x86-64" | "x86_64" => "x86_64",
        "arm64" | "aarch64" => "aarch64",
        "386" | "i386" | "i686" => "x86",
        arch => arch,
    };
    Some(Platform {
        os: os.to_owned(),
        arch: arch.to_owned(),
    })
}
